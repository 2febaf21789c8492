import { idempotentEvent } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { charge } from "./shop.ts";

// What the task's Payload hands on; see below.
interface Task {
  readonly Execution: { readonly Id: string };
  readonly State: { readonly Name: string };
  readonly Input: { readonly orderId: string; readonly cents: number };
}

export const handler: (event: Task) => Promise<string> = idempotentEvent(
  async ({ Input }: Task, _context, execution) =>
    charge(Input.orderId, Input.cents, { idempotencyKey: execution.keyFor("charge") }),
  { store: dynamoDBStore({ tableName: "orders-idempotency" }), operation: "charge-in-workflow" },
);
