// Why: the consumers are judged by what comes to them through this mapping, so it has to treat them as Lambda's does, in
// what it hands over, what it deletes and what it leaves to come back. Real queues, real processes.

import { randomUUID } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CreateQueueCommand, SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  type BatchReport,
  createEventSourceMapping,
  type EventSourceMapping,
  type MappingSettings,
} from "../../local/event-source-mapping.ts";
import { type LambdaFunction, startFunction } from "../../local/lambda-function.ts";
import { type QueueEmulator, startQueueEmulator } from "../../local/queue-emulator.ts";
import { localSqsClient, type Queue, queueDepth } from "../../local/queues.ts";
import { serverlessEnvironment } from "../../local/serverless-environment.ts";
import { bundleHandlers } from "../../local/service-settings.ts";
import type { Seen } from "./consumer-fixture.ts";

const handler = "test/local/consumer-fixture.consume";
let emulator: QueueEmulator;
let client: SQSClient;
let folder: string;

beforeAll(async () => {
  [emulator, folder] = await Promise.all([startQueueEmulator(), bundleHandlers([handler])]);
  client = localSqsClient(emulator.endpoint);
});

afterAll(async () => {
  client?.destroy();
  await emulator?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function makeQueue(attributes: Record<string, string> = {}): Promise<Queue> {
  const queueName = `test-${randomUUID()}${attributes["FifoQueue"] ? ".fifo" : ""}`;
  const all = { VisibilityTimeout: "1", ...attributes };
  const { QueueUrl: url = "" } = await client.send(new CreateQueueCommand({ QueueName: queueName, Attributes: all }));
  const arn = `arn:aws:sqs:us-east-1:000000000000:${queueName}`;
  return { logicalId: "Test", queueName, arn, url, attributes: all };
}

/** Sends all of them before anything is polled, so they come in one batch. "a:body" is of group a. */
async function send({ url: QueueUrl, attributes }: Queue, ...messages: string[]): Promise<void> {
  const fifo = attributes["FifoQueue"] === "true";
  for (let from = 0; from < messages.length; from += 10) {
    const Entries = messages.slice(from, from + 10).map((message, index) => ({
      Id: String(index),
      MessageBody: fifo ? message.slice(2) : message,
      ...(fifo ? { MessageGroupId: message.slice(0, 1), MessageDeduplicationId: randomUUID() } : {}),
    }));
    await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  }
}

interface Running {
  readonly reports: readonly BatchReport[];
  readonly lambda: LambdaFunction;
  readonly seen: () => Seen[];
  /** Lets go of what `hold` holds. */
  readonly openGate: () => void;
  /** Resolves when so many batches have ended. */
  readonly batches: (count: number) => Promise<readonly BatchReport[]>;
}

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

/** The function's time-out is the queue's visibility time-out, if nothing else is said. */
async function attach(
  queue: Queue,
  { timeoutSeconds, ...settings }: Partial<MappingSettings> & { timeoutSeconds?: number } = {},
): Promise<Running> {
  const [seenFile, gateFile] = [join(folder, `seen-${randomUUID()}`), join(folder, `gate-${randomUUID()}`)];
  writeFileSync(seenFile, "");
  const lambda = await startFunction({
    ...{ name: "consumer", handler, folder },
    timeoutSeconds: timeoutSeconds ?? Number(queue.attributes["VisibilityTimeout"]),
    environment: serverlessEnvironment({ SEEN_FILE: seenFile, GATE_FILE: gateFile }),
  });
  await lambda.warmUp(1);
  const reports: BatchReport[] = [];
  let ended = Promise.withResolvers<void>();
  const mapping: EventSourceMapping = createEventSourceMapping(
    ...([client, queue, lambda] as const),
    { batchSize: 10, batchingWindowSeconds: 0, maximumConcurrency: 2, reportBatchItemFailures: true, ...settings },
    (report) => {
      reports.push(report);
      ended.resolve();
      ended = Promise.withResolvers();
    },
  );
  stops.push(() => mapping.stop().finally(lambda.stop));
  return {
    ...{ reports, lambda, openGate: () => writeFileSync(gateFile, "") },
    seen: () =>
      readFileSync(seenFile, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    async batches(count) {
      while (reports.length < count) await Promise.race([ended.promise, mapping.broken]);
      return reports.slice(0, count);
    },
  };
}

const bodies = ({ event }: Pick<BatchReport, "event">): string[] => event.Records.map(({ body }) => body);

describe("the event", () => {
  it("is what Lambda sends for a standard queue, attributes included", async () => {
    const queue = await makeQueue();
    await client.send(
      new SendMessageBatchCommand({
        QueueUrl: queue.url,
        Entries: [
          {
            Id: "1",
            MessageBody: '{"orderId":"order-1"}',
            MessageAttributes: {
              source: { DataType: "String", StringValue: "web" },
              weight: { DataType: "Number.kg", StringValue: "1.5" },
              stamp: { DataType: "Binary", BinaryValue: Buffer.from("ok") },
            },
          },
          { Id: "2", MessageBody: "plain" },
        ],
      }),
    );
    const { batches, seen } = await attach(queue);
    await batches(1);

    const [{ event, context, remainingMs } = {} as Seen] = seen();
    const attributes = {
      ApproximateReceiveCount: "1",
      SentTimestamp: expect.stringMatching(/^\d{13}$/),
      SenderId: expect.any(String),
      ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
    };
    const common = {
      messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      receiptHandle: expect.any(String),
      attributes,
      eventSource: "aws:sqs",
      eventSourceARN: queue.arn,
      awsRegion: "us-east-1",
    };
    const none = { stringListValues: [], binaryListValues: [] };
    expect(event).toEqual({
      Records: [
        {
          ...common,
          body: '{"orderId":"order-1"}',
          md5OfBody: "8ddc9c69b73ce147578b88d0f0affd16",
          md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
          messageAttributes: {
            source: { stringValue: "web", ...none, dataType: "String" },
            weight: { stringValue: "1.5", ...none, dataType: "Number.kg" },
            stamp: { binaryValue: "b2s=", ...none, dataType: "Binary" },
          },
        },
        { ...common, body: "plain", md5OfBody: "ac7938d40cfc2307e2bf325d28e7884e", messageAttributes: {} },
      ],
    });
    expect(context).toMatchObject({ awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/), functionName: "consumer" });
    expect(remainingMs).toBeGreaterThan(500);
    expect(remainingMs).toBeLessThanOrEqual(1_000);
  });

  it("carries a FIFO queue's group, deduplication id and sequence number", async () => {
    const queue = await makeQueue({ FifoQueue: "true" });
    await send(queue, "a:one", "a:two");
    const [batch] = await (await attach(queue)).batches(1);
    const attributes = batch?.event.Records.map((record) => record.attributes) ?? [];
    expect(attributes).toEqual(
      [0, 1].map(() => ({
        ApproximateReceiveCount: "1",
        SentTimestamp: expect.any(String),
        SenderId: expect.any(String),
        ApproximateFirstReceiveTimestamp: expect.any(String),
        MessageGroupId: "a",
        MessageDeduplicationId: expect.any(String),
        SequenceNumber: expect.stringMatching(/^\d{20}$/),
      })),
    );
    expect((attributes[0]?.SequenceNumber ?? "") < (attributes[1]?.SequenceNumber ?? "")).toBe(true);
  });
});

describe("a batch", () => {
  it("loses what succeeded; what failed comes back after the visibility time-out, received once more", async () => {
    const queue = await makeQueue();
    await send(queue, "one", "fail-once", "two");
    const { batches } = await attach(queue);
    const [first, second] = await batches(2);
    expect(first?.event.Records).toHaveLength(3);
    expect(second && bodies(second)).toEqual(["fail-once"]);
    expect(second?.event.Records[0]?.attributes.ApproximateReceiveCount).toBe("2");
    expect(second?.event.Records[0]?.messageId).toBe(first?.event.Records[1]?.messageId);
    expect(await queueDepth(client, queue.url)).toEqual({ visible: 0, inFlight: 0 });
  });

  it.for([
    ["throws", "throw", "threw TypeError: told to throw"],
    ["ends its process", "exit", "process ended (exit code 7)"],
    ["runs out of time", "hang", "timed out"],
    [
      "names a message that is not in the batch",
      'answer {"batchItemFailures":[{"itemIdentifier":"x"}]}',
      "no message x",
    ],
    ["names an empty string", 'answer {"batchItemFailures":[{"itemIdentifier":""}]}', "null or empty"],
    ["answers with a string", 'answer "ok"', "not an object"],
  ] as const)("comes back as a whole when the function %s", async ([, body, why]) => {
    const queue = await makeQueue({ VisibilityTimeout: "30" });
    await send(queue, "one", body, "two");
    const { batches } = await attach(queue, {
      maximumConcurrency: 1,
      ...(body === "hang" ? { timeoutSeconds: 1 } : {}),
    });
    const [batch] = await batches(1);
    expect(batch?.verdict).toEqual({ kind: "failed", why: expect.stringContaining(why) });
    expect(await queueDepth(client, queue.url)).toEqual({ visible: 0, inFlight: 3 });
  });

  it("succeeds as a whole when the function answers with nothing", async () => {
    const queue = await makeQueue({ VisibilityTimeout: "30" });
    await send(queue, "one", "answer undefined");
    await (await attach(queue)).batches(1);
    expect(await queueDepth(client, queue.url)).toEqual({ visible: 0, inFlight: 0 });
  });

  it("succeeds as a whole, whatever is answered, without ReportBatchItemFailures", async () => {
    const queue = await makeQueue({ VisibilityTimeout: "30" });
    await send(queue, "one", "fail");
    await (await attach(queue, { reportBatchItemFailures: false })).batches(1);
    expect(await queueDepth(client, queue.url)).toEqual({ visible: 0, inFlight: 0 });
  });

  it("comes back when its process is killed, in another process and after the visibility time-out", async () => {
    const queue = await makeQueue();
    await send(queue, "hold", "one");
    const { batches, lambda, seen } = await attach(queue);
    await expect.poll(seen).toHaveLength(1);
    expect(await lambda.busy()[0]?.kill()).toEqual({ kind: "died", how: "SIGKILL" });
    const [first, second] = await batches(2);
    expect(first?.verdict).toEqual({ kind: "failed", why: "the function's process ended (SIGKILL)" });
    expect(second && bodies(second).sort()).toEqual(["hold", "one"]);
    expect(new Set(seen().map(({ pid }) => pid)).size).toBe(seen().length);
  });

  it("goes to the dead letters, message by message, after maxReceiveCount", async () => {
    const deadLetters = await makeQueue();
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: deadLetters.arn, maxReceiveCount: 2 });
    const queue = await makeQueue({ RedrivePolicy });
    await send(queue, "fail", "one");
    const { batches, reports } = await attach(queue);
    await batches(2);
    await expect
      .poll(() => queueDepth(client, deadLetters.url), { timeout: 5_000 })
      .toEqual({ visible: 1, inFlight: 0 });
    expect(reports.map(bodies)).toEqual([["fail", "one"], ["fail"]]);
  });

  it("gathers more than ten messages within its window, and is sent at once when it is full", async () => {
    const queue = await makeQueue({ VisibilityTimeout: "30" });
    await send(queue, ...Array.from({ length: 25 }, (_, index) => `message ${index}`));
    const { batches } = await attach(queue, { batchSize: 20, batchingWindowSeconds: 1, maximumConcurrency: 1 });
    expect((await batches(2)).map(({ event }) => event.Records.length)).toEqual([20, 5]);
  });
});

