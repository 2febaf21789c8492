import type { Handler, SNSEvent } from "aws-lambda";
import { idempotentEvent } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { ship } from "./shop.ts";

export const handler: Handler<SNSEvent> = idempotentEvent<SNSEvent, Promise<string>>(
  async (record) => ship(record.Sns.Message),
  { store: dynamoDBStore({ tableName: "orders-idempotency" }), operation: "ship-announced" },
);
