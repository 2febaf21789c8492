/**
 * Batches of 10 000 records: a bounded number is in work, what is kept of the others is small, and no step looks at a
 * record more often because there are more of them. Counted, not timed.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { DynamoDBRecord, SQSRecord } from "aws-lambda";
import { describe, expect, test } from "vitest";
import { idempotentSqs, idempotentStream } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { failures, fifoRecord, sqsEvent, sqsRecord } from "../support/batch-events.ts";

setFlagsFromString("--expose-gc");
const gc: () => void = runInNewContext("gc");

/** Keeps nothing, so that what is measured is not the store's. */
const forgetful: Store = {
  maxResultBytes: 400_000,
  insert: async () => ({ ok: true }),
  swap: async () => ({ ok: true }),
  read: async () => undefined,
};

const names = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`);

/** Counts how often anything is looked up on a record. */
function watched<R extends object>(records: readonly R[]): { records: R[]; looks: () => number } {
  let looks = 0;
  const handler: ProxyHandler<R> = {
    get(target, name) {
      looks++;
      return Reflect.get(target, name);
    },
  };
  return { records: records.map((record) => new Proxy(record, handler)), looks: () => looks };
}

describe("a batch of 10 000", () => {
  const kinds: [string, (name: string) => SQSRecord][] = [
    ["of a standard queue", (name) => sqsRecord(name)],
    ["in a thousand groups", (name) => fifoRecord(name, `g${Number(name.slice(1)) % 1_000}`)],
    ["in one group", (name) => fifoRecord(name, "g")],
  ];

  test.each(kinds)("%s runs each record once and keeps less than a kilobyte of it", async (_, make) => {
    const heap: number[] = [];
    let ran = 0;
    const consume = idempotentSqs(
      () => {
        ran++;
        if (ran !== 1_000 && ran !== 9_990) return;
        gc();
        heap.push(process.memoryUsage().heapUsed);
      },
      { store: forgetful, operation: "large", storeResult: true },
    );
    const event = sqsEvent(...names(10_000).map(make));
    expect(failures(await consume(event))).toEqual([]);
    expect([ran, heap.length]).toEqual([10_000, 2]);
    const [early = 0, late = 0] = heap;
    expect((late - early) / 8_990).toBeLessThan(1_024);
  });

  test("keeps nothing when it is over", async () => {
    const consume = idempotentSqs(() => {}, { store: forgetful, operation: "large" });
    const event = sqsEvent(...names(3_000).map((name) => sqsRecord(name)));
    await consume(event);
    gc();
    const before = process.memoryUsage().heapUsed;
    for (let batch = 0; batch < 3; batch++) await consume(event);
    gc();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(1_500_000);
  });

  test("whose payloads are large holds no more parsed ones than are in work", async () => {
    const heap: number[] = [];
    let ran = 0;
    const consume = idempotentSqs<{ readonly filler: number[] }>(
      () => {
        ran++;
        if (ran !== 100 && ran !== 590) return;
        gc();
        heap.push(process.memoryUsage().heapUsed);
      },
      {
        store: forgetful,
        operation: "large",
        parse: () => ({ filler: new Array<number>(10_000).fill(0.5) }), // 80 KB
      },
    );
    await consume(sqsEvent(...names(600).map((name) => sqsRecord(name))));
    const [early = 0, late = 0] = heap;
    expect(late - early).toBeLessThan(8_000_000);
  });

  test.each(kinds)("%s looks at each record as often as a batch of 1 000 does", async (_, make) => {
    const looksAt = async (count: number, fails: boolean) => {
      const { records, looks } = watched(names(count).map(make));
      const consume = idempotentSqs(() => (fails ? Promise.reject(new Error("declined")) : undefined), {
        store: forgetful,
        operation: "large",
        onRecordError: () => {},
      });
      await consume(sqsEvent(...records));
      return looks() / count;
    };
    expect(await looksAt(10_000, false)).toBeCloseTo(await looksAt(1_000, false), 1);
    expect(await looksAt(10_000, true)).toBeLessThanOrEqual((await looksAt(1_000, true)) * 1.1);
  });

  test("of a shard runs in order and looks at each record as often as a batch of 1 000 does", async () => {
    const ran: string[] = [];
    const looksAt = async (count: number) => {
      const { records, looks } = watched(
        names(count).map(
          (name, index): DynamoDBRecord => ({
            eventID: name,
            eventSourceARN: "arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2015-06-27T00:48:05.899",
            dynamodb: { SequenceNumber: String(index) },
          }),
        ),
      );
      ran.length = 0;
      const consume = idempotentStream<DynamoDBRecord>((record) => void ran.push(record.eventID ?? ""), {
        store: forgetful,
        operation: "large",
      });
      expect(await consume({ Records: records })).toEqual({ batchItemFailures: [] });
      return looks() / count;
    };
    expect(await looksAt(10_000)).toBeCloseTo(await looksAt(1_000), 1);
    expect(ran).toEqual(names(1_000));
  });
});
