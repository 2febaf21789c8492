/** Batches as Lambda hands them over, and what a test sees of a consumer that is given one. */
import { randomUUID } from "node:crypto";
import type { Context, SQSEvent, SQSRecord } from "aws-lambda";
import { vi } from "vitest";
import type { Store } from "../../src/store.ts";

export const STANDARD_ARN = "arn:aws:sqs:us-east-1:123456789012:orders";
export const FIFO_ARN = "arn:aws:sqs:us-east-1:123456789012:orders.fifo";

export interface SqsChange {
  readonly arn?: string;
  readonly group?: string;
  /** `ApproximateReceiveCount`. */
  readonly receives?: number;
  readonly body?: string;
}

/** A record of a standard queue, or with an ARN that says so of a FIFO queue. */
export function sqsRecord(messageId: string, change: SqsChange = {}): SQSRecord {
  const { arn = STANDARD_ARN, group, receives = 1, body = "{}" } = change;
  return {
    messageId,
    receiptHandle: `handle of ${messageId}`,
    body,
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: "1545082649183",
      SenderId: "AIDAIENQZJOLO23YVJ4VO",
      ApproximateFirstReceiveTimestamp: "1545082649185",
      ...(group === undefined ? {} : { MessageGroupId: group }),
    },
    messageAttributes: {},
    md5OfBody: "e4e68fb7bd0e697a0ae8f1bb342846b3",
    eventSource: "aws:sqs",
    eventSourceARN: arn,
    awsRegion: "us-east-1",
  };
}

export const fifoRecord = (messageId: string, group: string, change: SqsChange = {}): SQSRecord =>
  sqsRecord(messageId, { arn: FIFO_ARN, group, ...change });

export const sqsEvent = (...records: readonly unknown[]): SQSEvent => ({ Records: records as SQSRecord[] });

/** What a batch response says comes back, in its order. */
export function failures<I>(response: { readonly batchItemFailures: readonly { readonly itemIdentifier: I }[] }): I[] {
  return response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

/** Ids that no other test has used, for a store that tests share: `id("a")` is always the same within one test. */
export function freshIds(): (name: string) => string {
  const run = randomUUID().slice(0, 8);
  return (name) => `${name}-${run}`;
}

/** A process of its own on the same records: single flight is per store object. */
export const anotherProcess = (store: Store): Store => ({ ...store });

export interface CountedStore extends Store {
  /** The verbs in the order they were asked for. */
  readonly verbs: ("insert" | "swap" | "read")[];
}

export function counted(inner: Store): CountedStore {
  const verbs: CountedStore["verbs"] = [];
  return {
    ...inner,
    verbs,
    insert: (record) => {
      verbs.push("insert");
      return inner.insert(record);
    },
    swap: (seen, next) => {
      verbs.push("swap");
      return inner.swap(seen, next);
    },
    read: (id) => {
      verbs.push("read");
      return inner.read(id);
    },
  };
}

/** The clock stands still until the test moves it. Timers stay real: what waits on promises alone goes on. */
export function frozenClock(at = 1_800_000_000_000): { readonly advance: (ms: number) => void } {
  vi.useFakeTimers({ toFake: ["Date"], now: at });
  return { advance: (ms) => void vi.setSystemTime(Date.now() + ms) };
}

/** An invocation that ends so many milliseconds from now, by the clock that may be frozen. */
export function endingIn(ms: number, change: Partial<Context> = {}): Context {
  const end = Date.now() + ms;
  return {
    awsRequestId: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    functionName: "orders",
    getRemainingTimeInMillis: () => end - Date.now(),
    ...change,
  } as Context;
}

/** Lets everything run that waits for nothing but promises. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
