/** The HTTP table on a real engine: what is in the table is what comes back (G1, G2, G5, G6, G7). */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { idempotentHttp } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { dynamoDBStore } from "../../src/stores/dynamodb.ts";
import { engineClient, freshTable } from "../support/dynamodb.ts";
import { gate } from "../support/gate.ts";
import { created, eventOf, headersOf, type Json, SHAPES } from "../support/http-events.ts";
import { lambdaContext } from "../support/lambda-context.ts";

let store: Store;
beforeAll(async () => {
  const client = engineClient();
  store = dynamoDBStore({ tableName: await freshTable(client), client });
});

describe.each(SHAPES)("$name", (shape) => {
  function wrap(handler: () => Promise<Json>, key: string): (change?: object) => Promise<Json> {
    const pay = idempotentHttp((_event: Json) => handler(), { store, operation: `pay over ${shape.name}` });
    return async (change = {}) => await pay(eventOf(shape, { key, ...change }), lambdaContext());
  }

  test("runs once, replays, tells payloads apart, and forgets what failed", async () => {
    let runs = 0;
    const pay = wrap(async () => {
      if (++runs === 1) throw new Error("declined");
      return created(shape, `ch_${runs} äöü 😀`);
    }, randomUUID());
    await expect(pay()).rejects.toThrow("declined");
    expect(await pay()).toEqual(created(shape, "ch_2 äöü 😀"));
    const replay = await pay();
    expect(headersOf(replay)["idempotent-replayed"]).toBe("true");
    expect(replay.body).toBe("ch_2 äöü 😀");
    expect(await pay({ body: "{}" })).toMatchObject({ statusCode: 422 });
    expect(runs).toBe(2);
  });

  test("of ten requests at once one runs and nine get 409", async () => {
    const running = gate();
    let runs = 0;
    const pay = wrap(async () => {
      runs++;
      await running.pass();
      return created(shape, "ch_1");
    }, randomUUID());
    const first = pay();
    await running.reached;
    const others = await Promise.all(Array.from({ length: 9 }, () => pay()));
    expect(others.map(({ statusCode }) => statusCode)).toEqual(Array(9).fill(409));
    expect(others.every((other) => Number(headersOf(other)["retry-after"]) > 25)).toBe(true);
    running.open();
    expect(await first).toEqual(created(shape, "ch_1"));
    expect(runs).toBe(1);
  });

  test("a table that is not there gets 503 with Retry-After, and nothing runs", async () => {
    const missing = dynamoDBStore({ tableName: "no-such-table", client: engineClient() });
    const pay = idempotentHttp(async (_event: Json) => expect.unreachable() as Json, {
      store: missing,
      operation: "pay",
    });
    const response = (await pay(eventOf(shape), lambdaContext())) as Json;
    expect(response.statusCode).toBe(503);
    expect(headersOf(response)["retry-after"]).toBe("1");
    expect(response.body).not.toContain("no-such-table");
  });

  test("whoever runs the function is told why the client got a 503", async () => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const missing = dynamoDBStore({ tableName: "no-such-table", client: engineClient() });
    const options = { store: missing, operation: "pay" };
    const secret = "secret `key`) of a caller";
    const pay = idempotentHttp(async (_event: Json) => created(shape, "ch_1"), options);
    await pay(eventOf(shape, { key: secret }), lambdaContext());
    const told = warned.mock.calls;
    warned.mockRestore();
    expect(told).toHaveLength(1);
    expect(told[0]?.[0]).toMatch(/^Idempotency table `no-such-table`: it does not exist.* \(operation `pay`\)$/);
    expect(told[0]?.[0]).not.toContain(secret); // a key may be somebody's secret, and a log is read by many
    expect(told[0]?.[1]).toEqual({ type: "LambdaOnceWarning" });
  });
});
