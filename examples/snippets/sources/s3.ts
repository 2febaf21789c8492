import type { Handler, S3Event } from "aws-lambda";
import { idempotentEvent } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { ship } from "./shop.ts";

export const handler: Handler<S3Event> = idempotentEvent<S3Event, Promise<string>>(
  async ({ s3 }) => ship(decodeURIComponent(s3.object.key.replaceAll("+", " "))),
  { store: dynamoDBStore({ tableName: "orders-idempotency" }), operation: "ship-uploaded" },
);
