// Why: all that the queue demo needs, started in the right order: a DynamoDB, an SQS, the tables, the queues and the bundled
// consumers as serverless.yml has them. Only the time-outs are shorter, all by the same measure, so that it is soon over.

import { DeleteMessageCommand, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient, GetCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import type { OrderHistory } from "../examples/orders/ledger.ts";
import { type Consumer, startConsumer } from "./demo-sqs-consumer.ts";
import { startEmbeddedEngine } from "./embedded-engine.ts";
import { startQueueEmulator } from "./queue-emulator.ts";
import { createQueues, localSqsClient, queueDepth } from "./queues.ts";
import { localAwsEnvironment, serverlessEnvironment } from "./serverless-environment.ts";
import { bundleHandlers, readConsumer } from "./service-settings.ts";
import { createTables, localClient } from "./tables.ts";

/** Deployed, it is 6 s and six times that. A lease outlives the function's time by 3 s and has to end before the visibility. */
const pace = { timeoutSeconds: 2, batchingWindowSeconds: 0 };
const visibilitySeconds = 6;

export interface World {
  readonly client: SQSClient;
  readonly engine: string;
  readonly queueEndpoint: string;
  readonly standard: Consumer;
  readonly fifo: Consumer;
  /** Messages that are in a consumer's queue, whether they can be seen or not. */
  readonly left: (consumer: Consumer) => Promise<number>;
  /** The bodies of the dead letters. They are taken out. */
  readonly deadLetters: (consumer: Consumer) => Promise<string[]>;
  readonly history: (orderId: string) => Promise<OrderHistory>;
  readonly histories: () => Promise<Map<string, OrderHistory>>;
  readonly stop: () => Promise<void>;
}

export async function startWorld(onLine: (line: string) => void): Promise<World> {
  const [engine, emulator] = await Promise.all([startEmbeddedEngine(), startQueueEmulator()]);
  const [tables, queue] = await Promise.all([
    createTables(engine.endpoint),
    createQueues(emulator.endpoint, { attributes: { VisibilityTimeout: String(visibilitySeconds) } }),
  ]);
  const [idempotencyTable = "", ledgerTable = ""] = tables;
  const client = localSqsClient(emulator.endpoint);
  const ledger = DynamoDBDocumentClient.from(localClient(engine.endpoint));

  const names = ["consumeOrders", "consumeOrderEvents"] as const;
  const settings = await Promise.all(names.map(readConsumer));
  const folder = await bundleHandlers(settings.map(({ handler }) => handler));
  const environment = serverlessEnvironment({
    ...localAwsEnvironment(engine.endpoint, emulator.endpoint),
    IDEMPOTENCY_TABLE: idempotencyTable,
    LEDGER_TABLE: ledgerTable,
    ORDER_EVENTS_DEAD_LETTERS: queue("OrderEventsDeadLetters").url,
  });
  const [standard, fifo] = await Promise.all(
    settings.map((consumer, index) =>
      startConsumer({
        ...{ client, folder, environment, onLine, name: names[index] ?? "" },
        queue: queue(consumer.queue),
        settings: { ...consumer, ...pace },
      }),
    ),
  );
  if (standard === undefined || fifo === undefined) throw new Error("There are two consumers.");

  return {
    ...{ client, standard, fifo },
    engine: `${engine.endpoint}  ${engine.name}`,
    queueEndpoint: `${emulator.endpoint}  ${emulator.name}`,
    async left(consumer) {
      const { visible, inFlight } = await queueDepth(client, consumer.queue.url);
      return visible + inFlight;
    },
    async deadLetters(consumer) {
      const { deadLetterTargetArn } = JSON.parse(consumer.queue.attributes["RedrivePolicy"] ?? "{}");
      const deadLetters = ["OrdersDeadLetters", "OrderEventsDeadLetters"].map(queue);
      const QueueUrl = deadLetters.find(({ arn }) => arn === deadLetterTargetArn)?.url;
      const bodies: string[] = [];
      for (;;) {
        const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
        if (Messages.length === 0) return bodies;
        for (const { Body = "", ReceiptHandle } of Messages) {
          bodies.push(Body);
          await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        }
      }
    },
    async history(order_id) {
      const Key = { order_id, entry: "history" };
      const { Item = {} } = await ledger.send(new GetCommand({ TableName: ledgerTable, Key, ConsistentRead: true }));
      return Item as OrderHistory;
    },
    async histories() {
      const found = new Map<string, OrderHistory>();
      let from: Record<string, unknown> | undefined;
      do {
        const scan = new ScanCommand({ TableName: ledgerTable, ConsistentRead: true, ExclusiveStartKey: from });
        const { Items = [], LastEvaluatedKey } = await ledger.send(scan);
        for (const item of Items) found.set(item["order_id"], item as OrderHistory);
        from = LastEvaluatedKey;
      } while (from !== undefined);
      return found;
    },
    async stop() {
      await Promise.all([standard.stop(), fifo.stop()]);
      await Promise.all([emulator.stop(), engine.stop()]);
      client.destroy();
      ledger.destroy();
    },
  };
}
