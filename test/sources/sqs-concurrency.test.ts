/** Bounded concurrency: never more records in work than asked for, and exactly so many while there is work. */
import type { SQSRecord } from "aws-lambda";
import { describe, expect, test } from "vitest";
import { idempotentSqs } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { failures, fifoRecord, settled, sqsEvent, sqsRecord } from "../support/batch-events.ts";

/** Handlers that end when told to, in the order the test says. */
function stage() {
  const running = new Map<string, () => void>();
  let most = 0;
  return {
    most: () => most,
    running: () => [...running.keys()],
    handler: (record: SQSRecord) =>
      new Promise<void>((resolve) => {
        running.set(record.messageId, resolve);
        most = Math.max(most, running.size);
      }),
    end: async (messageId: string) => {
      running.get(messageId)?.();
      running.delete(messageId);
      await settled();
    },
  };
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`);

describe("records of a standard queue", () => {
  test("are ten at a time by default", async () => {
    const { handler, running, end, most } = stage();
    const consume = idempotentSqs(handler, { store: memoryStore(), operation: "ten" });
    const answer = consume(sqsEvent(...names(25).map((name) => sqsRecord(name))));
    await settled();
    expect(running()).toEqual(["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9"]);
    while (running().length > 0) await end(running()[0] ?? "");
    expect(failures(await answer)).toEqual([]);
    expect(most()).toBe(10);
  });

  test("are exactly as many at a time as asked for, while there are so many left", async () => {
    const { handler, running, end, most } = stage();
    const consume = idempotentSqs(handler, { store: memoryStore(), operation: "three", concurrency: 3 });
    const answer = consume(sqsEvent(...names(7).map((name) => sqsRecord(name))));
    await settled();
    const seen: number[] = [];
    for (const next of ["m1", "m0", "m3", "m4", "m2", "m6", "m5"]) {
      seen.push(running().length);
      await end(next);
    }
    expect(seen).toEqual([3, 3, 3, 3, 3, 2, 1]);
    expect(failures(await answer)).toEqual([]);
    expect(most()).toBe(3);
  });

  test("that fail make room for others too", async () => {
    let running = 0;
    let most = 0;
    const handler = async (record: SQSRecord) => {
      most = Math.max(most, ++running);
      await settled();
      running--;
      if (Number(record.messageId.slice(1)) % 2 === 0) throw new Error("declined");
    };
    const consume = idempotentSqs(handler, {
      store: memoryStore(),
      operation: "failing",
      concurrency: 2,
      onRecordError: () => {},
    });
    expect(failures(await consume(sqsEvent(...names(6).map((name) => sqsRecord(name)))))).toEqual(["m0", "m2", "m4"]);
    expect([running, most]).toEqual([0, 2]);
  });

  test("are one at a time, in their order, where `concurrency` is 1", async () => {
    const { handler, running, end, most } = stage();
    const consume = idempotentSqs(handler, { store: memoryStore(), operation: "one", concurrency: 1 });
    const answer = consume(sqsEvent(...names(3).map((name) => sqsRecord(name))));
    for (const next of ["m0", "m1", "m2"]) {
      await settled();
      expect(running()).toEqual([next]);
      await end(next);
    }
    await answer;
    expect(most()).toBe(1);
  });

  test("that carry a message group, for fairness, still run beside each other", async () => {
    const { handler, running, end } = stage();
    const consume = idempotentSqs(handler, { store: memoryStore(), operation: "fair" });
    const answer = consume(sqsEvent(sqsRecord("m0", { group: "tenant-1" }), sqsRecord("m1", { group: "tenant-1" })));
    await settled();
    expect(running()).toEqual(["m0", "m1"]);
    await end("m0");
    await end("m1");
    await answer;
  });
});

describe("groups of a FIFO queue", () => {
  test("run beside each other, as many as asked for, each with one record at a time", async () => {
    const { handler, running, end, most } = stage();
    const consume = idempotentSqs(handler, { store: memoryStore(), operation: "groups", concurrency: 2 });
    const answer = consume(
      sqsEvent(
        fifoRecord("a1", "a"),
        fifoRecord("a2", "a"),
        fifoRecord("b1", "b"),
        fifoRecord("c1", "c"),
        fifoRecord("b2", "b"),
      ),
    );
    await settled();
    const seen: string[][] = [running()];
    for (const next of ["b1", "b2", "a1", "a2"]) {
      await end(next);
      seen.push(running());
    }
    expect(seen).toEqual([["a1", "b1"], ["a1", "b2"], ["a1", "c1"], ["c1", "a2"], ["c1"]]);
    await end("c1");
    expect(failures(await answer)).toEqual([]);
    expect(most()).toBe(2);
  });
});
