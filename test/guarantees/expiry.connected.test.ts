/**
 * An expired record counts as none, deleted or not; before that, what is completed stays. TTL may delete at any moment.
 * G5, G14 (and api.md: `ttlSeconds` counts from completion, `attempts` starts at 1 after expiry).
 */
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { StoredRecord } from "../../src/index.ts";
import { faultyStore, firstDo } from "../support/faults.ts";
import { type Payment, payment, protect, recorder, recordIdOf } from "../support/payments.ts";
import { completedWith, inProgress, onEveryTable, plant, releasedOne, type Table } from "../support/tables.ts";

const NOON = 1_764_000_000_000;
const EXPIRED = 1_764_000_000;

describe("a record that expired and was not deleted yet", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: NOON }));
  afterEach(() => void vi.useRealTimers());

  onEveryTable((makeTable) => {
    let table: Table;
    beforeAll(async () => {
      table = await makeTable();
    });

    const states: [string, (id: string) => StoredRecord][] = [
      ["in progress", (id) => inProgress(id, { expiresAt: EXPIRED, payloadHash: "other" })],
      ["completed", (id) => completedWith(id, '"old"', { expiresAt: EXPIRED, payloadHash: "other" })],
      ["released", (id) => releasedOne(id, { expiresAt: EXPIRED, payloadHash: "other" })],
    ];

    test.each(states)("counts as none when it was %s, whatever its payload was", async (_, past) => {
      const event = payment();
      const id = await recordIdOf(table.store, event);
      await plant(table.store, past(id));
      const told = recorder();
      expect(await protect(table.store, () => "paid", { onEvent: told.onEvent })(event)).toBe("paid");
      expect(told.events).toMatchObject([
        { type: "claimed", attempt: 1 },
        { type: "completed", attempt: 1 },
      ]);
      expect(await table.store.read(id)).toMatchObject({ status: "COMPLETED", createdAt: NOON, attempts: 1 });
    });

    test("still blocks others while its lease runs, if somebody wrote it with an early expiry", async () => {
      const event = payment();
      const id = await recordIdOf(table.store, event);
      await plant(table.store, inProgress(id, { expiresAt: EXPIRED, leaseUntil: NOON + 5_000 }));
      const handler = vi.fn();
      await expect(protect(table.store, handler)(event)).rejects.toThrow("still running");
      expect(handler).not.toHaveBeenCalled();
    });

    test("is replayed until its last moment, and run again from then on", async () => {
      const event = payment();
      const handler = vi.fn().mockReturnValueOnce("first").mockReturnValueOnce("second");
      const pay = protect(table.store, handler, { ttlSeconds: 60 });
      expect(await pay(event)).toBe("first");
      const before = await table.store.read(await recordIdOf(table.store, event));
      vi.setSystemTime(NOON + 59_999);
      expect(await pay(event)).toBe("first");
      expect(await table.store.read(await recordIdOf(table.store, event))).toEqual(before);
      vi.setSystemTime(NOON + 60_000);
      expect(await pay(event)).toBe("second");
    });

    test("lives from its completion on, not from its claim", async () => {
      const event = payment();
      const pay = protect(table.store, () => void vi.setSystemTime(NOON + 30_000), { ttlSeconds: 60 });
      await pay(event);
      vi.setSystemTime(NOON + 89_999);
      const handler = vi.fn();
      await protect(table.store, handler)(event);
      expect(handler).not.toHaveBeenCalled();
    });

    test("is claimed by one of twenty that find it", async () => {
      const event = payment();
      await plant(table.store, completedWith(await recordIdOf(table.store, event), '"old"', { expiresAt: EXPIRED }));
      const handler = vi.fn(() => "paid");
      const all = Array.from({ length: 20 }, () =>
        protect(table.anotherProcess(), handler, { whenInProgress: { waitMs: 10_000 } })(event),
      );
      expect(await Promise.all(all)).toEqual(Array(20).fill("paid"));
      expect(handler).toHaveBeenCalledTimes(1);
    });
  });
});

describe("a record that is deleted", () => {
  onEveryTable((makeTable) => {
    let table: Table;
    beforeAll(async () => {
      table = await makeTable();
    });

    async function removed(event: Payment): Promise<void> {
      await table.remove(await recordIdOf(table.store, event));
    }

    test("after its completion is run again: the key is new", async () => {
      const event = payment();
      const handler = vi.fn(() => "paid");
      const pay = protect(table.store, handler);
      await pay(event);
      await removed(event);
      expect(await pay(event)).toBe("paid");
      expect(handler).toHaveBeenCalledTimes(2);
    });

    test("after a release starts again at the first attempt", async () => {
      const event = payment();
      const attempts: number[] = [];
      const pay = protect(table.store, (_event, _context, { attempt }) => {
        attempts.push(attempt);
        throw new Error("declined");
      });
      await pay(event).catch(() => undefined);
      await pay(event).catch(() => undefined);
      await removed(event);
      await pay(event).catch(() => undefined);
      expect(attempts).toEqual([1, 2, 1]);
    });

    test.each([
      ["before the claim is sent", "insert"],
      ["between the refusal and the claim over a released record", "claimOver"],
    ] as const)("%s changes nothing: one run", async (_, step) => {
      const event = payment();
      await protect(table.store, () => Promise.reject(new Error("declined")))(event).catch(() => undefined);
      const store = faultyStore(table.store);
      store.next(
        step,
        firstDo(() => removed(event)),
      );
      const handler = vi.fn(() => "paid");
      expect(await protect(store, handler)(event)).toBe("paid");
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test("while a handler runs does not come back by its failure, which is thrown as it is", async () => {
      const event = payment();
      const failing = protect(table.store, async () => {
        await removed(event);
        throw new Error("declined");
      });
      await expect(failing(event)).rejects.toThrow("declined");
      expect(await table.store.read(await recordIdOf(table.store, event))).toBeUndefined();
    });

    test("between two tries of a completion does not make it overwrite the one that claimed meanwhile", async () => {
      const event = payment();
      const store = faultyStore(table.store);
      store.next("complete", async (send) => {
        await removed(event);
        await protect(table.anotherProcess(), () => "newer")(event);
        return await send();
      });
      expect(await protect(store, () => "older")(event)).toBe("newer");
      expect(await protect(table.store, vi.fn())(event)).toBe("newer");
    });
  });
});
