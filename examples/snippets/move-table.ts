import type { APIGatewayProxyEventV2, APIGatewayProxyHandlerV2 } from "aws-lambda";
import { idempotentHttp } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { charge } from "./bank.ts";

const oldTable = dynamoDBStore({ tableName: "payments-old" });
const newTable = dynamoDBStore({ tableName: "payments-new" });
const options = { operation: "create-payment", requireKey: true } as const;

const inOldTable = idempotentHttp(
  async (event: APIGatewayProxyEventV2, _context, execution) => {
    const { amount } = JSON.parse(event.body ?? "{}");
    const payment = await charge(amount, { idempotencyKey: execution.keyFor("charge") });
    return { statusCode: 201, body: JSON.stringify(payment) };
  },
  { ...options, store: oldTable },
);

/** A retry of a call that only the old table knows is new to the new one, and replayed by the old one. */
export const createPayment: APIGatewayProxyHandlerV2 = idempotentHttp(
  (event: APIGatewayProxyEventV2, context) => inOldTable(event, context),
  { ...options, store: newTable },
);
