/**
 * V8 (Node.js 24 and later, nodejs/node#63785) reads an escaped property name as `\` once it has parsed an object that has
 * the same properties before it and one named `\` in that place. Anybody who may send a body can bring that about. The
 * fuzzers found it; here it is on purpose: neither a replay (G6) nor a fingerprint (G7) may depend on what was parsed before.
 */
import { beforeEach, expect, test } from "vitest";
import { executeOnce, idempotentHttp } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { eventOf, headersOf, type Json, shapeNamed } from "../support/http-events.ts";

const shape = shapeNamed("HTTP API");

beforeEach(() => {
  JSON.parse(String.raw`{"amount":1,"\\":0}`);
  JSON.parse(String.raw`{"amount":[],"\\":0}`);
});

test.each(['"', "\n", "\\", "\t", "\u0001", "\ud800"])(
  "a replay has the name %j that the outcome had",
  async (name) => {
    const options = { store: memoryStore(), operation: "pay" };
    const work = (): unknown => ({ amount: 1, [name]: 2 });
    const { value: first } = await executeOnce("k", work, options);
    const { value, replayed } = await executeOnce("k", work, options);
    expect(replayed).toBe(true);
    expect(Object.keys(value as object)).toEqual(Object.keys(first as object));
  },
);

function payments(): (body: string) => Promise<Json> {
  const pay = idempotentHttp(async () => ({ statusCode: 201, body: "paid" }), {
    store: memoryStore(),
    operation: "pay",
  });
  return (body) => pay(eventOf(shape, { body }) as never) as Promise<Json>;
}

test("bodies that differ in an escaped name are two payloads", async () => {
  const send = payments();
  expect((await send(String.raw`{"amount":1,"\u5e74":2}`)).statusCode).toBe(201);
  expect((await send(String.raw`{"amount":1,"\u6708":2}`)).statusCode).toBe(422);
});

test("a name is the same escaped and not", async () => {
  const send = payments();
  await send('{"amount":1,"年":2}');
  expect(headersOf(await send(String.raw`{"amount":1,"\u5e74":2}`))["idempotent-replayed"]).toBe("true");
});

test("a retry is the same payload, whatever another sent meanwhile", async () => {
  const send = payments();
  const body = String.raw`{"fresh":1,"\u5e74":2}`;
  expect((await send(body)).statusCode).toBe(201);
  JSON.parse(String.raw`{"fresh":1,"\\":0}`);
  expect(headersOf(await send(body))["idempotent-replayed"]).toBe("true");
});
