/**
 * A waiter ends before its own deadline, and a call in any way: also when the store fails, hangs, or answers too late.
 * G25, with time in the test's hands.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { executeOnce } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { fail, faultyStore, holdBefore } from "../support/faults.ts";
import { gate } from "../support/gate.ts";
import { lambdaContext, payment, protect, recordIdOf } from "../support/payments.ts";
import { inProgress, plant } from "../support/tables.ts";

const NOON = 1_764_000_000_000;
const FAR = 4_000_000_000;

interface Ended {
  value?: unknown;
  error?: unknown;
  at: number;
}

const ended = (call: Promise<unknown>): Promise<Ended> =>
  call.then(
    (value) => ({ value, at: Date.now() - NOON }),
    (error: unknown) => ({ error, at: Date.now() - NOON }),
  );

describe("a waiter", () => {
  beforeEach(() => void vi.useFakeTimers({ now: NOON }));
  afterEach(() => void vi.useRealTimers());

  /** A key that another process runs on, its lease ending in 60 s. */
  async function busy(leaseUntil = NOON + 60_000) {
    const store = faultyStore(memoryStore());
    const event = payment();
    await plant(store, inProgress(await recordIdOf(store, event), { leaseUntil, expiresAt: FAR }));
    const handler = vi.fn(() => "paid");
    const wait = (waitMs: number) => protect(store, handler, { whenInProgress: { waitMs }, fingerprint: false });
    return { store, event, handler, wait };
  }

  test("ends half a second before its deadline when that comes before the time it would wait", async () => {
    const { event, handler, wait } = await busy();
    const call = ended(wait(40_000)(event, lambdaContext(10_000)));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await call).toMatchObject({ error: { name: "InProgressError", retryAfterMs: 51_501 }, at: 9_500 });
    expect(handler).not.toHaveBeenCalled();
  });

  test("ends when its time is over when that comes before the deadline", async () => {
    const { event, wait } = await busy();
    const call = ended(wait(3_000)(event, lambdaContext(10_000)));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await call).toMatchObject({ error: { name: "InProgressError", retryAfterMs: 58_001 }, at: 3_000 });
  });

  test.each<[string, number | undefined]>([
    ["unknown", undefined],
    ["zero", 0],
    ["negative", -5_000],
  ])("ends when its time is over when the remaining time is %s", async (_, remaining) => {
    const { event, wait } = await busy();
    const context = remaining === undefined ? undefined : lambdaContext(remaining);
    const call = ended(wait(3_000)(event, context));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await call).toMatchObject({ error: { name: "InProgressError" }, at: 3_000 });
  });

  test("ends in time also with next to no time left", async () => {
    const { event, wait } = await busy();
    const call = ended(wait(40_000)(event, lambdaContext(40)));
    await vi.advanceTimersByTimeAsync(40);
    expect(await call).toMatchObject({ error: { name: "InProgressError" }, at: 20 });
  });

  test("that waits no time at all is refused at once", async () => {
    const { event, wait } = await busy();
    expect(await ended(wait(0)(event))).toMatchObject({ error: { name: "InProgressError" }, at: 0 });
  });

  test("looks again ever more rarely: not more than 80 times in a minute", async () => {
    const { store, event, wait } = await busy(NOON + 600_000);
    const call = ended(wait(60_000)(event));
    await vi.advanceTimersByTimeAsync(60_000);
    await call;
    expect(store.sent.filter((step) => step === "read").length).toBeLessThan(80);
    expect(store.sent.filter((step) => step === "insert")).toHaveLength(2);
  });

  test("takes over one millisecond after lease and clock error, whatever its pauses are", async () => {
    const { event, handler, wait } = await busy(NOON + 7_000);
    const call = ended(wait(40_000)(event, lambdaContext(30_000)));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await call).toEqual({ value: "paid", at: 8_001 });
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test("is refused, with a time to come back at, when the store fails while it waits", async () => {
    const { store, event, handler, wait } = await busy();
    store.every("read", fail);
    const call = ended(wait(40_000)(event, lambdaContext(30_000)));
    await vi.advanceTimersByTimeAsync(30_000);
    const { error, at } = await call;
    expect(error).toMatchObject({ name: "InProgressError" });
    expect((error as { retryAfterMs: number }).retryAfterMs).toBe(61_001 - at);
    expect(handler).not.toHaveBeenCalled();
  });

  test("ends before its deadline when the store hangs while it waits, and runs nothing afterwards", async () => {
    const { store, event, handler, wait } = await busy();
    const held = gate();
    store.every("read", holdBefore(held));
    const call = ended(wait(40_000)(event, lambdaContext(10_000)));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await call).toMatchObject({ error: { name: "InProgressError" }, at: 9_500 });
    held.open();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(handler).not.toHaveBeenCalled();
  });

  test("ends before its deadline when the store hangs at its takeover, and runs nothing afterwards", async () => {
    const { store, event, handler, wait } = await busy(NOON + 2_000);
    const held = gate();
    store.every("claimOver", holdBefore(held));
    const call = ended(wait(40_000)(event, lambdaContext(10_000)));
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await call).at).toBe(9_500);
    held.open();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(handler).not.toHaveBeenCalled();
  });

  test("beside a running call of its own process ends before its deadline too", async () => {
    const store = memoryStore();
    const running = gate();
    const pay = protect(store, running.pass, { whenInProgress: { waitMs: 60_000 } });
    const event = payment();
    const first = ended(pay(event, lambdaContext(100_000)));
    await running.reached;
    const second = ended(pay(event, lambdaContext(10_000)));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await second).toMatchObject({ error: { name: "InProgressError" }, at: 9_500 });
    running.open();
    await first;
  });

  test("in a nested call ends before the deadline of the invocation around it", async () => {
    const { store, event, handler } = await busy();
    const nested = { store, operation: "pay", whenInProgress: { waitMs: 60_000 } };
    const pay = protect(memoryStore(), () => executeOnce(event.key, handler, nested));
    const call = ended(pay(payment(), lambdaContext(10_000)));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await call).toMatchObject({ error: { name: "InProgressError" }, at: 9_500 });
  });

  test("for its own caller's key ends too: a call that waits for itself is refused, not stuck", async () => {
    const store = memoryStore();
    const event = payment();
    const pay = protect(
      store,
      vi.fn().mockImplementation(() => pay(event, lambdaContext(5_000))),
      {
        whenInProgress: { waitMs: 60_000 },
      },
    );
    const call = ended(pay(event, lambdaContext(10_000)));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await call).toMatchObject({ error: { name: "InProgressError" }, at: 4_500 });
  });

  test("leaves no timer behind", async () => {
    const { event, wait } = await busy(NOON + 1_000);
    const call = ended(wait(40_000)(event, lambdaContext(30_000)));
    await vi.advanceTimersByTimeAsync(5_000);
    await call;
    expect(vi.getTimerCount()).toBe(0);
  });
});
