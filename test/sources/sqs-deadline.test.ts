/**
 * G26: no record of a batch is begun that cannot be finished and stored before the deadline. What was not begun is reported
 * back without a claim, so that it costs the next receive nothing. G19 goes on within a FIFO group.
 */
import type { Context, SQSRecord } from "aws-lambda";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { idempotentSqs, type SqsOptions } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { counted, endingIn, failures, fifoRecord, frozenClock, sqsEvent, sqsRecord } from "../support/batch-events.ts";

let clock: ReturnType<typeof frozenClock>;
beforeEach(() => {
  clock = frozenClock();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A consumer whose records take as long as they say in their body, in milliseconds. */
function taking(more: Partial<SqsOptions<undefined>> = {}) {
  const store = counted(memoryStore());
  const ran: string[] = [];
  const handler = (record: SQSRecord) => {
    ran.push(record.messageId);
    clock.advance(Number(record.body));
  };
  const consume = idempotentSqs(handler, { store, operation: "deadline", concurrency: 1, ...more });
  return { store, ran, consume };
}

const lasting = (...ms: number[]) => ms.map((body, index) => sqsRecord(`m${index}`, { body: String(body) }));

describe("before the deadline", () => {
  test.each([
    ["nothing is left", 0],
    ["less than nothing is left, as Managed Instances tell", -1],
    ["the deadline is long past", -60_000],
  ])("nothing is begun where %s", async (_, remaining) => {
    const { consume, ran, store } = taking();
    expect(failures(await consume(sqsEvent(...lasting(1, 1)), endingIn(remaining)))).toEqual(["m0", "m1"]);
    expect([ran, store.verbs]).toEqual([[], []]);
  });

  test("all is begun where there is time", async () => {
    const { consume, ran } = taking();
    expect(failures(await consume(sqsEvent(...lasting(1_000, 1_000, 1_000)), endingIn(60_000)))).toEqual([]);
    expect(ran).toEqual(["m0", "m1", "m2"]);
  });

  test("a record is not begun that would take as long as the longest before it and then some", async () => {
    const { consume, ran, store } = taking();
    const response = await consume(sqsEvent(...lasting(4_000, 4_000, 4_000, 4_000)), endingIn(15_000));
    expect(ran).toEqual(["m0", "m1", "m2"].slice(0, ran.length));
    expect(Date.now()).toBeLessThan(1_800_000_015_000);
    expect(failures(response)).toEqual(["m0", "m1", "m2", "m3"].slice(ran.length));
    expect(ran.length).toBeGreaterThanOrEqual(2);
    expect(store.verbs.filter((verb) => verb === "insert")).toHaveLength(ran.length);
  });

  test("the longest record counts, not the last one", async () => {
    const { consume, ran } = taking();
    const short = Array.from({ length: 300 }, () => 10);
    await consume(sqsEvent(...lasting(8_000, ...short)), endingIn(22_000));
    expect(ran.length).toBeGreaterThan(1);
    expect(ran.length).toBeLessThan(120); // another one that takes 8 s would still fit, and some time more
  });

  test("short records go on until short before the end", async () => {
    const { consume, ran } = taking();
    await consume(sqsEvent(...lasting(...Array.from({ length: 100 }, () => 100))), endingIn(5_000));
    expect(ran.length).toBeGreaterThanOrEqual(35);
    expect(Date.now()).toBeLessThanOrEqual(1_800_000_004_500);
  });

  test("a second is reserved to store the last outcome and to answer, beside what a record may take", async () => {
    const enough = taking();
    expect(failures(await enough.consume(sqsEvent(...lasting(10_000, 1)), endingIn(26_100)))).toEqual([]);
    const short = taking();
    expect(failures(await short.consume(sqsEvent(...lasting(10_000, 1)), endingIn(25_900)))).toEqual(["m1"]);
    expect([enough.ran, short.ran]).toEqual([["m0", "m1"], ["m0"]]);
  });

  test("what becomes of poison takes its time too", async () => {
    const ran: string[] = [];
    const handler = (record: SQSRecord) => {
      ran.push(record.messageId);
      throw new Error("declined at once");
    };
    const onPoison = async () => {
      clock.advance(10_000);
      return "acknowledge" as const;
    };
    const consume = idempotentSqs(handler, {
      store: memoryStore(),
      operation: "poison",
      concurrency: 1,
      maxAttempts: 1,
      onPoison,
      onRecordError: () => {},
    });
    expect(failures(await consume(sqsEvent(...lasting(0, 0, 0, 0)), endingIn(28_000)))).toEqual(["m2", "m3"]);
    expect(ran).toEqual(["m0", "m1"]);
  });

  test("the reserve does not keep a short invocation from beginning at all", async () => {
    const { consume, ran } = taking();
    expect(failures(await consume(sqsEvent(...lasting(10)), endingIn(400)))).toEqual([]);
    expect(ran).toEqual(["m0"]);
  });

  test("a record that failed slowly teaches as much as one that succeeded", async () => {
    const store = memoryStore();
    const ran: string[] = [];
    const handler = (record: SQSRecord) => {
      ran.push(record.messageId);
      clock.advance(20_000);
      throw new Error("timed out downstream");
    };
    const consume = idempotentSqs(handler, { store, operation: "slow", concurrency: 1, onRecordError: () => {} });
    expect(failures(await consume(sqsEvent(...lasting(0, 0)), endingIn(30_000)))).toEqual(["m0", "m1"]);
    expect(ran).toEqual(["m0"]);
  });

  test("the rest of a FIFO group that has no time left is reported in order, with nothing begun after it", async () => {
    const { consume, ran } = taking();
    const records = [5_000, 5_000, 1, 1].map((ms, index) => fifoRecord(`m${index}`, "g", { body: String(ms) }));
    expect(failures(await consume(sqsEvent(...records), endingIn(11_000)))).toEqual(["m1", "m2", "m3"]);
    expect(ran).toEqual(["m0"]);
  });

  test("groups that have not begun are reported too", async () => {
    const { consume, ran } = taking();
    const records = ["a", "b", "c"].map((group) => fifoRecord(`${group}1`, group, { body: "9000" }));
    expect(failures(await consume(sqsEvent(...records), endingIn(11_000)))).toEqual(["b1", "c1"]);
    expect(ran).toEqual(["a1"]);
  });

  test("what was not begun runs as a first attempt when it comes back", async () => {
    const { consume, store } = taking();
    expect(failures(await consume(sqsEvent(...lasting(9_000, 1)), endingIn(10_000)))).toEqual(["m1"]);
    const attempts: [string, number][] = [];
    const again = idempotentSqs((record, _context, { attempt }) => attempts.push([record.messageId, attempt]), {
      store,
      operation: "deadline",
    });
    await again(sqsEvent(sqsRecord("m1", { receives: 2 })), endingIn(10_000));
    expect(attempts).toEqual([["m1", 1]]);
  });
});

describe("without a deadline", () => {
  const contexts: [string, Context | undefined][] = [
    ["there is no context", undefined],
    ["the context tells no time", {} as Context],
    ["the context tells no number", { getRemainingTimeInMillis: () => Number.NaN } as Context],
    ["the context tells of no end", { getRemainingTimeInMillis: () => Number.POSITIVE_INFINITY } as Context],
  ];
  test.each(contexts)("every record is begun where %s", async (_, context) => {
    const { consume, ran } = taking();
    expect(failures(await consume(sqsEvent(...lasting(3_600_000, 3_600_000)), context))).toEqual([]);
    expect(ran).toEqual(["m0", "m1"]);
  });
});
