import type { APIGatewayProxyHandlerV2 } from "aws-lambda";
import { idempotentHttp } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";

const store = dynamoDBStore(); // the plugin puts the table's name into IDEMPOTENCY_TABLE

export const createPayment: APIGatewayProxyHandlerV2 = idempotentHttp(
  async (event, _context, execution) => {
    const { amount } = JSON.parse(event.body ?? "{}");
    const reference = execution.keyFor("charge"); // give your payment provider this key: it is the same on every attempt
    return { statusCode: 201, body: JSON.stringify({ amount, reference }) };
  },
  { store, operation: "create-payment", requireKey: true },
);
