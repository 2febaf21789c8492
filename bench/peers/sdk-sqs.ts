/** lambda-once on the AWS SDK, for a queue. */
import { idempotentSqs } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { type QueueHandler, work } from "./work.ts";

export { observed } from "./work.ts";

export const handler: QueueHandler = idempotentSqs(work, { store: dynamoDBStore(), operation: "bench" });
