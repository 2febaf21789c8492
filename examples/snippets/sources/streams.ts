import type { KinesisStreamHandler, KinesisStreamRecord } from "aws-lambda";
import { idempotentStream } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { ship } from "./shop.ts";

interface Order {
  readonly orderId: string;
}

export const handler: KinesisStreamHandler = idempotentStream<KinesisStreamRecord, Order>(
  async (record) => ship(record.parsed.orderId),
  {
    store: dynamoDBStore({ tableName: "orders-idempotency" }),
    operation: "ship-from-stream",
    parse: (record) => JSON.parse(Buffer.from(record.kinesis.data, "base64").toString()),
    maxAttempts: 5,
    onPoison: "acknowledge", // after five attempts the shard goes on without it
  },
);
