/**
 * A run without protection is asked for, says so, and is one run. G10, G8, G17.
 */
import { describe, expect, test, vi } from "vitest";
import { type Execution, type HttpEvent, idempotentHttp } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { fail, faultyStore } from "../support/faults.ts";
import { payment, protect, recorder } from "../support/payments.ts";

const post = (headers: object = {}): object => ({ httpMethod: "POST", path: "/payments", headers, body: "{}" });

describe("without a key, where none is required", () => {
  test("an HTTP handler runs each time, with nothing stored, and the event says why", async () => {
    const store = faultyStore(memoryStore());
    const told = recorder();
    const executions: Execution[] = [];
    const response = { statusCode: 201, body: "charged" };
    const handler = vi.fn(async (_event: unknown, _context: unknown, execution: Execution) => {
      executions.push(execution);
      return response;
    });
    const pay = idempotentHttp(handler as never, { store, operation: "http", onEvent: told.onEvent });
    for (const headers of [{}, { "Idempotency-Key": "" }]) {
      expect(await pay(post(headers) as HttpEvent)).toBe(response);
    }
    expect(handler).toHaveBeenCalledTimes(2);
    expect(store.sent).toEqual([]);
    expect(told.events).toMatchObject([
      { type: "unprotected", reason: "keyMissing" },
      { type: "unprotected", reason: "keyMissing" },
    ]);
    expect(executions.map((execution) => execution.protected)).toEqual([false, false]);
    expect(executions[0]?.keyFor("charge")).not.toBe(executions[1]?.keyFor("charge"));
  });

  test("a method that is not protected passes through, and nothing is said", async () => {
    const store = faultyStore(memoryStore());
    const told = recorder();
    const handler = vi.fn(async () => ({ statusCode: 200, body: "list" }));
    const list = idempotentHttp(handler, { store, operation: "http", onEvent: told.onEvent });
    const event = { ...post({ "Idempotency-Key": "k" }), httpMethod: "GET" };
    await list(event as unknown as HttpEvent);
    await list(event as unknown as HttpEvent);
    expect(handler).toHaveBeenCalledTimes(2);
    expect(store.sent).toEqual([]);
    expect(told.types()).toEqual([]);
  });

  test("the handler's own error passes through", async () => {
    const declined = new Error("declined");
    const pay = protect(memoryStore(), () => Promise.reject(declined), { key: () => undefined, requireKey: false });
    expect(await pay(payment()).catch((error: unknown) => error)).toBe(declined);
  });
});

describe("without a store, where the options say to run", () => {
  test("each call runs, once, although duplicates come at the same time", async () => {
    const store = faultyStore(memoryStore());
    store.every("insert", fail);
    const told = recorder();
    const handler = vi.fn(() => "paid");
    const pay = protect(store, handler, { whenStoreUnavailable: "run", onEvent: told.onEvent });
    const event = payment();
    expect(await Promise.all([pay(event), pay(event)])).toEqual(["paid", "paid"]);
    expect(handler).toHaveBeenCalledTimes(2);
    expect(told.types()).toEqual(["unprotected", "unprotected"]);
    expect(store.sent).toEqual(["insert", "insert"]);
  });

  test("a stored outcome is still replayed, and another payload still refused, once the store is back", async () => {
    const store = faultyStore(memoryStore());
    const event = payment(100);
    const handler = vi.fn(() => "paid");
    const pay = protect(store, handler, { whenStoreUnavailable: "run" });
    await pay(event);
    store.next("insert", fail);
    await pay(event);
    expect(handler).toHaveBeenCalledTimes(2);
    expect(await pay(event)).toBe("paid");
    await expect(pay({ ...event, amount: 1 })).rejects.toThrow("another payload");
    expect(handler).toHaveBeenCalledTimes(2);
  });

  test("an HTTP call that may not run is a 503 with Retry-After, and did not run", async () => {
    const store = faultyStore(memoryStore());
    store.every("insert", fail);
    const handler = vi.fn();
    const pay = idempotentHttp(handler, { store, operation: "http" });
    const answer = await pay(post({ "Idempotency-Key": "k" }) as HttpEvent);
    expect(answer).toMatchObject({ statusCode: 503, headers: { "Retry-After": "1" } });
    expect(handler).not.toHaveBeenCalled();
  });
});
