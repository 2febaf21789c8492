import { idempotentEvent } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { charge } from "./shop.ts";

// The schedule's input: { "schedule": "<aws.scheduler.schedule-arn>", "due": "<aws.scheduler.scheduled-time>", ... }
interface Due {
  readonly schedule: string;
  readonly due: string;
  readonly subscription: string;
}

export const handler: (event: Due) => Promise<string> = idempotentEvent(
  async (event: Due, _context, execution) =>
    charge(event.subscription, 900, { idempotencyKey: execution.keyFor("charge") }),
  {
    store: dynamoDBStore({ tableName: "orders-idempotency" }),
    operation: "charge-subscription",
    key: ({ schedule, due }) => ({ schedule, due }),
  },
);
