/**
 * A fence belongs to one owner and rises with every claim, so that a downstream can refuse whoever comes late.
 * G1: over retries, takeovers, expiry and deletion; within a process also when clocks step back or disagree.
 */
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Store } from "../../src/store.ts";
import { type Payment, payment, protect, recordIdOf } from "../support/payments.ts";
import { inProgress, memoryTable, onEveryTable, plant, type Table } from "../support/tables.ts";

const NOON = 1_764_000_000_000;

/** Attempts a payment that is declined, so that the key can be claimed again, and gives the attempt's fence. */
async function attempt(store: Store, event: Payment, options: { leaseMs?: number } = {}): Promise<number> {
  let given = 0;
  const declined = protect(
    store,
    (_event, _context, { fence }) => {
      given = fence;
      throw new Error("declined");
    },
    options,
  );
  await expect(declined(event)).rejects.toThrow("declined");
  return given;
}

describe("a fence", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: NOON }));
  afterEach(() => void vi.useRealTimers());

  onEveryTable((makeTable) => {
    let table: Table;
    beforeAll(async () => {
      table = await makeTable();
    });

    test("rises from one attempt to the next, also in the same millisecond and in other processes", async () => {
      const event = payment();
      const fences = [
        await attempt(table.store, event),
        await attempt(table.anotherProcess(), event),
        await attempt(table.store, event),
        await attempt(table.anotherProcess(), event),
      ];
      expect(fences).toEqual(fences.toSorted((a, b) => a - b));
      expect(new Set(fences).size).toBe(4);
    });

    test("rises over a takeover and over an expiry, above a fence from a clock that was ahead", async () => {
      const [taken, expired] = [payment(), payment()];
      const ahead = NOON + 3_600_000;
      await plant(
        table.store,
        inProgress(await recordIdOf(table.store, taken), { fence: ahead, expiresAt: 2_000_000_000 }),
      );
      await plant(table.store, inProgress(await recordIdOf(table.store, expired), { fence: ahead }));
      expect(await attempt(table.anotherProcess(), taken)).toBe(ahead + 1);
      expect(await attempt(table.anotherProcess(), expired)).toBe(ahead + 1);
    });

    test("rises after the record was deleted", async () => {
      const event = payment();
      const first = await attempt(table.store, event);
      await table.remove(await recordIdOf(table.store, event));
      vi.setSystemTime(NOON + 5);
      expect(await attempt(table.anotherProcess(), event)).toBeGreaterThan(first);
    });

    test("rises within a process after a deletion, although the clock stepped back", async () => {
      const event = payment();
      const process = table.anotherProcess();
      const first = await attempt(process, event);
      await table.remove(await recordIdOf(table.store, event));
      vi.setSystemTime(NOON - 60_000);
      expect(await attempt(process, event)).toBeGreaterThan(first);
    });

    test("rises within a process after a deletion, above a foreign fence that was ahead", async () => {
      const event = payment();
      const process = table.anotherProcess();
      const id = await recordIdOf(table.store, event);
      await plant(table.store, inProgress(id, { fence: NOON + 3_600_000 }));
      const first = await attempt(process, event);
      await table.remove(id);
      expect(await attempt(process, event)).toBeGreaterThan(first);
    });

    test("rises within a process that has two stores on the table, after a deletion", async () => {
      const event = payment();
      const first = await attempt(table.anotherProcess(), event);
      await table.remove(await recordIdOf(table.store, event));
      vi.setSystemTime(NOON - 60_000);
      expect(await attempt(table.anotherProcess(), event)).toBeGreaterThan(first);
    });
  });

  test("rises within a process after a deletion, however many other keys had foreign fences ahead", async () => {
    const table = memoryTable();
    const planted = async (): Promise<Payment> => {
      const event = payment();
      const id = await recordIdOf(table.store, event);
      await plant(table.store, inProgress(id, { fence: NOON + 3_600_000, expiresAt: 1_763_999_999 }));
      return event;
    };
    const event = await planted();
    const first = await attempt(table.store, event);
    for (let i = 0; i < 1_001; i++) await attempt(table.store, await planted());
    await table.remove(await recordIdOf(table.store, event));
    expect(await attempt(table.store, event)).toBeGreaterThan(first);
  });
});
