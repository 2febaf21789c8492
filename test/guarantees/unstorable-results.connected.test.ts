/**
 * A result that cannot be stored never causes a second run: it is found out before the write, the first caller gets it,
 * and every replay gets a clear error. G13.
 */
import { Readable } from "node:stream";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { everyOutcome, type HttpEvent, idempotentHttp, isResultNotStorableError } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { dynamoDBStore } from "../../src/stores/dynamodb.ts";
import { freshTable } from "../support/dynamodb.ts";
import { faultyStore, loseAnswer } from "../support/faults.ts";
import { answerWith, faultyClient } from "../support/faulty-client.ts";
import { errorOf, payment, protect, recorder, recordIdOf } from "../support/payments.ts";
import { onEveryTable, type Table } from "../support/tables.ts";

const circular: Record<string, unknown> = {};
circular["self"] = { deep: [circular] };

const throwing = (what: unknown): object => ({
  get total() {
    throw what;
  },
});
const proxyThrowing = (trap: keyof ProxyHandler<object>): object =>
  new Proxy(
    { a: 1 },
    {
      [trap]: () => {
        throw new Error(`trap ${trap}`);
      },
    },
  );
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable(
    {},
    { get: (target, name) => (name === "then" ? undefined : Reflect.get(target, name)) },
  );
  queueMicrotask(revoke);
  return { proxy };
};

const UNSTORABLE: [string, () => unknown][] = [
  ["five megabytes", () => "x".repeat(5_000_000)],
  ["one byte more than the store holds", () => "x".repeat(407_551)],
  ["few characters of many bytes", () => "é".repeat(203_776)],
  ["a function", () => () => 1],
  ["a function deep inside", () => ({ order: { items: [{ price: () => 1 }] } })],
  ["a symbol", () => Symbol("s")],
  ["a circular structure", () => circular],
  ["a stream", () => Readable.from(["a"])],
  ["a web response", () => new Response("a")],
  ["an async generator", () => (async function* () {})()],
  ["a promise inside", () => ({ later: Promise.resolve(1) })],
  ["a getter that throws", () => throwing(new Error("no total"))],
  ["a getter that throws undefined", () => throwing(undefined)],
  ["a getter that throws an object without a prototype", () => throwing(Object.create(null))],
  ["a getter that throws a message longer than an item", () => throwing(new Error("x".repeat(500_000)))],
  ["a function under a name longer than an item", () => ({ ["x".repeat(500_000)]: () => 1 })],
  [
    "a toJSON that throws",
    () => ({
      toJSON: () => {
        throw new Error("no JSON");
      },
    }),
  ],
  ["a toJSON that gives a function", () => ({ toJSON: () => () => 1 })],
  ["a proxy that throws for its keys", () => ({ p: proxyThrowing("ownKeys") })],
  ["a proxy that throws for its prototype", () => ({ p: proxyThrowing("getPrototypeOf") })],
  ["a proxy that was revoked", revoked],
  [
    "a structure without an end",
    () => {
      const make = (): object => ({
        get next() {
          return make();
        },
      });
      return make();
    },
  ],
];

/** Sizes are those of the texts: nothing is compressed. */
const uncompressed = (store: Store): Store => ({ ...store, compressAbove: Number.POSITIVE_INFINITY });

describe("a result that cannot be stored", () => {
  onEveryTable((makeTable) => {
    let table: Table;
    beforeAll(async () => {
      const { store, anotherProcess, remove } = await makeTable();
      table = { store: uncompressed(store), anotherProcess: () => uncompressed(anotherProcess()), remove };
    });

    test.each(UNSTORABLE)("goes to the first caller, and is never run for again: %s", async (_, make) => {
      const event = payment();
      const result = make();
      const handler = vi.fn(() => result);
      const told = recorder();
      const pay = protect(table.store, handler, { onEvent: told.onEvent });
      expect(Object.is(await pay(event), result)).toBe(true);
      const replay = await errorOf(pay(event));
      expect(replay).toSatisfy(isResultNotStorableError);
      expect(replay).toMatchObject({ operation: "pay", key: event.key });
      expect(await errorOf(protect(table.anotherProcess(), handler)(event))).toSatisfy(isResultNotStorableError);
      expect(handler).toHaveBeenCalledTimes(1);
      expect(told.types()).toEqual(["claimed", "completionFailed", "replayed"]);
      expect((await table.store.read(await recordIdOf(table.store, event)))?.status).toBe("COMPLETED");
    });

    test("is found out before the write: what is sent is the marker, once", async () => {
      const store = faultyStore(table.store);
      await protect(store, () => "x".repeat(5_000_000))(payment());
      expect(store.sent).toEqual(["insert", "complete"]);
    });

    test("of the largest size that fits is stored", async () => {
      const event = payment();
      const largest = "x".repeat(407_550);
      const pay = protect(table.store, () => largest);
      await pay(event);
      expect((await pay(event)) === largest).toBe(true);
    });

    test("is marked also when the answer to the marker got lost", async () => {
      const store = faultyStore(table.store);
      store.next("complete", loseAnswer);
      const event = payment();
      const handler = vi.fn(() => () => 1);
      await protect(store, handler)(event);
      expect(await errorOf(protect(store, handler)(event))).toSatisfy(isResultNotStorableError);
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test("and is an error goes to the first caller as it is, and to a replay as a clear error", async () => {
      const event = payment();
      const declined = Object.assign(new Error("declined"), { retry: () => 1 });
      const handler = vi.fn(() => Promise.reject(declined));
      const pay = protect(table.store, handler, { shouldStore: everyOutcome });
      expect(await errorOf(pay(event))).toBe(declined);
      expect(await errorOf(pay(event))).toSatisfy(isResultNotStorableError);
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test("goes to the first caller also where completions that fail are to be thrown", async () => {
      const pay = protect(table.store, () => Symbol.iterator, { whenCompletionFails: "throw" });
      expect(await pay(payment())).toBe(Symbol.iterator);
    });

    test("over HTTP is replayed as 409 without Retry-After", async () => {
      const body = "x".repeat(5_000_000);
      const pay = idempotentHttp(async () => ({ statusCode: 200, body }), { store: table.store, operation: "http" });
      const { key } = payment();
      const event = { httpMethod: "POST", path: "/p", headers: { "idempotency-key": key }, body: "{}" };
      const call = () =>
        pay(event as unknown as HttpEvent) as Promise<{ statusCode: number; headers?: object; body?: string }>;
      expect(await call()).toMatchObject({ statusCode: 200 });
      const replay = await call();
      expect(replay.statusCode).toBe(409);
      expect(replay.headers).not.toHaveProperty("Retry-After");
      expect(JSON.parse(replay.body ?? "")).toMatchObject({ type: "urn:lambda-once:problem:result-not-storable" });
    });
  });

  test("because DynamoDB finds the item too large after all is completed with the marker", async () => {
    const { client, faults } = faultyClient();
    const store = dynamoDBStore({ tableName: await freshTable(), client });
    faults.next("complete", answerWith("ValidationException", 400, "Item size has exceeded the maximum allowed size"));
    const handler = vi.fn(() => "paid");
    const event = payment();
    expect(await protect(store, handler)(event)).toBe("paid");
    expect(await errorOf(protect(store, handler)(event))).toSatisfy(isResultNotStorableError);
    expect(handler).toHaveBeenCalledTimes(1);
  });
});
