// Why: the whole of what a service writes to make its SQS consumers safe against redelivery, repeated messages and
// crashes. One reads a standard queue, the other a FIFO queue whose groups keep their order.

import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { SQSHandler, SQSRecord } from "aws-lambda";
import { type Execution, idempotentSqs } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { recordEffect, recordRun } from "./ledger.ts";
import { type Order, type OrderEvent, parseOrder, parseOrderEvent } from "./messages.ts";
import { strike, type Trouble } from "./simulate.ts";

const store = dynamoDBStore(); // the table that the environment variable IDEMPOTENCY_TABLE names
const sqs = new SQSClient({ useQueueUrlAsEndpoint: false }); // else AWS_ENDPOINT_URL_SQS gives way to a queue URL's host

export const consumeOrders: SQSHandler = idempotentSqs<Order>(
  async ({ parsed: order }, _context, execution) => {
    await carryOut(order.orderId, "ship", execution, order.simulate);
  },
  {
    store,
    operation: "orders.consume",
    parse: parseOrder,
    key: ({ parsed }) => parsed.orderId, // the producer may send an order again, as another message
    deferWith: sqs,
    maxAttempts: 3, // the queue's redrive policy then takes it to the dead letters, without another run
  },
);

export const consumeOrderEvents: SQSHandler = idempotentSqs<OrderEvent>(
  async ({ parsed: event }, _context, execution) => {
    await carryOut(event.orderId, event.step, execution, event.simulate);
  },
  {
    store,
    operation: "orders.events",
    parse: parseOrderEvent,
    key: ({ parsed }) => [parsed.orderId, parsed.step],
    deferWith: sqs,
    maxAttempts: 3,
    onPoison: moveToDeadLetters,
  },
);

async function carryOut(orderId: string, step: string, execution: Execution, trouble?: Trouble): Promise<void> {
  await recordRun(orderId, step, execution.attempt, execution.fence);
  // The same key on every attempt: should this one die after the effect, the next has none.
  await recordEffect(orderId, step, execution.keyFor(step));
  await strike(trouble, execution.attempt);
}

/** Reported back, poison would hold up its group and take what is behind it to the dead letters as well. */
async function moveToDeadLetters({ messageId, body, attributes }: SQSRecord): Promise<"acknowledge"> {
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: process.env["ORDER_EVENTS_DEAD_LETTERS"],
      MessageBody: body,
      MessageGroupId: attributes.MessageGroupId,
      MessageDeduplicationId: messageId,
    }),
  );
  return "acknowledge";
}
