// Why: the handlers of the SAM example. Each is wrapped once; template.yaml gives them the table.

import type { APIGatewayProxyHandlerV2, SQSHandler } from "aws-lambda";
import { idempotentHttp, idempotentSqs } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";

interface Transfer {
  readonly transferId: string;
  readonly cents: number;
}

const store = dynamoDBStore(); // the table that the environment variable IDEMPOTENCY_TABLE names

export const createTransfer: APIGatewayProxyHandlerV2 = idempotentHttp(
  async (event, _context, execution) => {
    const { cents } = JSON.parse(event.body ?? "{}");
    // In place of a call to a bank, which would be given this key: the same on every attempt.
    const transferId = execution.keyFor("transfer");
    return { statusCode: 201, body: JSON.stringify({ transferId, cents, attempt: execution.attempt }) };
  },
  { store, operation: "create-transfer", requireKey: true },
);

export const settleTransfer: SQSHandler = idempotentSqs<Transfer>(
  async (record) => {
    const { transferId, cents } = record.parsed;
    if (!Number.isSafeInteger(cents)) throw new Error(`Transfer ${transferId} has no amount.`);
    console.log(`settled ${transferId}`);
  },
  {
    store,
    operation: "settle-transfer",
    parse: (record) => JSON.parse(record.body),
    key: (record) => record.parsed.transferId,
  },
);
