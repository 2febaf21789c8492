/**
 * No run without a claim: where nobody knows whether the claim arrived, the handler does not run.
 * G10, with the one exception that the caller can ask for: to run unprotected.
 */
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type CommonOptions, isInProgressError, isStoreUnavailableError } from "../../src/index.ts";
import { dynamoDBStore } from "../../src/stores/dynamodb.ts";
import { engineClient, freshTable } from "../support/dynamodb.ts";
import { type Fault, fail, faultyStore, holdBefore, loseAnswer } from "../support/faults.ts";
import { accessDenied, breakConnection, faultyClient, serverError, throttle } from "../support/faulty-client.ts";
import { gate } from "../support/gate.ts";
import { errorOf, lambdaContext, type Payment, payment, protect, recorder, recordIdOf } from "../support/payments.ts";
import { completedWith, inProgress, onEveryTable, plant, releasedOne, type Table } from "../support/tables.ts";

const FAR = 4_000_000_000;
describe("a claim whose outcome is unknown", () => {
  onEveryTable((makeTable) => {
    let table: Table;
    beforeAll(async () => {
      table = await makeTable();
    });

    test.each([
      ["the request never arrived", fail],
      ["the answer got lost", loseAnswer],
    ])("runs nothing when %s", async (_, fault) => {
      const store = faultyStore(table.store);
      store.next("insert", fault);
      const handler = vi.fn();
      expect(await errorOf(protect(store, handler)(payment()))).toSatisfy(isStoreUnavailableError);
      expect(handler).not.toHaveBeenCalled();
      expect(store.sent).toEqual(["insert"]);
    });

    test.each([
      ["released", releasedOne],
      ["abandoned", inProgress],
      ["expired", (id: string) => completedWith(id, '"old"', { expiresAt: 1_000_000_000 })],
    ])("runs nothing when the answer to a claim over an %s record got lost", async (_, past) => {
      const event = payment();
      const id = await recordIdOf(table.store, event);
      await plant(table.store, past(id, { expiresAt: FAR }));
      const store = faultyStore(table.store);
      store.next("claimOver", loseAnswer);
      const handler = vi.fn();
      expect(await errorOf(protect(store, handler)(event))).toSatisfy(isStoreUnavailableError);
      expect(handler).not.toHaveBeenCalled();
    });

    test("that did arrive keeps the key until its lease is over, and no longer", async () => {
      const event = payment();
      const store = faultyStore(table.store);
      store.next("insert", loseAnswer);
      await errorOf(protect(store, vi.fn(), { leaseMs: 800, clockToleranceMs: 0 })(event));
      expect(await errorOf(protect(table.store, vi.fn())(event))).toSatisfy(isInProgressError);
      const next = protect(table.store, () => "paid", { whenInProgress: { waitMs: 10_000 }, clockToleranceMs: 0 });
      expect(await next(event)).toBe("paid");
    });

    test("runs nothing when the store does not answer before the invocation's deadline", async () => {
      const held = gate();
      const store = faultyStore(table.store);
      store.next("insert", holdBefore(held));
      const handler = vi.fn();
      const event = payment();
      expect(await errorOf(protect(store, handler)(event, lambdaContext(80)))).toSatisfy(isStoreUnavailableError);
      held.open();
      expect(handler).not.toHaveBeenCalled();
    });

    test.each([
      ["arrived", loseAnswer],
      ["did not arrive", fail],
    ])("that %s runs unprotected where the caller asked for it, and says so", async (_, fault) => {
      const store = faultyStore(table.store);
      store.next("insert", fault);
      const told = recorder();
      const options: Partial<CommonOptions<Payment>> = { whenStoreUnavailable: "run", onEvent: told.onEvent };
      const handler = vi.fn((_event, _context, { protected: isProtected }) => ({ isProtected }));
      expect(await protect(store, handler, options)(payment())).toEqual({ isProtected: false });
      expect(handler).toHaveBeenCalledTimes(1);
      expect(told.events).toMatchObject([{ type: "unprotected", reason: "storeUnavailable" }]);
      expect(store.sent).toEqual(["insert"]);
    });

    test("does not run beside an attempt that it saw running, whatever the caller asked for", async () => {
      const event = payment();
      const id = await recordIdOf(table.store, event);
      await plant(table.store, inProgress(id, { leaseUntil: Date.now() + 60_000, expiresAt: FAR }));
      const store = faultyStore(table.store);
      store.every("read", fail);
      const handler = vi.fn();
      const waiting = protect(store, handler, {
        whenStoreUnavailable: "run",
        whenInProgress: { waitMs: 5_000 },
        fingerprint: false,
      });
      expect(await errorOf(waiting(event))).toSatisfy(isInProgressError);
      expect(handler).not.toHaveBeenCalled();
    });
  });

  describe("on DynamoDB, below the SDK's retries", () => {
    const unknown: [string, Fault][] = [
      ["answers are lost", breakConnection],
      ["the table throttles", throttle],
      ["DynamoDB answers 500", serverError],
    ];

    test.each(unknown)("runs nothing while %s for longer than the SDK tries", async (_, fault) => {
      const { client, faults } = faultyClient({ maxAttempts: 2 });
      const store = dynamoDBStore({ tableName: await freshTable(), client });
      faults.next("insert", fault, fault);
      const handler = vi.fn();
      expect(await errorOf(protect(store, handler)(payment()))).toSatisfy(isStoreUnavailableError);
      expect(faults.sent.filter((step) => step === "insert").length).toBeGreaterThan(1);
      expect(handler).not.toHaveBeenCalled();
    });

    test("runs nothing when access is denied, and says which permission on which table", async () => {
      const { client, faults } = faultyClient();
      const tableName = await freshTable();
      faults.next("insert", accessDenied);
      const handler = vi.fn();
      const error = await errorOf(protect(dynamoDBStore({ tableName, client }), handler)(payment()));
      expect(error).toSatisfy(isStoreUnavailableError);
      expect(error).toMatchObject({ transient: false });
      expect(String(error)).toContain(tableName);
      expect(String(error)).toContain("dynamodb:PutItem");
      expect(handler).not.toHaveBeenCalled();
    });

    test("runs nothing when there is no such table, and names it", async () => {
      const handler = vi.fn();
      const store = dynamoDBStore({ tableName: "no-such-table", client: engineClient() });
      const error = await errorOf(protect(store, handler)(payment()));
      expect(error).toSatisfy(isStoreUnavailableError);
      expect(String(error)).toContain("no-such-table");
      expect(handler).not.toHaveBeenCalled();
    });
  });
});
