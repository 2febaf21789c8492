import type { MSKEvent, MSKRecord } from "aws-lambda";
import { idempotentStream } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { ship } from "./shop.ts";

interface Failures {
  readonly batchItemFailures: { readonly itemIdentifier: { readonly partition: string; readonly offset: number } }[];
}

export const handler: (event: MSKEvent) => Promise<Failures> = idempotentStream<MSKRecord>(
  async (record) => ship(Buffer.from(record.value, "base64").toString()),
  { store: dynamoDBStore({ tableName: "orders-idempotency" }), operation: "ship-from-kafka" },
);
