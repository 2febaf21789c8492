import { SQSClient } from "@aws-sdk/client-sqs";
import type { SQSHandler } from "aws-lambda";
import { idempotentSqs } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { alarm, charge } from "./shop.ts";

interface Order {
  readonly orderId: string;
  readonly cents: number;
}

export const handler: SQSHandler = idempotentSqs<Order>(
  async (record, _context, execution) => {
    const { orderId, cents } = record.parsed;
    await charge(orderId, cents, { idempotencyKey: execution.keyFor("charge") });
  },
  {
    store: dynamoDBStore({ tableName: "orders-idempotency" }),
    operation: "charge-order",
    parse: (record) => JSON.parse(record.body),
    key: (record) => record.parsed.orderId, // also when the producer sends the order twice
    fingerprint: (record) => record.parsed.cents, // the same order with another amount is refused
    deferWith: new SQSClient(), // an order that another instance is on stays hidden until its lease ends
    maxAttempts: 3,
    onPoison: (record) => {
      alarm(`order in ${record.messageId} failed three times`);
      return "fail"; // back to the queue, which moves it to the dead-letter queue
    },
  },
);
