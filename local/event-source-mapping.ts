// Why: what stands between a queue and a function in AWS is not the queue's API but Lambda's event source mapping, and it
// decides what a consumer sees: how batches are made, which messages are deleted, what a failure does. This polls a queue
// by its rules:
// - a batch is sent when it is full, when its window is over, or near the payload limit; without a window at once
// - what succeeded is deleted; what failed is left alone and becomes visible again after the queue's visibility time-out
// - an error, a time-out or a response that cannot be read fails the whole batch
// - a FIFO queue has small batches and no window; its groups' order is the queue's doing

import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type ReceiveMessageCommandOutput,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { SQSEvent } from "aws-lambda";
import { type BatchVerdict, readBatchResponse } from "./batch-response.ts";
import type { Invocation } from "./lambda-function.ts";
import type { Queue } from "./queues.ts";
import { sqsEvent } from "./sqs-event.ts";

export interface MappingSettings {
  readonly batchSize: number;
  readonly batchingWindowSeconds: number;
  /** How many batches may be in flight. */
  readonly maximumConcurrency: number;
  /** Without it, the messages of a batch succeed or fail together, whatever the function returns. */
  readonly reportBatchItemFailures: boolean;
}

export interface MappingTarget {
  readonly timeoutSeconds: number;
  readonly invoke: (event: SQSEvent) => Promise<Invocation>;
}

/** What became of a batch. */
export interface BatchReport {
  readonly event: SQSEvent;
  readonly invocation: Invocation;
  readonly verdict: BatchVerdict;
  readonly tookMs: number;
}

export interface EventSourceMapping {
  /**
   * Takes no more batches; resolves when those in flight have ended. A message that was being handed out comes back after
   * its visibility time-out. Rejects if polling broke off before.
   */
  readonly stop: () => Promise<void>;
  /** Rejects when polling breaks off: the queue is gone, or does not answer. */
  readonly broken: Promise<never>;
}

/** How long a request waits for messages: as long as the queue allows. */
const waitSeconds = 20;
/** Lambda sends at most 6 MB; one more answer of the queue's may add 1 MiB. */
const payloadLimit = 5_000_000;

export function createEventSourceMapping(
  client: SQSClient,
  queue: Queue,
  target: MappingTarget,
  settings: MappingSettings,
  onBatch: (report: BatchReport) => void = () => {},
): EventSourceMapping {
  check(queue, target, settings);
  const stopping = new AbortController();
  const abortSignal = stopping.signal;

  async function poll(): Promise<void> {
    while (!abortSignal.aborted) {
      const messages = await collect();
      if (messages.length > 0) await handle(messages);
    }
  }

  async function collect(): Promise<Message[]> {
    const messages = await receive(settings.batchSize, waitSeconds);
    const end = performance.now() + settings.batchingWindowSeconds * 1_000;
    let bytes = size(messages);
    while (
      messages.length > 0 &&
      messages.length < settings.batchSize &&
      bytes < payloadLimit &&
      !abortSignal.aborted
    ) {
      const left = end - performance.now();
      if (left <= 0) break;
      const more = await receive(settings.batchSize - messages.length, Math.min(waitSeconds, Math.ceil(left / 1_000)));
      messages.push(...more);
      bytes += size(more);
    }
    return messages;
  }

  async function receive(count: number, WaitTimeSeconds: number): Promise<Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: queue.url,
      MaxNumberOfMessages: Math.min(count, 10),
      WaitTimeSeconds,
      MessageAttributeNames: ["All"],
      MessageSystemAttributeNames: ["All"],
    });
    const { Messages = [] } = await client
      .send(command, { abortSignal })
      .catch((error: unknown): Pick<ReceiveMessageCommandOutput, "Messages"> => {
        if (abortSignal.aborted) return {};
        throw error;
      });
    return Messages;
  }

  async function handle(messages: readonly Message[]): Promise<void> {
    const event = sqsEvent(messages, queue.arn);
    const begun = performance.now();
    const invocation = await target.invoke(event);
    const tookMs = performance.now() - begun;
    const verdict = judge(invocation, event, settings.reportBatchItemFailures);
    if (verdict.kind === "partial") {
      await remove(messages.filter(({ MessageId = "" }) => !verdict.failed.has(MessageId)));
    }
    onBatch({ event, invocation, verdict, tookMs });
  }

  /** One that cannot be deleted, because it was handed out again meanwhile, comes back. */
  async function remove(messages: readonly Message[]): Promise<void> {
    for (let from = 0; from < messages.length; from += 10) {
      const Entries = messages
        .slice(from, from + 10)
        .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await client.send(new DeleteMessageBatchCommand({ QueueUrl: queue.url, Entries }));
    }
  }

  const polling = Promise.all(Array.from({ length: settings.maximumConcurrency }, poll));
  const broken = new Promise<never>((_, reject) => void polling.catch(reject));
  broken.catch(() => {});
  return {
    broken,
    async stop() {
      stopping.abort();
      await polling;
    },
  };
}

function judge(invocation: Invocation, { Records }: SQSEvent, reported: boolean): BatchVerdict {
  switch (invocation.kind) {
    case "returned": {
      if (!reported) return { kind: "partial", failed: new Set() };
      return readBatchResponse(
        invocation.payload,
        Records.map((record) => record.messageId),
      );
    }
    case "threw":
      return { kind: "failed", why: `the function threw ${invocation.error}` };
    case "timedOut":
      return { kind: "failed", why: "the function timed out" };
    case "died":
      return { kind: "failed", why: `the function's process ended (${invocation.how})` };
  }
}

/** Refuses what Lambda refuses. */
function check(queue: Queue, target: MappingTarget, settings: MappingSettings): void {
  const fifo = queue.attributes["FifoQueue"] === "true";
  const { batchSize, batchingWindowSeconds: window } = settings;
  const visibility = Number(queue.attributes["VisibilityTimeout"] ?? 30);
  const problem =
    batchSize < 1 || batchSize > (fifo ? 10 : 10_000)
      ? `a batch of a ${fifo ? "FIFO" : "standard"} queue holds 1 to ${fifo ? 10 : "10 000"} messages`
      : fifo && window > 0
        ? "a FIFO queue has no batching window"
        : batchSize > 10 && window < 1
          ? "a batch of more than 10 messages needs a batching window of at least 1 s"
          : visibility < target.timeoutSeconds
            ? `the queue's visibility time-out (${visibility} s) is shorter than the function's (${target.timeoutSeconds} s)`
            : undefined;
  if (problem !== undefined) throw new Error(`No event source mapping for ${queue.queueName}: ${problem}.`);
}

function size(messages: readonly Message[]): number {
  return messages.reduce((sum, { Body = "" }) => sum + Buffer.byteLength(Body) + 1_000, 0);
}
