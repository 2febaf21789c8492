/** Powertools for a queue: its batch processor, with each record's handler made idempotent. */
import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";
import { IdempotencyConfig, makeIdempotent } from "@aws-lambda-powertools/idempotency";
import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import type { SQSRecord } from "aws-lambda";
import { type QueueHandler, work } from "./work.ts";

export { observed } from "./work.ts";

const config = new IdempotencyConfig({ eventKeyJmesPath: "messageId", throwOnNoIdempotencyKey: true });
const processor = new BatchProcessor(EventType.SQS);

const processRecord = makeIdempotent(async (_record: SQSRecord) => await work(), {
  persistenceStore: new DynamoDBPersistenceLayer({ tableName: process.env["IDEMPOTENCY_TABLE"] ?? "" }),
  config,
});

export const handler: QueueHandler = async (event, context) => {
  config.registerLambdaContext(context);
  return await processPartialResponse(event, processRecord, processor, { context });
};
