/** The signal fires before the time of an attempt is over, for that attempt alone, and costs nothing unasked. G9, G20. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Execution } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { gate } from "../support/gate.ts";
import { lambdaContext, payment, protect } from "../support/payments.ts";

const NOON = 1_764_000_000_000;

describe("the signal", () => {
  beforeEach(() => void vi.useFakeTimers({ now: NOON }));
  afterEach(() => void vi.useRealTimers());

  /** A call whose handler listens to the signal, and waits. */
  async function listening(remainingMs: number | undefined, options: { leaseMs?: number } = {}) {
    const running = gate();
    const fired: number[] = [];
    let execution: Execution | undefined;
    const pay = protect(
      memoryStore(),
      async (_event, _context, given) => {
        execution = given;
        given.signal.addEventListener("abort", () => void fired.push(Date.now() - NOON));
        await running.pass();
      },
      options,
    );
    const call = pay(payment(), remainingMs === undefined ? undefined : lambdaContext(remainingMs));
    await running.reached;
    const end = (): Promise<unknown> => {
      running.open();
      return call;
    };
    return { fired, end, signal: () => execution?.signal };
  }

  test.each([
    ["a second before the deadline", 30_000, {}, 29_000],
    ["a tenth of the time before a near deadline", 1_000, {}, 900],
    ["a second before the deadline, also when the lease is longer", 30_000, { leaseMs: 600_000 }, 29_000],
    ["a second before the lease ends, where the deadline is unknown", undefined, { leaseMs: 60_000 }, 59_000],
    ["a second before fifteen minutes are over, where nothing is known", undefined, {}, 899_000],
  ])("fires %s", async (_, remaining, options, at) => {
    const { fired, end, signal } = await listening(remaining, options);
    await vi.advanceTimersByTimeAsync(at - 1);
    expect(fired).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(fired).toEqual([at]);
    expect(signal()?.reason).toMatchObject({ name: "TimeoutError" });
    await end();
  });

  test("is the same one whenever it is asked for, and does not fire after the handler ended", async () => {
    const { fired, end, signal } = await listening(30_000);
    const before = signal();
    await end();
    expect(signal()).toBe(before);
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(fired).toEqual([]);
  });

  test("does not fire for another call of the same wrapper", async () => {
    const running = gate();
    const signals = new Map<string, AbortSignal>();
    const pay = protect(memoryStore(), async ({ key }, _context, { signal }) => {
      signals.set(key, signal);
      if (signals.size === 2) running.open();
      await running.pass();
      await new Promise((resolve) => setTimeout(resolve, 50_000));
    });
    const [soon, later] = [payment(), payment()];
    const calls = [pay(soon, lambdaContext(10_000)), pay(later, lambdaContext(60_000))];
    await vi.advanceTimersByTimeAsync(20_000);
    expect(signals.get(soon.key)?.aborted).toBe(true);
    expect(signals.get(later.key)?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(60_000);
    await Promise.all(calls);
  });

  test("has no timer where nobody asked for it", async () => {
    const running = gate();
    const call = protect(memoryStore(), running.pass)(payment(), lambdaContext(30_000));
    await running.reached;
    expect(vi.getTimerCount()).toBe(0);
    running.open();
    await call;
  });
});
