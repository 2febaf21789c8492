// Why: what is tried on local queues only tells something about deployed ones if they are made alike and deliver alike.

import { randomUUID } from "node:crypto";
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type QueueEmulator, startQueueEmulator } from "../../local/queue-emulator.ts";
import { createQueues, localSqsClient, type Queue, queueDepth, readQueueDefinitions } from "../../local/queues.ts";

let emulator: QueueEmulator;
let client: SQSClient;

beforeAll(async () => {
  emulator = await startQueueEmulator();
  client = localSqsClient(emulator.endpoint);
});

afterAll(async () => {
  client?.destroy();
  await emulator?.stop();
});

async function makeQueue(attributes: Record<string, string>): Promise<Queue> {
  const queue = await createQueues(emulator.endpoint, { stack: randomUUID(), attributes });
  return queue("OrderEventsQueue");
}

async function send({ url: QueueUrl }: Queue, MessageGroupId: string, MessageBody: string): Promise<void> {
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId }));
}

async function receive({ url: QueueUrl }: Queue, MaxNumberOfMessages = 10, WaitTimeSeconds = 0): Promise<Message[]> {
  const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages, WaitTimeSeconds });
  return (await client.send(command)).Messages ?? [];
}

const bodies = (messages: readonly Message[]): (string | undefined)[] => messages.map(({ Body }) => Body);

describe("the queues of the example", () => {
  it("are read from what is deployed, dead letters first, under the names that the stack gives them", async () => {
    const definitions = await readQueueDefinitions();
    expect(definitions.map(({ queueName, attributes }) => [queueName, attributes])).toEqual([
      ["payments-dev-orders-dead-letters", { MessageRetentionPeriod: "1209600" }],
      ["payments-dev-order-events-dead-letters.fifo", { FifoQueue: "true", MessageRetentionPeriod: "1209600" }],
      [
        "payments-dev-orders",
        {
          VisibilityTimeout: "37",
          RedrivePolicy: expect.stringContaining("us-east-1:000000000000:payments-dev-orders-dead-letters"),
        },
      ],
      [
        "payments-dev-order-events.fifo",
        {
          FifoQueue: "true",
          ContentBasedDeduplication: "true",
          VisibilityTimeout: "36",
          RedrivePolicy: expect.stringMatching(/payments-dev-order-events-dead-letters\.fifo".*|"maxReceiveCount":20/),
        },
      ],
    ]);
  });
});

describe("a FIFO queue of the emulator", () => {
  it("hands out a group's messages together and in order, then other groups', and holds back what it handed out", async () => {
    const queue = await makeQueue({});
    for (const body of ["a1", "a2", "b1", "a3", "b2"]) await send(queue, body.slice(0, 1), body);
    expect(bodies(await receive(queue, 4))).toEqual(["a1", "a2", "a3", "b1"]);
    await send(queue, "a", "a4");
    await send(queue, "c", "c1");
    expect(bodies(await receive(queue))).toEqual(["c1"]);
  });

  it("goes on with a group when all that was handed out is deleted", async () => {
    const queue = await makeQueue({});
    for (const body of ["a1", "a2", "a3"]) await send(queue, "a", body);
    const [first, second] = await receive(queue, 2);
    const remove = (message?: Message): Promise<unknown> =>
      client.send(new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle: message?.ReceiptHandle }));
    await remove(first);
    expect(await receive(queue)).toEqual([]);
    await remove(second);
    expect(bodies(await receive(queue))).toEqual(["a3"]);
  });

  it("takes messages back into their order, however they come back", async () => {
    const queue = await makeQueue({ VisibilityTimeout: "1" });
    for (const body of ["a1", "a2", "a3", "a4"]) await send(queue, "a", body);
    const [first, second] = await receive(queue, 3);
    await client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queue.url,
        ReceiptHandle: second?.ReceiptHandle,
        VisibilityTimeout: 0,
      }),
    );
    await client.send(new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle: first?.ReceiptHandle }));
    expect(await receive(queue)).toEqual([]); // a3 is still out
    expect(bodies(await receive(queue, 10, 5))).toEqual(["a2", "a3", "a4"]);
  });

  it("moves a message to the dead letters when it was received too often, and goes on with the next", async () => {
    const queue = await makeQueue({ VisibilityTimeout: "0" });
    await send(queue, "a", "a1");
    for (let receives = 1; receives <= 20; receives += 1) expect(bodies(await receive(queue))).toEqual(["a1"]);
    await send(queue, "a", "a2");
    expect(bodies(await receive(queue))).toEqual(["a2"]);
    const deadLetters = queue.url.replace("order-events.fifo", "order-events-dead-letters.fifo");
    expect(await queueDepth(client, deadLetters)).toEqual({ visible: 1, inFlight: 0 });
  });
});
