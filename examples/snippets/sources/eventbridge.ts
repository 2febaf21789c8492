import type { EventBridgeEvent } from "aws-lambda";
import { idempotentEvent } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { charge } from "./shop.ts";

type OrderPlaced = EventBridgeEvent<"OrderPlaced", { readonly orderId: string; readonly cents: number }>;

export const handler: (event: OrderPlaced) => Promise<string> = idempotentEvent(
  async (event: OrderPlaced, _context, execution) => {
    const { orderId, cents } = event.detail;
    return charge(orderId, cents, { idempotencyKey: execution.keyFor("charge") });
  },
  { store: dynamoDBStore({ tableName: "orders-idempotency" }), operation: "charge-placed-order" },
);
