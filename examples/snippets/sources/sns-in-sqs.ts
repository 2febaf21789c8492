import type { SQSHandler } from "aws-lambda";
import { idempotentSqs, snsMessageId } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { ship } from "./shop.ts";

export const handler: SQSHandler = idempotentSqs<string>(async (record) => ship(record.parsed), {
  store: dynamoDBStore({ tableName: "orders-idempotency" }),
  operation: "ship-announced-in-queue",
  key: snsMessageId, // the message that the body wraps
  parse: (record) => JSON.parse(record.body).Message,
});
