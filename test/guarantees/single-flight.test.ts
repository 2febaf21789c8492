/**
 * Duplicates beside a running call of their process share its outcome and nothing else: each has objects of its own, is
 * marked as a replay, and nothing is kept afterwards. G6, G20, G21.
 */
import { describe, expect, test, vi } from "vitest";
import { executeOnce, isInProgressError, isResultNotStorableError } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { deny, faultyStore } from "../support/faults.ts";
import { gate } from "../support/gate.ts";
import { errorOf, payment, protect, recorder, recordIdOf } from "../support/payments.ts";
import { memoryTable } from "../support/tables.ts";

const WAIT = { whenInProgress: { waitMs: 10_000 } } as const;
/** Lets everything that is ready run. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("duplicates beside a running call", () => {
  test("get its outcome, each an object of its own, marked as replays, without asking the store", async () => {
    const store = faultyStore(memoryStore());
    const running = gate();
    const work = async () => {
      await running.pass();
      return { lines: [1] };
    };
    const told = recorder();
    const once = () => executeOnce("k", work, { store, operation: "ship", onEvent: told.onEvent, ...WAIT });
    const first = once();
    await running.reached;
    const others = [once(), once(), once()];
    await turn();
    running.open();
    const { value, replayed } = await first;
    expect(replayed).toBe(false);
    value.lines.push(666);
    for (const other of others) {
      const { value, replayed } = await other;
      expect(replayed).toBe(true);
      expect(value).toEqual({ lines: [1] });
      value.lines.push(667);
    }
    expect(store.sent).toEqual(["insert", "complete"]);
    expect(told.types()).toEqual(["claimed", "completed", "replayed", "replayed", "replayed"]);
  });

  test("that do not wait are refused as ever", async () => {
    const store = memoryStore();
    const running = gate();
    const event = payment();
    const pay = protect(store, running.pass);
    const first = pay(event);
    await running.reached;
    expect(await errorOf(pay(event))).toSatisfy(isInProgressError);
    running.open();
    await first;
  });

  test("still share its outcome after one that did not wait was refused", async () => {
    const store = faultyStore(memoryStore());
    const running = gate();
    const event = payment();
    const handler = vi.fn(async () => {
      await running.pass();
      return "paid";
    });
    const first = protect(store, handler, WAIT)(event);
    await running.reached;
    expect(await errorOf(protect(store, handler)(event))).toSatisfy(isInProgressError);
    const second = protect(store, handler, WAIT)(event);
    await turn();
    running.open();
    expect([await first, await second]).toEqual(["paid", "paid"]);
    expect(store.sent).toEqual(["insert", "insert", "complete"]);
  });

  test("run one after the other when it fails: at every time one, and each failure is its own caller's", async () => {
    const store = memoryStore();
    let running = 0;
    let most = 0;
    const handler = vi.fn(async (_event: unknown, _context: unknown, { attempt }: { attempt: number }) => {
      most = Math.max(most, ++running);
      await turn();
      running--;
      if (attempt < 4) throw new Error(`declined ${attempt}`);
      return "paid";
    });
    const pay = protect(store, handler, WAIT);
    const event = payment();
    const settled = await Promise.allSettled(Array.from({ length: 10 }, () => pay(event)));
    const reasons = settled.flatMap((one) => (one.status === "rejected" ? [one.reason.message] : []));
    expect(reasons.toSorted()).toEqual(["declined 1", "declined 2", "declined 3"]);
    expect(settled.filter((one) => one.status === "fulfilled" && one.value === "paid")).toHaveLength(7);
    expect(handler).toHaveBeenCalledTimes(4);
    expect(most).toBe(1);
  });

  test("get a clear error when its outcome cannot be stored, and do not run", async () => {
    const running = gate();
    const handler = vi.fn(async () => {
      await running.pass();
      return () => 1;
    });
    const pay = protect(memoryStore(), handler, WAIT);
    const event = payment();
    const first = pay(event);
    await running.reached;
    const second = errorOf(pay(event));
    running.open();
    await first;
    expect(await second).toSatisfy(isResultNotStorableError);
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test("neither run nor share when its outcome was not stored: the lease keeps them out", async () => {
    const store = faultyStore(memoryStore());
    store.every("complete", deny);
    const running = gate();
    const handler = vi.fn(async () => {
      await running.pass();
      return "paid";
    });
    const pay = protect(store, handler, { whenInProgress: { waitMs: 100 } });
    const event = payment();
    const first = pay(event);
    await running.reached;
    const second = errorOf(pay(event));
    await turn();
    running.open();
    expect(await first).toBe("paid");
    expect(await second).toSatisfy(isInProgressError);
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test("of another operation, or another store, do not meet it", async () => {
    const running = gate();
    const [here, there] = [memoryStore(), memoryStore()];
    const work = async () => {
      await running.pass();
      return "shared";
    };
    const first = executeOnce("k", work, { store: here, operation: "ship", ...WAIT });
    await running.reached;
    const own = async () => "own";
    expect(await executeOnce("k", own, { store: here, operation: "bill", ...WAIT })).toMatchObject({ value: "own" });
    expect(await executeOnce("k", own, { store: there, operation: "ship", ...WAIT })).toMatchObject({ value: "own" });
    running.open();
    await first;
  });

  test("get a stored outcome that was just replayed, as everybody else", async () => {
    const store = memoryStore();
    const event = payment();
    await protect(store, () => "paid")(event);
    const pay = protect(store, vi.fn(), WAIT);
    expect(await Promise.all([pay(event), pay(event), pay(event)])).toEqual(["paid", "paid", "paid"]);
  });

  test("are remembered by nothing once it is over: the store alone knows", async () => {
    const table = memoryTable();
    const handler = vi.fn(() => "paid");
    const pay = protect(table.store, handler, WAIT);
    const event = payment();
    await Promise.all([pay(event), pay(event)]);
    await table.remove(await recordIdOf(table.store, event));
    await pay(event);
    expect(handler).toHaveBeenCalledTimes(2);
  });
});