describe("a FIFO queue", () => {
  it("keeps the order of each group over a failure, and lets other groups go on", async () => {
    const queue = await makeQueue({ FifoQueue: "true" });
    await send(queue, "a:a1", "a:fail-once", "a:a3", "b:b1");
    const { batches } = await attach(queue);
    const [first] = await batches(1);
    await send(queue, "a:a4", "b:b2");
    const [, second, third] = await batches(3);
    expect(first && bodies(first)).toEqual(["a1", "fail-once", "a3", "b1"]);
    expect(second && bodies(second)).toEqual(["b2"]);
    expect(third && bodies(third)).toEqual(["fail-once", "a3", "a4"]);
  });

  it("has no two batches of one group in flight", async () => {
    const queue = await makeQueue({ FifoQueue: "true", VisibilityTimeout: "30" });
    await send(queue, "a:hold");
    const { batches, seen, openGate } = await attach(queue, { maximumConcurrency: 3 });
    await expect.poll(seen).toHaveLength(1);
    await send(queue, "a:a2", "b:b1");
    await batches(1); // b's, for a's is held
    openGate();
    await batches(3);
    expect(seen().map(bodies)).toEqual([["hold"], ["b1"], ["a2"]]);
  });
});

describe("a mapping", () => {
  const target = { timeoutSeconds: 6, invoke: () => Promise.reject(new Error("not to be called")) };
  const settings = { batchSize: 10, batchingWindowSeconds: 0, maximumConcurrency: 1, reportBatchItemFailures: true };

  it.for([
    ["a visibility time-out below the function's", {}, {}, /visibility time-out \(1 s\) is shorter/],
    [
      "more than ten messages without a window",
      { VisibilityTimeout: "36" },
      { batchSize: 11 },
      /needs a batching window/,
    ],
    ["no messages", { VisibilityTimeout: "36" }, { batchSize: 0 }, /holds 1 to 10 000/],
    [
      "a big batch of a FIFO queue",
      { VisibilityTimeout: "36", FifoQueue: "true" },
      { batchSize: 11 },
      /holds 1 to 10 /,
    ],
    [
      "a window for a FIFO queue",
      { VisibilityTimeout: "36", FifoQueue: "true" },
      { batchingWindowSeconds: 1 },
      /no batching window/,
    ],
  ] as const)("is refused with %s, as by Lambda", async ([, attributes, change, message]) => {
    const queue = await makeQueue(attributes);
    expect(() => createEventSourceMapping(client, queue, target, { ...settings, ...change })).toThrow(message);
  });

  it("says that it broke off when the queue does not answer", async () => {
    const queue = { ...(await makeQueue()), url: `${emulator.endpoint}/000000000000/no-such-queue` };
    const { broken, stop } = createEventSourceMapping(client, queue, { ...target, timeoutSeconds: 1 }, settings);
    await expect(broken).rejects.toThrow(/does not exist/);
    await expect(stop()).rejects.toThrow(/does not exist/);
  });
});
