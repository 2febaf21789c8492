/**
 * Same key, other payload: neither run nor replayed, for as long as the record stands for a run or its outcome. G7.
 */
import { beforeAll, describe, expect, test, vi } from "vitest";
import { isPayloadMismatchError } from "../../src/index.ts";
import { faultyStore } from "../support/faults.ts";
import { gate } from "../support/gate.ts";
import { errorOf, payment, protect, recorder, recordIdOf } from "../support/payments.ts";
import { completedWith, inProgress, onEveryTable, plant, type Table } from "../support/tables.ts";

const FAR = 4_000_000_000;
describe("another payload under the same key", () => {
  onEveryTable((makeTable) => {
    let table: Table;
    beforeAll(async () => {
      table = await makeTable();
    });

    test.each([
      [
        "running",
        (id: string) => inProgress(id, { leaseUntil: Date.now() + 60_000, expiresAt: FAR, payloadHash: "a" }),
      ],
      ["abandoned, its lease over", (id: string) => inProgress(id, { expiresAt: FAR, payloadHash: "a" })],
      ["completed", (id: string) => completedWith(id, '"secret"', { expiresAt: FAR, payloadHash: "a" })],
    ])("is refused while the record is %s, and leaves it as it is", async (_, past) => {
      const event = payment();
      const id = await recordIdOf(table.store, event);
      await plant(table.store, past(id));
      const before = await table.store.read(id);
      const handler = vi.fn();
      const told = recorder();
      const pay = protect(table.store, handler, { onEvent: told.onEvent, whenInProgress: { waitMs: 5_000 } });
      expect(await errorOf(pay(event))).toSatisfy(isPayloadMismatchError);
      expect(handler).not.toHaveBeenCalled();
      expect(told.types()).toEqual(["mismatch"]);
      expect(await table.store.read(id)).toEqual(before);
    });

    test("is refused beside a running call of the same process, at once, also where duplicates wait", async () => {
      const event = payment(100);
      const running = gate();
      const handler = vi.fn(async () => {
        await running.pass();
        return "paid 100";
      });
      const pay = protect(table.store, handler, { whenInProgress: { waitMs: 10_000 } });
      const first = pay(event);
      await running.reached;
      expect(await errorOf(pay({ ...event, amount: 999 }))).toSatisfy(isPayloadMismatchError);
      running.open();
      expect(await first).toBe("paid 100");
      expect(await errorOf(pay({ ...event, amount: 999 }))).toSatisfy(isPayloadMismatchError);
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test("may be tried after a release: nothing was done under the key", async () => {
      const event = payment(100);
      const declined = protect(table.store, () => Promise.reject(new Error("declined")));
      await errorOf(declined(event));
      const pay = protect(table.store, ({ amount }) => `paid ${amount}`);
      expect(await pay({ ...event, amount: 50 })).toBe("paid 50");
      expect(await errorOf(pay(event))).toSatisfy(isPayloadMismatchError);
    });

    test("is refused for a waiter too, when the key was given to another payload while it waited", async () => {
      const event = payment(100);
      const first = gate();
      const failing = protect(table.anotherProcess(), async () => {
        await first.pass();
        throw new Error("declined");
      });
      const ended = errorOf(failing(event));
      await first.reached;
      const looked = gate();
      const waiting = faultyStore(table.anotherProcess());
      waiting.next("read", async (send) => {
        await looked.pass();
        return await send();
      });
      const handler = vi.fn();
      const waiter = errorOf(protect(waiting, handler, { whenInProgress: { waitMs: 10_000 } })(event));
      await looked.reached;
      first.open();
      await ended;
      await protect(table.anotherProcess(), () => "paid 7")({ ...event, amount: 7 });
      looked.open();
      expect(await waiter).toSatisfy(isPayloadMismatchError);
      expect(handler).not.toHaveBeenCalled();
    });

    test("is nothing where the check is off", async () => {
      const event = payment(100);
      const pay = protect(table.store, ({ amount }) => `paid ${amount}`, { fingerprint: false });
      expect(await pay(event)).toBe("paid 100");
      expect(await pay({ ...event, amount: 1 })).toBe("paid 100");
    });
  });
});
