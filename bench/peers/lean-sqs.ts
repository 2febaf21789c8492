/** lambda-once on its own client, for a queue. */
import { idempotentSqs } from "lambda-once";
import { leanDynamoDBStore } from "lambda-once/lean";
import { type QueueHandler, work } from "./work.ts";

export { observed } from "./work.ts";

export const handler: QueueHandler = idempotentSqs(work, { store: leanDynamoDBStore(), operation: "bench" });
