/**
 * One that waits for a running attempt ends with its outcome, a refusal, or by taking over. G25, on real stores.
 * How it ends before its own deadline is in `waiting-deadline.test.ts`.
 */
import { beforeAll, describe, expect, test, vi } from "vitest";
import { executeOnce, isInProgressError } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { dynamoDBStore } from "../../src/stores/dynamodb.ts";
import { engineClient, freshTable } from "../support/dynamodb.ts";
import { type FaultPlan, faultyStore } from "../support/faults.ts";
import { gate } from "../support/gate.ts";
import { errorOf, payment, protect, recorder, recordIdOf } from "../support/payments.ts";
import { inProgress, onEveryTable, plant, type Table } from "../support/tables.ts";

const FAR = 4_000_000_000;
const WAIT = { whenInProgress: { waitMs: 15_000 } } as const;
/** A store of another process, and the moment at which it looks at the running attempt for the first time. */
function watched(table: Table): { store: Store & FaultPlan; looked: Promise<void> } {
  const store = faultyStore(table.anotherProcess());
  const looked = Promise.withResolvers<void>();
  store.next("read", async (send) => {
    looked.resolve();
    return await send();
  });
  return { store, looked: looked.promise };
}

describe("one that waits for another process", () => {
  onEveryTable((makeTable) => {
    let table: Table;
    beforeAll(async () => {
      table = await makeTable();
    });

    test("gets the outcome, as a replay, without a run of its own", async () => {
      const { key } = payment();
      const running = gate();
      const options = { operation: "ship", ...WAIT };
      const work = async () => {
        await running.pass();
        return { tracking: "T1" };
      };
      const first = executeOnce(key, work, { ...options, store: table.anotherProcess() });
      await running.reached;
      const { store, looked } = watched(table);
      const told = recorder();
      const handler = vi.fn();
      const second = executeOnce(key, handler, { ...options, store, onEvent: told.onEvent });
      await looked;
      running.open();
      expect(await first).toEqual({ value: { tracking: "T1" }, replayed: false });
      expect(await second).toEqual({ value: { tracking: "T1" }, replayed: true });
      expect(handler).not.toHaveBeenCalled();
      expect(told.types()).toEqual(["replayed"]);
    });

    test("runs when the other gave the key up, as the next attempt", async () => {
      const event = payment();
      const running = gate();
      const failing = protect(table.anotherProcess(), async () => {
        await running.pass();
        throw new Error("declined");
      });
      const first = errorOf(failing(event));
      await running.reached;
      const { store, looked } = watched(table);
      const told = recorder();
      const second = protect(store, () => "paid", { ...WAIT, onEvent: told.onEvent })(event);
      await looked;
      running.open();
      expect(await second).toBe("paid");
      expect(await first).toMatchObject({ message: "declined" });
      expect(told.events).toMatchObject([{ type: "claimed", attempt: 2 }, { type: "completed" }]);
    });

    test("takes over when the other's lease ends", async () => {
      const event = payment();
      const leaseUntil = Date.now() + 250;
      const id = await recordIdOf(table.store, event);
      await plant(table.store, inProgress(id, { leaseUntil, expiresAt: FAR }));
      const told = recorder();
      const ran: number[] = [];
      const pay = protect(table.store, () => void ran.push(Date.now()), {
        ...WAIT,
        fingerprint: false,
        clockToleranceMs: 0,
        onEvent: told.onEvent,
      });
      await pay(event);
      expect(told.events).toMatchObject([{ type: "takenOver", attempt: 4 }, { type: "completed" }]);
      expect(ran[0]).toBeGreaterThan(leaseUntil);
    });

    test("runs when the record is deleted meanwhile", async () => {
      const event = payment();
      const id = await recordIdOf(table.store, event);
      await plant(table.store, inProgress(id, { leaseUntil: Date.now() + 60_000, expiresAt: FAR }));
      const { store, looked } = watched(table);
      const paying = protect(store, () => "paid", { ...WAIT, fingerprint: false })(event);
      await looked;
      await table.remove(id);
      expect(await paying).toBe("paid");
    });

    test("waits on when a third one took the key over, and gets that one's outcome", async () => {
      const event = payment();
      const id = await recordIdOf(table.store, event);
      await plant(table.store, inProgress(id, { leaseUntil: Date.now() + 150, expiresAt: FAR }));
      const options = { ...WAIT, fingerprint: false, clockToleranceMs: 0 } as const;
      const handler = vi.fn(() => "paid");
      const processes = Array.from({ length: 10 }, () => protect(table.anotherProcess(), handler, options));
      expect(await Promise.all(processes.map((pay) => pay(event)))).toEqual(Array(10).fill("paid"));
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test("is refused when its time is over, and told when the key is free at the latest", async () => {
      const event = payment();
      const id = await recordIdOf(table.store, event);
      await plant(table.store, inProgress(id, { leaseUntil: Date.now() + 60_000, expiresAt: FAR }));
      const handler = vi.fn();
      const told = recorder();
      const pay = protect(table.store, handler, {
        whenInProgress: { waitMs: 100 },
        fingerprint: false,
        onEvent: told.onEvent,
      });
      const error = await errorOf(pay(event));
      expect(error).toSatisfy(isInProgressError);
      const { retryAfterMs } = error as { retryAfterMs: number };
      expect(retryAfterMs).toBeGreaterThan(1_001);
      expect(retryAfterMs).toBeLessThanOrEqual(61_001);
      expect(handler).not.toHaveBeenCalled();
      expect(told.types()).toEqual(["rejected"]);
    });
  });
});

test("one that waits reads consistently: a look that is answered late shows no past", async () => {
  const client = engineClient();
  const reads: unknown[] = [];
  client.middlewareStack.add(
    (next) => (args) => {
      if ("Key" in args.input) reads.push({ ...args.input, TableName: "", Key: {} });
      return next(args);
    },
    { step: "initialize", name: "watchReads" },
  );
  const store = dynamoDBStore({ tableName: await freshTable(client), client });
  const event = payment();
  const leaseUntil = Date.now() + 60_000;
  await plant(store, inProgress(await recordIdOf(store, event), { leaseUntil, expiresAt: FAR }));
  await errorOf(protect(store, vi.fn(), { whenInProgress: { waitMs: 60 }, fingerprint: false })(event));
  expect(reads.length).toBeGreaterThan(0);
  for (const read of reads) expect(read).toEqual({ TableName: "", Key: {}, ConsistentRead: true });
});
