/**
 * What is no record's fault fails the whole batch loudly, so that all of it comes back: the store is down (G10), or the
 * options are wrong. What is running then is awaited, and nothing further is begun.
 */
import type { SQSRecord } from "aws-lambda";
import { describe, expect, test, vi } from "vitest";
import {
  idempotentSqs,
  isInvalidOptionsError,
  isStoreUnavailableError,
  type SqsOptions,
  StoreUnavailableError,
} from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { counted, endingIn, failures, fifoRecord, settled, sqsEvent, sqsRecord } from "../support/batch-events.ts";
import { deny, type Fault, fail, faultyStore, loseAnswer } from "../support/faults.ts";
import { gate } from "../support/gate.ts";
import { downStore } from "../support/probe-store.ts";

/** Goes through as it is. */
const pass: Fault = async (send) => await send();

const consumer = (store: Store, handler: (record: SQSRecord) => unknown, more: Partial<SqsOptions<undefined>> = {}) =>
  idempotentSqs(handler, { store, operation: "batch", onRecordError: () => {}, ...more });
const named = (...names: string[]) => sqsEvent(...names.map((name) => sqsRecord(name)));

describe("the whole batch fails", () => {
  test("where the store cannot be had, and no record is run", async () => {
    const handler = vi.fn();
    await expect(consumer(downStore(), handler)(named("a", "b"))).rejects.toSatisfy(isStoreUnavailableError);
    expect(handler).not.toHaveBeenCalled();
  });

  test("where a redelivered record cannot be read", async () => {
    const handler = vi.fn();
    const batch = sqsEvent(sqsRecord("a", { receives: 2 }));
    await expect(consumer(downStore(["read"]), handler)(batch)).rejects.toSatisfy(isStoreUnavailableError);
    expect(handler).not.toHaveBeenCalled();
  });

  test("with what the store said as its cause", async () => {
    const error = await consumer(downStore(), () => {})(named("a")).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(((error as Error).cause as Error).message).toContain("ECONNREFUSED");
  });

  test("where the store goes down in the middle: no further record is begun", async () => {
    const plan = faultyStore(counted(memoryStore()));
    plan.next("insert", pass, pass, deny);
    const handler = vi.fn();
    const consume = consumer(plan, handler, { concurrency: 1 });
    await expect(consume(named("a", "b", "c", "d", "e"))).rejects.toSatisfy(isStoreUnavailableError);
    expect(handler.mock.calls.map(([record]) => record.messageId)).toEqual(["a", "b"]);
    expect(plan.sent.filter((step) => step === "insert")).toHaveLength(3);
  });

  test("no sooner than the records that run have ended and are stored", async () => {
    const plan = faultyStore(memoryStore());
    plan.next("insert", pass, deny);
    const door = gate();
    const handler = vi.fn(() => door.pass());
    const answer = consumer(plan, handler, { concurrency: 2 })(named("a", "b", "c"));
    let over = false;
    void answer.catch(() => {
      over = true;
    });
    await door.reached;
    await settled();
    expect(over).toBe(false);
    door.open();
    await expect(answer).rejects.toSatisfy(isStoreUnavailableError);
    expect(handler).toHaveBeenCalledTimes(1);
    expect(plan.sent).toEqual(["insert", "insert", "complete"]);
  });

  test("and what succeeded in it is not run again when all of it comes back", async () => {
    const plan = faultyStore(memoryStore());
    plan.next("insert", pass, deny);
    const handler = vi.fn();
    const consume = consumer(plan, handler, { concurrency: 1 });
    await expect(consume(named("a", "b", "c"))).rejects.toSatisfy(isStoreUnavailableError);
    expect(failures(await consume(named("a", "b", "c")))).toEqual([]);
    expect(handler.mock.calls.map(([record]) => record.messageId)).toEqual(["a", "b", "c"]);
  });

  test("also for the other groups of a FIFO queue, none of which begins another record", async () => {
    const plan = faultyStore(memoryStore());
    plan.next("insert", pass, deny);
    const handler = vi.fn();
    const consume = consumer(plan, handler, { concurrency: 1 });
    const batch = sqsEvent(fifoRecord("a1", "a"), fifoRecord("a2", "a"), fifoRecord("b1", "b"), fifoRecord("c1", "c"));
    await expect(consume(batch)).rejects.toSatisfy(isStoreUnavailableError);
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test("where it is not known whether a claim arrived: nothing is run on it (G10)", async () => {
    const plan = faultyStore(memoryStore());
    plan.next("insert", loseAnswer);
    const handler = vi.fn();
    await expect(consumer(plan, handler)(named("a"))).rejects.toSatisfy(isStoreUnavailableError);
    expect(handler).not.toHaveBeenCalled();
  });

  test("for all records with the same key alike", async () => {
    const handler = vi.fn();
    const consume = consumer(downStore(), handler, { key: () => "order" });
    await expect(consume(named("a", "b", "c"))).rejects.toSatisfy(isStoreUnavailableError);
    expect(handler).not.toHaveBeenCalled();
  });

  test("where parking could not be written", async () => {
    const plan = faultyStore(memoryStore());
    const declined = () => Promise.reject(new Error("declined"));
    await consumer(plan, declined)(named("a"));
    plan.next("release", deny);
    await expect(consumer(plan, () => {}, { maxAttempts: 1 })(named("a"))).rejects.toSatisfy(isStoreUnavailableError);
  });
});

describe("the batch does not fail", () => {
  test("where the work is done and the store will not say so: the record counts as done (G11)", async () => {
    const plan = faultyStore(memoryStore());
    plan.every("complete", deny);
    const handler = vi.fn();
    expect(failures(await consumer(plan, handler)(named("a", "b")))).toEqual([]);
    expect(handler).toHaveBeenCalledTimes(2);
  });

  test("unless `whenCompletionFails` asks for it", async () => {
    const plan = faultyStore(memoryStore());
    plan.every("complete", deny);
    const consume = consumer(plan, () => {}, { whenCompletionFails: "throw" });
    await expect(consume(named("a"))).rejects.toSatisfy(isStoreUnavailableError);
  });

  test("where a failed record's release fails: its own error is told (G16)", async () => {
    const plan = faultyStore(memoryStore());
    plan.every("release", fail);
    const declined = new Error("declined");
    const onRecordError = vi.fn();
    const consume = consumer(plan, () => Promise.reject(declined), { onRecordError });
    expect(failures(await consume(named("a"), endingIn(300)))).toEqual(["a"]);
    expect(onRecordError.mock.calls[0]?.[0]).toBe(declined);
  });

  test("where the options say to run without protection", async () => {
    const handler = vi.fn();
    const consume = consumer(downStore(), handler, { whenStoreUnavailable: "run" });
    expect(failures(await consume(named("a", "b")))).toEqual([]);
    expect(handler).toHaveBeenCalledTimes(2);
  });

  test("by an error of this library's that a handler threw of its own: that is its record's", async () => {
    const consume = consumer(memoryStore(), (record) => {
      if (record.messageId === "a") throw new StoreUnavailableError("the handler's other table");
    });
    expect(failures(await consume(named("a", "b")))).toEqual(["a"]);
  });
});

describe("wrong options", () => {
  const make = (options: unknown, handler: unknown = () => {}) => {
    try {
      return idempotentSqs(handler as () => void, options as SqsOptions<undefined>);
    } catch (error) {
      return error;
    }
  };
  const store = memoryStore();

  test.each<[string, unknown]>([
    ["no options", undefined],
    ["no store", { operation: "x" }],
    ["an unknown name", { store, operation: "x", retries: 3 }],
    ["no concurrency", { store, operation: "x", concurrency: 0 }],
    ["a broken concurrency", { store, operation: "x", concurrency: 2.5 }],
    ["a key that is no function", { store, operation: "x", key: "orderId" }],
    ["a parser that is no function", { store, operation: "x", parse: JSON }],
    ["a listener that is no function", { store, operation: "x", onRecordError: console }],
    ["a storeResult that is no boolean", { store, operation: "x", storeResult: "yes" }],
    ["no operation, outside Lambda", { store }],
  ])("fail when the wrapper is made: %s", (_, options) => {
    expect(isInvalidOptionsError(make(options))).toBe(true);
  });

  test("name the wrapper and all that is wrong", () => {
    const error = make({ store, operation: "", concurrency: 0 }) as Error;
    expect(error.message).toMatch(/^idempotentSqs: .*operation.*Also: .*concurrency/);
    expect(isInvalidOptionsError(make({ store, operation: "x" }, "handler"))).toBe(true);
  });
});
