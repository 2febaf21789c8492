/** Which methods are protected; others pass through untouched. */
import { describe, expect, test } from "vitest";
import { currentExecution, type HttpOptions, idempotentHttp } from "../../src/index.ts";
import { created, eventOf, type Json, SHAPES } from "../support/http-events.ts";
import { lambdaContext } from "../support/lambda-context.ts";
import { downStore, probeStore } from "../support/probe-store.ts";

describe.each(SHAPES)("$name", (shape) => {
  /** How often the handler ran for two calls with one key. */
  async function runs(method: string, options: Partial<HttpOptions<Json>> = {}): Promise<number> {
    let count = 0;
    const pay = idempotentHttp(async (_event: Json) => created(shape, `${++count}`) as Json, {
      store: probeStore(),
      operation: "pay",
      ...options,
    });
    await pay(eventOf(shape, { method }), lambdaContext());
    await pay(eventOf(shape, { method }), lambdaContext());
    return count;
  }

  test.each(["POST", "PUT", "PATCH"])("%s is protected", async (method) => {
    expect(await runs(method)).toBe(1);
  });

  test.each(["GET", "HEAD", "OPTIONS", "DELETE"])("%s passes through: the handler runs each time", async (method) => {
    expect(await runs(method)).toBe(2);
  });

  test("the option `methods` says which, in any letter case", async () => {
    const options = { methods: ["delete", "Post"] };
    expect(await runs("DELETE", options)).toBe(1);
    expect(await runs("POST", options)).toBe(1);
    expect(await runs("PUT", options)).toBe(2);
  });

  test("a method in lower case is the same method", async () => {
    expect(await runs("post")).toBe(1);
  });

  test("passing through asks no store, needs no key, says nothing and changes nothing", async () => {
    const events: unknown[] = [];
    const response = created(shape, "listed");
    const list = idempotentHttp(
      async (_event: Json, _context: unknown, execution) => {
        expect(execution).toMatchObject({ key: "", operation: "pay", attempt: 1, protected: false });
        expect(currentExecution()).toBe(execution);
        return response as Json;
      },
      { store: downStore(), operation: "pay", requireKey: true, onEvent: (event) => void events.push(event) },
    );
    expect(await list(eventOf(shape, { method: "GET", key: "x".repeat(300) }), lambdaContext())).toBe(response);
    expect(events).toEqual([]);
  });

  test("an error of a handler that passes through is the handler's own", async () => {
    const error = new Error("no");
    const list = idempotentHttp(async (_event: Json) => Promise.reject(error), {
      store: probeStore(),
      operation: "pay",
    });
    await expect(list(eventOf(shape, { method: "GET" }), lambdaContext())).rejects.toBe(error);
  });
});
