/**
 * Who lost the key changes nothing, ever, and is told what became of it.
 * G2 (complete and release only while in progress and mine), G5 (what is completed stays).
 */
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { isOwnershipLostError, isStoreUnavailableError, type StoredRecord } from "../../src/index.ts";
import { gate } from "../support/gate.ts";
import { type Payment, payment, protect, recorder, recordIdOf } from "../support/payments.ts";
import { onEveryTable, type Table } from "../support/tables.ts";

const NOON = 1_764_000_000_000;
/** The late owner's lease is 10 s, the clock error allowed for 1 s. */
const AFTER_LEASE = NOON + 11_001;

describe("an attempt whose lease ran out", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: NOON }));
  afterEach(() => void vi.useRealTimers());

  onEveryTable((makeTable) => {
    let table: Table;
    beforeAll(async () => {
      table = await makeTable();
    });

    /** Starts a late owner, moves the clock past its lease, and lets the test decide what happens meanwhile. */
    async function late(end: () => unknown, options: { whenCompletionFails?: "throw" } = {}) {
      const event = payment();
      const running = gate();
      const told = recorder();
      const handler = async () => {
        await running.pass();
        return await end();
      };
      const ended = protect(table.anotherProcess(), handler, { leaseMs: 10_000, onEvent: told.onEvent, ...options })(
        event,
      ).then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      await running.reached;
      vi.setSystemTime(AFTER_LEASE);
      const id = await recordIdOf(table.store, event);
      return {
        event,
        id,
        told,
        /** Ends the late owner; gives how its call ended and the record before and after. */
        async finish() {
          const before = await table.store.read(id);
          running.open();
          const outcome = await ended;
          return { outcome, before, after: await table.store.read(id) };
        },
      };
    }

    const other = (event: Payment, handler: () => unknown): Promise<unknown> =>
      protect(table.anotherProcess(), handler)(event);

    test("completes as if nothing had been, when nobody took the key over", async () => {
      const owner = await late(() => "late");
      const { outcome, before, after } = await owner.finish();
      expect(outcome).toEqual({ value: "late" });
      expect(after).toMatchObject({ fence: before?.fence, owner: before?.owner });
      expect(after).toMatchObject({ status: "COMPLETED", result: '"late"', attempts: 1 });
    });

    test("gets the outcome of the one that took over and completed, and leaves it as it is", async () => {
      const owner = await late(() => "late");
      expect(await other(owner.event, () => "newer")).toBe("newer");
      const { outcome, before, after } = await owner.finish();
      expect(outcome).toEqual({ value: "newer" });
      expect(after).toEqual(before);
      expect(owner.told.types()).toEqual(["claimed", "ownershipLost"]);
      expect(await other(owner.event, () => "never")).toBe("newer");
    });

    test("loses to the one that is running now, and leaves it running", async () => {
      const owner = await late(() => "late");
      const taken = gate();
      const taker = other(owner.event, async () => {
        await taken.pass();
        return "newer";
      });
      await taken.reached;
      const { outcome, before, after } = await owner.finish();
      const { error } = outcome as { error: unknown };
      expect(error).toSatisfy(isOwnershipLostError);
      expect(error).toMatchObject({ retryAfterMs: 901_001 });
      expect(after).toEqual(before);
      expect(after).toMatchObject({ status: "IN_PROGRESS", attempts: 2 });
      taken.open();
      expect(await taker).toBe("newer");
    });

    test("loses when the one that took over gave the key up, and does not complete it", async () => {
      const owner = await late(() => "late");
      await expect(other(owner.event, () => Promise.reject(new Error("declined")))).rejects.toThrow("declined");
      const { outcome, before, after } = await owner.finish();
      expect((outcome as { error: unknown }).error).toSatisfy(isOwnershipLostError);
      expect(after).toEqual(before);
      expect(after?.status).toBe("RELEASED");
    });

    test("never gets the outcome of another payload that the key was given to meanwhile", async () => {
      const owner = await late(() => "late");
      await expect(other(owner.event, () => Promise.reject(new Error("declined")))).rejects.toThrow("declined");
      expect(await other({ ...owner.event, amount: 7 }, () => "for 7")).toBe("for 7");
      const { outcome, before, after } = await owner.finish();
      expect((outcome as { error: unknown }).error).toSatisfy(isOwnershipLostError);
      expect(after).toEqual(before);
    });

    test("does not bring a deleted record back: its caller gets the result", async () => {
      const owner = await late(() => "late");
      await table.remove(owner.id);
      const { outcome, after } = await owner.finish();
      expect(outcome).toEqual({ value: "late" });
      expect(after).toBeUndefined();
      expect(owner.told.types()).toEqual(["claimed", "completionFailed"]);
    });

    test("is told that the record was deleted, where its options say to throw", async () => {
      const owner = await late(() => "late", { whenCompletionFails: "throw" });
      await table.remove(owner.id);
      const { outcome, after } = await owner.finish();
      expect((outcome as { error: unknown }).error).toSatisfy(isStoreUnavailableError);
      expect(after).toBeUndefined();
    });

    const meanwhile: [
      string,
      (owner: { event: Payment; id: string }) => Promise<unknown>,
      StoredRecord["status"] | undefined,
    ][] = [
      ["completed", ({ event }) => other(event, () => "newer"), "COMPLETED"],
      ["gave it up", ({ event }) => other(event, () => Promise.reject(new Error("other"))).catch(() => 0), "RELEASED"],
      ["was deleted", ({ id }) => table.remove(id), undefined],
    ];
    test.each(meanwhile)(
      "that fails throws its own error and releases nothing, when the other %s",
      async (_, act, status) => {
        const declined = new Error("declined");
        const owner = await late(() => Promise.reject(declined));
        await act(owner);
        const { outcome, before, after } = await owner.finish();
        expect((outcome as { error: unknown }).error).toBe(declined);
        expect(after).toEqual(before);
        expect(after?.status).toBe(status);
        expect(owner.told.types()).toEqual(["claimed", "ownershipLost"]);
      },
    );

    test("that fails does not free the key that another is running on", async () => {
      const declined = new Error("declined");
      const owner = await late(() => Promise.reject(declined));
      const taken = gate();
      const taker = other(owner.event, taken.pass);
      await taken.reached;
      const { outcome, before, after } = await owner.finish();
      expect((outcome as { error: unknown }).error).toBe(declined);
      expect(after).toEqual(before);
      taken.open();
      await taker;
    });
  });
});
