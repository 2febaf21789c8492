import type { SQSHandler } from "aws-lambda";
import { idempotentSqs } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";

interface Order {
  readonly orderId: string;
  readonly cents: number;
}

export const shipped: string[] = [];

export const consumeOrders: SQSHandler = idempotentSqs<Order>(
  async (record) => {
    shipped.push(record.parsed.orderId);
  },
  {
    store: dynamoDBStore({ tableName: "payments-idempotency" }),
    operation: "consume-orders",
    parse: (record) => JSON.parse(record.body),
    key: (record) => record.parsed.orderId,
  },
);
