/**
 * What the handler did is never thrown away: storing it is tried again, then the caller's policy decides, and the lease
 * keeps others out meanwhile. G11.
 */
import { beforeAll, describe, expect, test, vi } from "vitest";
import {
  everyOutcome,
  type HttpEvent,
  idempotentHttp,
  isInProgressError,
  isStoreUnavailableError,
} from "../../src/index.ts";
import { dynamoDBStore } from "../../src/stores/dynamodb.ts";
import { freshTable } from "../support/dynamodb.ts";
import { deny, fail, faultyStore, holdBefore, loseAnswer } from "../support/faults.ts";
import { accessDenied, faultyClient, serverError } from "../support/faulty-client.ts";
import { gate } from "../support/gate.ts";
import { errorOf, lambdaContext, payment, protect, recorder, recordIdOf } from "../support/payments.ts";
import { onEveryTable, type Table } from "../support/tables.ts";

describe("a completion that the store does not take", () => {
  onEveryTable((makeTable) => {
    let table: Table;
    beforeAll(async () => {
      table = await makeTable();
    });

    test("is tried again until it is stored, and the handler is not run again", async () => {
      const store = faultyStore(table.store);
      store.next("complete", fail, loseAnswer, fail);
      const handler = vi.fn(() => "paid");
      const told = recorder();
      const event = payment();
      expect(await protect(store, handler, { onEvent: told.onEvent })(event)).toBe("paid");
      expect(await protect(table.store, handler)(event)).toBe("paid");
      expect(handler).toHaveBeenCalledTimes(1);
      expect(told.types()).toEqual(["claimed", "completed"]);
      expect(store.sent).not.toContain("release");
    });

    test("carries the same outcome in every try, also when the caller's object changed meanwhile", async () => {
      const store = faultyStore(table.store);
      const result = { charge: "ch_1" };
      store.next("complete", async () => {
        result.charge = "changed";
        return await fail(() => Promise.reject());
      });
      const event = payment();
      await protect(store, () => result)(event);
      expect(await protect(table.store, vi.fn())(event)).toEqual({ charge: "ch_1" });
    });

    test("for good gives the caller the result, says so, and keeps others out by the lease", async () => {
      const store = faultyStore(table.store);
      store.every("complete", deny);
      const told = recorder();
      const event = payment();
      expect(await protect(store, () => "paid", { onEvent: told.onEvent })(event)).toBe("paid");
      expect(told.types()).toEqual(["claimed", "completionFailed"]);
      expect(store.sent).not.toContain("release");
      const other = vi.fn();
      expect(await errorOf(protect(table.store, other)(event))).toSatisfy(isInProgressError);
      expect(other).not.toHaveBeenCalled();
    });

    test("for good is thrown where the options say so, and still nothing is released", async () => {
      const store = faultyStore(table.store);
      store.every("complete", deny);
      const event = payment();
      const pay = protect(store, () => "paid", { whenCompletionFails: "throw" });
      expect(await errorOf(pay(event))).toSatisfy(isStoreUnavailableError);
      expect(store.sent).not.toContain("release");
      expect((await table.store.read(await recordIdOf(table.store, event)))?.status).toBe("IN_PROGRESS");
    });

    test("of an error that is to be stored throws the handler's own error, whatever the options say", async () => {
      const store = faultyStore(table.store);
      store.every("complete", deny);
      const declined = new Error("declined");
      const options = { whenCompletionFails: "throw", shouldStore: everyOutcome } as const;
      expect(await errorOf(protect(store, () => Promise.reject(declined), options)(payment()))).toBe(declined);
    });

    test("ends before the invocation's deadline when the store hangs", async () => {
      const held = gate();
      const store = faultyStore(table.store);
      store.every("complete", holdBefore(held));
      const told = recorder();
      const context = lambdaContext(800);
      expect(await protect(store, () => "paid", { onEvent: told.onEvent })(payment(), context)).toBe("paid");
      expect(context.getRemainingTimeInMillis()).toBeGreaterThan(0);
      expect(told.types()).toEqual(["claimed", "completionFailed"]);
      held.open();
    });

    test("is tried again also when the deadline has passed without being enforced", async () => {
      const store = faultyStore(table.store);
      store.next("complete", fail, fail);
      const told = recorder();
      const running = gate();
      const pay = protect(store, running.pass, { onEvent: told.onEvent });
      const paying = pay(payment(), lambdaContext(2_000));
      await running.reached;
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2_500 });
      running.open();
      await paying;
      vi.useRealTimers();
      expect(told.types()).toEqual(["claimed", "completed"]);
    });
  });

  test("for good over HTTP is a 503 that does not say the request was not processed", async () => {
    const { client, faults } = faultyClient({ maxAttempts: 1 });
    const store = dynamoDBStore({ tableName: await freshTable(), client });
    faults.every("complete", accessDenied);
    const handler = vi.fn(async () => ({ statusCode: 201, body: "charged" }));
    const pay = idempotentHttp(handler, { store, operation: "http", whenCompletionFails: "throw" });
    const event = { httpMethod: "POST", path: "/payments", headers: { "Idempotency-Key": "k" }, body: "{}" };
    const answer = (await pay(event as unknown as HttpEvent)) as { statusCode: number; body: string };
    expect(handler).toHaveBeenCalledTimes(1);
    expect(answer.statusCode).toBe(503);
    expect(answer.body).not.toMatch(/not processed|cannot be protected/i);
  });

  test("on DynamoDB is tried again above the SDK's retries", async () => {
    const { client, faults } = faultyClient({ maxAttempts: 2 });
    const store = dynamoDBStore({ tableName: await freshTable(), client });
    faults.next("complete", serverError, serverError, serverError);
    const handler = vi.fn(() => "paid");
    const event = payment();
    expect(await protect(store, handler)(event)).toBe("paid");
    expect(await protect(store, handler)(event)).toBe("paid");
    expect(handler).toHaveBeenCalledTimes(1);
    expect(faults.sent).toEqual(["insert", "complete", "complete", "complete", "complete", "insert"]);
  });
});
