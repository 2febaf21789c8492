/**
 * A key that its owner left behind can be claimed again: after its lease and the clock error allowed for, not before,
 * and by one only. G9, G23.
 */
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { isInProgressError } from "../../src/index.ts";
import { faultyStore, firstDo, holdBefore } from "../support/faults.ts";
import { gate } from "../support/gate.ts";
import { errorOf, type Payment, payment, protect, recorder, recordIdOf } from "../support/payments.ts";
import { inProgress, onEveryTable, plant, type Table } from "../support/tables.ts";

const NOON = 1_764_000_000_000;
const FAR = 4_000_000_000;
/** The abandoned attempt's: it ended 10 s after noon. */
const LEASE_END = 1_764_000_010_000;

describe("a key whose owner died", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: NOON }));
  afterEach(() => void vi.useRealTimers());

  onEveryTable((makeTable) => {
    let table: Table;
    beforeAll(async () => {
      table = await makeTable();
    });

    async function abandoned(): Promise<{ event: Payment; id: string }> {
      const event = payment();
      const id = await recordIdOf(table.store, event);
      await plant(table.store, inProgress(id, { fence: NOON, attempts: 1, leaseUntil: LEASE_END, expiresAt: FAR }));
      return { event, id };
    }

    test.each([
      [1_000, 1_764_000_010_999, false, 2],
      [1_000, 1_764_000_011_000, false, 1],
      [1_000, 1_764_000_011_001, true, 0],
      [0, 1_764_000_009_999, false, 2],
      [0, 1_764_000_010_000, false, 1],
      [0, 1_764_000_010_001, true, 0],
      [60_000, 1_764_000_070_000, false, 1],
      [60_000, 1_764_000_070_001, true, 0],
    ])("with a clock error of %i ms is at %i taken over: %s", async (clockToleranceMs, now, taken, retryAfterMs) => {
      const { event } = await abandoned();
      vi.setSystemTime(now);
      const handler = vi.fn(() => "paid");
      const call = protect(table.store, handler, { clockToleranceMs })(event);
      if (taken) expect(await call).toBe("paid");
      else expect(await errorOf(call)).toMatchObject({ name: "InProgressError", retryAfterMs });
      expect(handler).toHaveBeenCalledTimes(taken ? 1 : 0);
    });

    test("allows for a clock error of one second by default", async () => {
      const { event } = await abandoned();
      vi.setSystemTime(1_764_000_011_000);
      expect(await errorOf(protect(table.store, vi.fn())(event))).toSatisfy(isInProgressError);
      vi.setSystemTime(1_764_000_011_001);
      expect(await protect(table.store, () => "paid")(event)).toBe("paid");
    });

    test("goes to the second attempt, with a fence above and a lease of its own", async () => {
      const { event, id } = await abandoned();
      vi.setSystemTime(1_764_000_011_001);
      const told = recorder();
      const running = gate();
      const paying = protect(table.store, running.pass, { onEvent: told.onEvent, leaseMs: 20_000 })(event);
      await running.reached;
      const record = await table.store.read(id);
      expect(record).toMatchObject({ status: "IN_PROGRESS", attempts: 2, leaseUntil: 1_764_000_031_001 });
      expect(record?.fence).toBeGreaterThan(NOON);
      running.open();
      await paying;
      expect(told.events).toMatchObject([
        { type: "takenOver", attempt: 2, fence: record?.fence },
        { type: "completed", attempt: 2, fence: record?.fence },
      ]);
    });

    test("is taken over by one of twenty that come at the same moment", async () => {
      const { event } = await abandoned();
      vi.setSystemTime(1_764_000_011_001);
      const running = gate();
      const handler = vi.fn(running.pass);
      const all = Promise.all(
        Array.from({ length: 20 }, () => errorOf(protect(table.anotherProcess(), handler)(event))),
      );
      await running.reached;
      running.open();
      const errors = await all;
      expect(handler).toHaveBeenCalledTimes(1);
      expect(errors.filter((error) => error === "no error").length).toBeGreaterThanOrEqual(1);
    });

    test("is not taken over by one that saw a version which another took over since", async () => {
      const { event, id } = await abandoned();
      vi.setSystemTime(1_764_000_011_001);
      const slow = faultyStore(table.anotherProcess());
      const held = gate();
      slow.next("claimOver", holdBefore(held));
      const handler = vi.fn();
      const slowly = errorOf(protect(slow, handler)(event));
      await held.reached;
      const running = gate();
      const fast = protect(table.anotherProcess(), running.pass)(event);
      await running.reached;
      const before = await table.store.read(id);
      held.open();
      expect(await slowly).toSatisfy(isInProgressError);
      expect(await table.store.read(id)).toEqual(before);
      expect(handler).not.toHaveBeenCalled();
      running.open();
      await fast;
    });

    test("is not taken over when its owner, late but alive, completes between the look and the swap", async () => {
      const { event, id } = await abandoned();
      vi.setSystemTime(1_764_000_011_001);
      const seen = await table.store.read(id);
      const store = faultyStore(table.anotherProcess());
      store.next(
        "claimOver",
        firstDo(async () => {
          if (seen === undefined) throw new Error("nothing was planted");
          await table.store.swap(seen, { ...seen, status: "COMPLETED", result: '"late"', completedAt: NOON });
        }),
      );
      const handler = vi.fn();
      expect(await protect(store, handler, { fingerprint: false })(event)).toBe("late");
      expect(handler).not.toHaveBeenCalled();
    });

    test("is claimed afresh when the record is deleted between the look and the swap", async () => {
      const { event, id } = await abandoned();
      vi.setSystemTime(1_764_000_011_001);
      const store = faultyStore(table.anotherProcess());
      store.next(
        "claimOver",
        firstDo(() => table.remove(id)),
      );
      const handler = vi.fn(() => "paid");
      expect(await protect(store, handler)(event)).toBe("paid");
      expect(handler).toHaveBeenCalledTimes(1);
      expect(store.sent).toEqual(["insert", "claimOver", "insert", "complete"]);
    });
  });
});
