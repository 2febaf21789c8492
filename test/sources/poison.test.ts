/**
 * Parking over time: attempts that die one after the other, the expiry of a parking, and a sleeper that wakes up after its
 * work was parked. G2, G9, G12.
 */
import type { SQSRecord } from "aws-lambda";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type IdempotencyEvent, idempotentSqs, type SqsOptions } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { anotherProcess, endingIn, failures, frozenClock, sqsEvent, sqsRecord } from "../support/batch-events.ts";
import { fail, faultyStore, loseAnswer } from "../support/faults.ts";
import { gate } from "../support/gate.ts";

let clock: ReturnType<typeof frozenClock>;
beforeEach(() => {
  clock = frozenClock();
});
afterEach(() => {
  vi.useRealTimers();
});

const consumer = (store: Store, handler: (record: SQSRecord) => unknown, more: Partial<SqsOptions<undefined>> = {}) =>
  idempotentSqs(handler, { store, operation: "poison", onRecordError: () => {}, ...more });

/** An attempt that never ends, of a process that dies; its lease ends after 12 s. */
async function die(store: Store, more: Partial<SqsOptions<undefined>>): Promise<void> {
  const door = gate();
  void consumer(anotherProcess(store), () => door.pass(), more)(sqsEvent(sqsRecord("a")), endingIn(10_000));
  await door.reached;
}

