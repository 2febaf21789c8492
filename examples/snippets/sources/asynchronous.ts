import type { Context } from "aws-lambda";
import { idempotentEvent, invocationId } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { charge } from "./shop.ts";

interface Order {
  readonly orderId: string;
  readonly cents: number;
}

export const handler: (event: Order, context: Context) => Promise<string> = idempotentEvent(
  async (order: Order, _context, execution) =>
    charge(order.orderId, order.cents, { idempotencyKey: execution.keyFor("charge") }),
  {
    store: dynamoDBStore({ tableName: "orders-idempotency" }),
    operation: "charge-asynchronously",
    key: invocationId, // Lambda's own retries; `(order) => order.orderId` also covers a caller who invokes twice
    fingerprint: (order) => order,
  },
);
