import type { SQSHandler } from "aws-lambda";
import { idempotentSqs } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { ship } from "./shop.ts";

// The ARN ends in `.fifo`: the messages of one group run in order, groups run beside each other.
export const handler: SQSHandler = idempotentSqs(async (record) => ship(record.body), {
  store: dynamoDBStore({ tableName: "orders-idempotency" }),
  operation: "ship-in-order",
  concurrency: 5, // groups at once
});