describe("attempts that die", () => {
  test("are taken over until there were as many as allowed; then the record is poison", async () => {
    const store = memoryStore();
    for (let death = 1; death <= 3; death++) {
      await die(store, { maxAttempts: 3 });
      clock.advance(13_001);
    }
    const handler = vi.fn();
    const onPoison = vi.fn(() => "acknowledge" as const);
    const consume = consumer(store, handler, { maxAttempts: 3, onPoison });
    expect(failures(await consume(sqsEvent(sqsRecord("a", { receives: 4 }))))).toEqual([]);
    expect(handler).not.toHaveBeenCalled();
    expect(onPoison).toHaveBeenCalledTimes(1);
  });

  test("make no poison before the last one's lease and the clock tolerance are over", async () => {
    const store = memoryStore();
    await die(store, { maxAttempts: 1 });
    const onPoison = vi.fn(() => "acknowledge" as const);
    const consume = consumer(store, () => {}, { maxAttempts: 1, onPoison });
    clock.advance(13_000);
    expect(failures(await consume(sqsEvent(sqsRecord("a"))))).toEqual(["a"]);
    expect(onPoison).not.toHaveBeenCalled();
    clock.advance(1);
    expect(failures(await consume(sqsEvent(sqsRecord("a"))))).toEqual([]);
    expect(onPoison).toHaveBeenCalledTimes(1);
  });

  test("are no poison where the handler succeeds at a takeover in time", async () => {
    const store = memoryStore();
    await die(store, { maxAttempts: 2 });
    clock.advance(13_001);
    const handler = vi.fn();
    const consume = consumer(store, handler, { maxAttempts: 2 });
    expect(failures(await consume(sqsEvent(sqsRecord("a"))))).toEqual([]);
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test("a record is refused for another payload before it is looked at as poison (G7)", async () => {
    const store = memoryStore();
    await die(store, { maxAttempts: 1, fingerprint: () => 100 });
    clock.advance(13_001);
    const onPoison = vi.fn(() => "acknowledge" as const);
    const consume = consumer(store, () => {}, { maxAttempts: 1, onPoison, fingerprint: () => 900 });
    expect(failures(await consume(sqsEvent(sqsRecord("a"))))).toEqual(["a"]);
    expect(onPoison).not.toHaveBeenCalled();
  });
});

describe("a parking", () => {
  const declined = () => Promise.reject(new Error("declined"));

  test("expires `ttlSeconds` after the last failure: the work is fresh then", async () => {
    const store = memoryStore();
    const terms = { maxAttempts: 1, ttlSeconds: 60 };
    await consumer(store, declined, terms)(sqsEvent(sqsRecord("a")));
    const handler = vi.fn();
    const attempts: number[] = [];
    const again = idempotentSqs(
      (_record, _context, { attempt }) => {
        attempts.push(attempt);
        handler();
      },
      { store, operation: "poison", onRecordError: () => {}, ...terms },
    );
    clock.advance(59_999);
    expect(failures(await again(sqsEvent(sqsRecord("a"))))).toEqual(["a"]);
    expect(handler).not.toHaveBeenCalled();
    clock.advance(1);
    expect(failures(await again(sqsEvent(sqsRecord("a"))))).toEqual([]);
    expect(attempts).toEqual([1]);
  });

  test("is not lengthened by looking at it", async () => {
    const store = memoryStore();
    const handler = vi.fn(declined);
    const consume = consumer(store, handler, { maxAttempts: 1, ttlSeconds: 60 });
    for (let look = 0; look < 4; look++) {
      await consume(sqsEvent(sqsRecord("a", { receives: look + 1 })));
      clock.advance(20_000);
    }
    expect(handler).toHaveBeenCalledTimes(2);
  });

  test("is recognised as one's own where its answer was lost (G4)", async () => {
    const store = faultyStore(memoryStore());
    store.next("release", loseAnswer);
    const onPoison = vi.fn(() => "acknowledge" as const);
    const types: IdempotencyEvent["type"][] = [];
    const terms = { maxAttempts: 1, onPoison, onEvent: ({ type }: IdempotencyEvent) => void types.push(type) };
    expect(failures(await consumer(store, declined, terms)(sqsEvent(sqsRecord("a"))))).toEqual([]);
    expect(types).toEqual(["claimed", "parked"]);
  });

  test("that could not be written leaves the record to its lease: it is reported back, not acknowledged", async () => {
    const store = faultyStore(memoryStore());
    store.every("release", fail);
    const onPoison = vi.fn(() => "acknowledge" as const);
    const consume = consumer(store, declined, { maxAttempts: 1, onPoison });
    const context = endingIn(300);
    expect(failures(await consume(sqsEvent(sqsRecord("a")), context))).toEqual(["a"]);
    expect(onPoison).not.toHaveBeenCalled();
  });

  test("changes nothing for a sleeper: it can neither complete nor release what was parked (G2)", async () => {
    const store = memoryStore();
    const door = gate();
    const asleep = consumer(anotherProcess(store), () => door.pass(), { maxAttempts: 1 });
    const sleeper = asleep(sqsEvent(sqsRecord("a")), endingIn(10_000));
    await door.reached;
    clock.advance(13_001);
    const consume = consumer(store, () => {}, { maxAttempts: 1 });
    expect(failures(await consume(sqsEvent(sqsRecord("a"))))).toEqual(["a"]);
    door.open();
    expect(failures(await sleeper)).toEqual(["a"]);
    const handler = vi.fn();
    expect(failures(await consumer(store, handler, { maxAttempts: 1 })(sqsEvent(sqsRecord("a"))))).toEqual(["a"]);
    expect(handler).not.toHaveBeenCalled();
  });
});

describe("the options of poison", () => {
  const make = (more: object) => () => consumer(memoryStore(), () => {}, more);

  test("are checked when the wrapper is made", () => {
    expect(make({ maxAttempts: 0 })).toThrow(/maxAttempts/);
    expect(make({ maxAttempts: 1.5 })).toThrow(/maxAttempts/);
    expect(make({ maxAttempts: "3" })).toThrow(/maxAttempts/);
    expect(make({ maxAttempts: 3, onPoison: "drop" })).toThrow(/onPoison.*"fail", "acknowledge" or a function/);
    expect(make({ maxAttempts: 3, onPoison: null })).toThrow(/onPoison/);
  });

  test("say that a choice needs a limit", () => {
    expect(make({ onPoison: "acknowledge" })).toThrow(/`onPoison` needs `maxAttempts`/);
    expect(make({ onPoison: undefined })).not.toThrow();
  });
});
