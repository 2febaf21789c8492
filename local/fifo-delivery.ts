// Why: fauxqs hands out one message of a FIFO group at a time. SQS hands out as many messages of one group as it can, in
// order, before it turns to the next group, and only then blocks the group; that is what makes a consumer see several
// records of a group in one batch. This gives the emulator SQS's rule:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html

import { randomUUID } from "node:crypto";
import type { BuildAppOptions } from "fauxqs";

type Queue = ReturnType<NonNullable<BuildAppOptions["stores"]>["sqsStore"]["createQueue"]>;
type Received = ReturnType<Queue["dequeue"]>[number];
type Message = ReturnType<Queue["inspectMessages"]>["ready"][number];
type FindQueue = (arn: string) => Queue | undefined;

interface Internals {
  readonly prototype: Pick<Queue, "processTimers" | "changeVisibility"> & {
    dequeueFifo: (max: number, visibilitySeconds: number | undefined, findQueue: FindQueue | undefined) => Received[];
  };
}

/** To be called before a queue is made. Fails when fauxqs is not built as this expects. */
export async function correctFifoDelivery(): Promise<void> {
  // The package's `exports` hide the file; this URL is that of the module which the package itself imports.
  const file = new URL("./sqs/sqsStore.js", import.meta.resolve("fauxqs"));
  const { SqsQueue } = (await import(file.href)) as { readonly SqsQueue?: Internals };
  const prototype = SqsQueue?.prototype;
  const methods = [prototype?.dequeueFifo, prototype?.processTimers, prototype?.changeVisibility];
  if (prototype === undefined || methods.some((method) => typeof method !== "function")) {
    throw new Error("This version of fauxqs is built differently: local/fifo-delivery.ts has to be adapted to it.");
  }
  const { processTimers, changeVisibility } = prototype;

  prototype.dequeueFifo = function (this: Queue, max, visibilitySeconds, findQueue) {
    this.processTimers();
    return receive(this, max, visibilitySeconds, findQueue);
  };
  prototype.processTimers = function (this: Queue) {
    const inFlight = this.inflightMessages.size;
    processTimers.call(this);
    if (this.inflightMessages.size !== inFlight) sortGroups(this);
  };
  prototype.changeVisibility = function (this: Queue, receiptHandle, seconds) {
    changeVisibility.call(this, receiptHandle, seconds);
    if (seconds === 0) sortGroups(this);
  };
}

function receive(
  queue: Queue,
  max: number,
  visibilitySeconds: number | undefined,
  findQueue: FindQueue | undefined,
): Received[] {
  const seconds = visibilitySeconds ?? Number(queue.attributes["VisibilityTimeout"]);
  const received: Received[] = [];
  for (const [group, messages] of queue.fifoMessages) {
    if (received.length >= max) break;
    if (queue.fifoLockedGroups.has(group)) continue;
    const before = received.length;
    while (received.length < max) {
      const message = messages.shift();
      if (message === undefined) break;
      message.approximateReceiveCount += 1;
      message.approximateFirstReceiveTimestamp ??= Date.now();
      if (!movedToDeadLetters(queue, message, findQueue)) received.push(inFlight(queue, message, seconds));
    }
    if (received.length > before) queue.fifoLockedGroups.set(group, received.length - before);
    if (messages.length === 0) queue.fifoMessages.delete(group);
  }
  return received;
}

function movedToDeadLetters(queue: Queue, message: Message, findQueue: FindQueue | undefined): boolean {
  const policy = JSON.parse(queue.attributes["RedrivePolicy"] ?? "{}");
  if (!(message.approximateReceiveCount > Number(policy.maxReceiveCount ?? Number.POSITIVE_INFINITY))) return false;
  const deadLetters = findQueue?.(policy.deadLetterTargetArn);
  deadLetters?.enqueue(message);
  return deadLetters !== undefined;
}

function inFlight(queue: Queue, message: Message, seconds: number): Received {
  const receiptHandle = randomUUID();
  queue.inflightMessages.set(receiptHandle, {
    message,
    receiptHandle,
    visibilityDeadline: Date.now() + seconds * 1_000,
  });
  return {
    MessageId: message.messageId,
    ReceiptHandle: receiptHandle,
    MD5OfBody: message.md5OfBody,
    Body: message.body,
    ...(message.md5OfMessageAttributes ? { MD5OfMessageAttributes: message.md5OfMessageAttributes } : {}),
    ...(Object.keys(message.messageAttributes).length > 0 ? { MessageAttributes: message.messageAttributes } : {}),
  };
}

/** Messages that come back do so one by one; their sequence numbers say where they belong. */
function sortGroups(queue: Queue): void {
  for (const messages of queue.fifoMessages.values()) {
    messages.sort((a, b) => (a.sequenceNumber ?? "").localeCompare(b.sequenceNumber ?? ""));
  }
}
