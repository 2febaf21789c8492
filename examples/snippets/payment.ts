import type { APIGatewayProxyEventV2, APIGatewayProxyHandlerV2 } from "aws-lambda";
import { idempotentHttp } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { charge } from "./bank.ts";

const store = dynamoDBStore({ tableName: "payments-idempotency" });

export const createPayment: APIGatewayProxyHandlerV2 = idempotentHttp(
  async (event: APIGatewayProxyEventV2, _context, execution) => {
    const { amount } = JSON.parse(event.body ?? "{}");
    const payment = await charge(amount, { idempotencyKey: execution.keyFor("charge") });
    return { statusCode: 201, body: JSON.stringify(payment) };
  },
  { store, operation: "create-payment", requireKey: true },
);
