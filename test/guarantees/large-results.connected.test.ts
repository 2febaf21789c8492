/**
 * Large results: compressed, in a body of their own, and nothing ever refers to a body that is not there. G5, G6, G11,
 * G13, G27.
 */
import {
  type DynamoDBClient,
  GetItemCommand,
  type GetItemCommandOutput,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { beforeAll, describe, expect, inject, test, vi } from "vitest";
import { isResultNotStorableError, isStoreUnavailableError } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { type DynamoDBStoreOptions, dynamoDBStore } from "../../src/stores/dynamodb.ts";
import { leanDynamoDBStore } from "../../src/stores/lean.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { engineClient, freshTable } from "../support/dynamodb.ts";
import { deny, fail, faultyStore, firstDo, holdBefore, loseAnswer } from "../support/faults.ts";
import { gate } from "../support/gate.ts";
import { noise } from "../support/noise.ts";
import { errorOf, lambdaContext, type Payment, payment, protect, recorder, recordIdOf } from "../support/payments.ts";
import { dynamoDBTable } from "../support/tables.ts";

type Options = Omit<DynamoDBStoreOptions, "tableName" | "client">;

const CLIENTS: Readonly<Record<string, (tableName: string, options: Options) => Store>> = {
  dynamoDBStore: (tableName, options) => dynamoDBStore({ tableName, client: engineClient(), ...options }),
  leanDynamoDBStore: (tableName, options) =>
    leanDynamoDBStore({ tableName, endpoint: inject("dynamoDB").endpoint, region: "us-east-1", ...options }),
};

const LONG = noise(40_000);
/** As JSON of a real answer: compresses to less than a tenth. */
const WORDY = JSON.stringify(Array.from({ length: 500 }, (_, i) => ({ id: i, status: "shipped", currency: "USD" })));

let client: DynamoDBClient;
let tableName: string;

beforeAll(async () => {
  client = engineClient();
  tableName = await freshTable(client);
});

const makeStoreOf = (): Store => dynamoDBStore({ tableName, client: engineClient() });

async function item(id: string): Promise<NonNullable<GetItemCommandOutput["Item"]>> {
  const { Item = {} } = await client.send(new GetItemCommand({ TableName: tableName, Key: { id: { S: id } } }));
  return Item;
}

const bodyIdOf = (record: Record<string, { S?: string | undefined }>): string =>
  record["result_ref"]?.S?.slice("item:".length) ?? "";

describe.each(Object.entries(CLIENTS))("a large result over %s", (_, makeStore) => {
  test.each([
    ["500 bytes", noise(500), ["insert", "complete"], ["insert"]],
    ["4 000 bytes", noise(4_000), ["insert", "complete"], ["insert"]],
    ["words that compress well", WORDY, ["insert", "complete"], ["insert"]],
    ["40 KB", LONG, ["insert", "putBody", "complete"], ["insert", "getBody"]],
    ["300 KB", noise(300_000), ["insert", "putBody", "complete"], ["insert", "getBody"]],
    ["5 MB of one letter", "x".repeat(5_000_000), ["insert", "complete"], ["insert"]],
  ])("of %s is replayed, in so many requests", async (_size, result, first, replay) => {
    const store = faultyStore(makeStore(tableName, {}));
    const event = payment();
    const handler = vi.fn(() => result);
    const pay = protect(store, handler);
    expect((await pay(event)) === result).toBe(true);
    expect(store.sent).toEqual(first);
    expect((await pay(event)) === result).toBe(true);
    expect(store.sent.slice(first.length)).toEqual(replay);
    expect((await protect(makeStore(tableName, {}), handler)(event)) === result).toBe(true);
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test("is kept in the record up to `inlineLimit` bytes as stored, and beside it from there on", async () => {
    const store = makeStore(tableName, { inlineLimit: 100, compressAbove: Number.POSITIVE_INFINITY });
    const [fits, isLonger] = [payment(), payment()];
    await protect(store, () => "x".repeat(98))(fits);
    await protect(store, () => "x".repeat(99))(isLonger);
    expect(await item(await recordIdOf(store, fits))).toMatchObject({ result: { S: `"${"x".repeat(98)}"` } });
    const record = await item(await recordIdOf(store, isLonger));
    expect(record).not.toHaveProperty("result");
    expect(await item(bodyIdOf(record))).toMatchObject({ result: { S: `"${"x".repeat(99)}"` } });
  });

  test("has a body that outlives the record by an hour and the clock error allowed for", async () => {
    const store = makeStore(tableName, {});
    const event = payment();
    await protect(store, () => LONG, { ttlSeconds: 60, clockToleranceMs: 7_500 })(event);
    const record = await item(await recordIdOf(store, event));
    const body = await item(bodyIdOf(record));
    const longer = Number(body["expires_at"]?.N) - Number(record["expires_at"]?.N);
    expect(longer).toBeGreaterThanOrEqual(3_608);
    expect(longer).toBeLessThan(3_620);
  });

  test("leaves a record of less than a kilobyte, which is what a refused claim is billed by", async () => {
    const store = makeStore(tableName, {});
    const event = payment();
    await protect(store, () => LONG)(event);
    expect(JSON.stringify(await item(await recordIdOf(store, event))).length).toBeLessThan(1_024);
  });

  test("above `compressAbove` is stored compressed where that makes it shorter, else as text", async () => {
    const store = makeStore(tableName, {});
    const [short, wordy] = [payment(), payment()];
    await protect(store, () => "x".repeat(1_022))(short);
    await protect(store, () => WORDY)(wordy);
    expect(await item(await recordIdOf(store, short))).toMatchObject({ result: { S: `"${"x".repeat(1_022)}"` } });
    expect((await item(await recordIdOf(store, wordy)))["result"]?.B?.length).toBeLessThan(4_096);
  });

  test("in another script comes back as it was", async () => {
    const store = makeStore(tableName, { inlineLimit: 0, compressAbove: 0 });
    const result = { text: "Überweisung 請求書 🧾 \ud800 ".repeat(200), at: new Date(0) };
    const event = payment();
    const pay = protect(store, () => result);
    await pay(event);
    expect(await pay(event)).toEqual(result);
  });

  test("that no item holds is completed with a marker, and never run for again", async () => {
    const store = makeStore(tableName, {});
    const event = payment();
    const handler = vi.fn(() => noise(700_000));
    const pay = protect(store, handler);
    expect(await pay(event)).toHaveLength(700_000);
    const replay = await errorOf(pay(event));
    expect(replay).toSatisfy(isResultNotStorableError);
    expect(String(replay)).toMatch(/it is 700002 bytes \(\d{6} compressed\), and the store holds 407552/);
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test("is found by a call that waits for it, and by one that reads first", async () => {
    const running = gate();
    const store = faultyStore(makeStore(tableName, {}));
    const event = payment();
    const first = protect(store, async () => {
      await running.pass();
      return LONG;
    })(event);
    await running.reached;
    const other = makeStore(tableName, {});
    const waiting = protect(other, () => "no", { whenInProgress: { waitMs: 20_000 } })(event);
    running.open();
    expect(await first).toBe(LONG);
    expect(await waiting).toBe(LONG);
  });
});

/** While the call of `store` is under way, another attempt takes over and completes with this, in a body. */
function overtakenBy(inner: Store, event: Payment, outcome: string): () => Promise<void> {
  return async () => {
    const id = await recordIdOf(inner, event);
    const seen = await inner.read(id);
    if (seen?.status !== "IN_PROGRESS") throw new Error("there should be an attempt under way");
    const claim = { ...seen, owner: "another", fence: seen.fence + 1 };
    await inner.swap(seen, claim);
    const data = JSON.stringify(outcome);
    const ref = (await inner.bodies?.put({ id, owner: "another", expiresAt: 4_000_000_000, data })) ?? "";
    await inner.swap(claim, { ...claim, status: "COMPLETED", result: { ref }, completedAt: 1 });
  };
}

describe("a body", () => {
  test("that took long to write takes nothing of the time that the outcome is kept", async () => {
    const store = faultyStore(makeStoreOf());
    const event = payment();
    let writtenAt = 0;
    store.next("putBody", async (send) => {
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      writtenAt = Date.now();
      return await send();
    });
    await protect(store, () => LONG, { ttlSeconds: 1 })(event);
    const record = await item(await recordIdOf(store, event));
    expect(Number(record["expires_at"]?.N) * 1_000).toBeGreaterThanOrEqual(writtenAt + 1_000);
  });

  test("is written before the record refers to it: while it is under way the record is in progress", async () => {
    const store = faultyStore((await dynamoDBTable()).store);
    const event = payment();
    const held = gate();
    store.next("putBody", holdBefore(held));
    const call = protect(store, () => LONG)(event);
    await held.reached;
    expect((await store.read(await recordIdOf(store, event)))?.status).toBe("IN_PROGRESS");
    held.open();
    expect(await call).toBe(LONG);
  });

  test("whose write is not answered is written again", async () => {
    const store = faultyStore((await dynamoDBTable()).store);
    store.next("putBody", loseAnswer, fail);
    const event = payment();
    const pay = protect(store, () => LONG);
    expect(await pay(event)).toBe(LONG);
    expect(store.sent).toEqual(["insert", "putBody", "putBody", "putBody", "complete"]);
    expect(await pay(event)).toBe(LONG);
  });

  test.each([
    ["is refused for good", deny, ["insert", "putBody", "complete"]],
    [
      "fails until the time is up",
      fail,
      ["insert", "putBody", "putBody", "putBody", "putBody", "putBody", "putBody", "complete"],
    ],
  ])("whose write %s: the record says so, and nothing is run again", async (_, fault, sent) => {
    const store = faultyStore((await dynamoDBTable()).store);
    store.every("putBody", fault);
    const event = payment();
    const handler = vi.fn(() => LONG);
    const told = recorder();
    const pay = protect(store, handler, { onEvent: told.onEvent });
    expect(await pay(event)).toBe(LONG);
    expect(store.sent).toEqual(sent);
    expect(told.types()).toEqual(["claimed", "completionFailed"]);
    expect(told.events[1]).toMatchObject({ error: { cause: { message: expect.stringContaining("injected") } } });
    expect(await errorOf(pay(event))).toSatisfy(isResultNotStorableError);
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test("whose write fails leaves no key in the table: the record says why, and not of which call", async () => {
    const store = faultyStore((await dynamoDBTable()).store);
    store.every("putBody", deny);
    const event = { key: "secret `key`) of a caller", amount: 100 };
    const pay = protect(store, () => LONG);
    await pay(event);
    expect(await store.read(await recordIdOf(store, event))).toMatchObject({
      status: "COMPLETED",
      result: '{"$unstorable":"injected: no answer"}',
    });
    expect(await errorOf(pay(event))).toMatchObject({ key: event.key });
  });

  test("leaves time for the record: half of what is left is its", async () => {
    const store = faultyStore((await dynamoDBTable()).store);
    const never = gate();
    store.every("putBody", holdBefore(never));
    const event = payment();
    const pay = protect(store, () => LONG);
    expect(await pay(event, lambdaContext(1_500))).toBe(LONG);
    expect((await store.read(await recordIdOf(store, event)))?.status).toBe("COMPLETED");
    expect(await errorOf(pay(event))).toSatisfy(isResultNotStorableError);
    never.open();
  });

  test("that was deleted is missed with a clear error, and nothing is run again", async () => {
    const table = await dynamoDBTable();
    const event = payment();
    const handler = vi.fn(() => LONG);
    await protect(table.store, handler)(event);
    const record = await table.store.read(await recordIdOf(table.store, event));
    await table.remove((record as { result: { ref: string } }).result.ref.slice("item:".length));
    const warned: string[] = [];
    const onWarning = ({ message }: Error) => void warned.push(message);
    process.on("warning", onWarning);
    const replay = await errorOf(protect(table.store, handler)(event));
    await new Promise(setImmediate);
    process.off("warning", onWarning);
    expect(warned).toEqual([
      expect.stringMatching(/^A stored outcome of the operation `pay` cannot be read: it lay in/),
    ]);
    expect(warned.join()).not.toContain(event.key);
    expect(replay).toSatisfy(isResultNotStorableError);
    expect(String(replay)).toMatch(
      /it lay in `item:pay#\w{64}#[\w-]{36}`, where it was deleted before its record expired/,
    );
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test.each([["fail" as const], ["run" as const]])(
    "that cannot be read now runs nothing, also where the store's absence would (`%s`): there is an outcome",
    async (whenStoreUnavailable) => {
      const store = faultyStore((await dynamoDBTable()).store);
      const event = payment();
      const handler = vi.fn(() => LONG);
      const told = recorder();
      const pay = protect(store, handler, { whenStoreUnavailable, onEvent: told.onEvent });
      await pay(event);
      store.next("getBody", fail);
      expect(await errorOf(pay(event))).toSatisfy(isStoreUnavailableError);
      expect(told.types()).toEqual(["claimed", "completed"]);
      expect(await pay(event)).toBe(LONG);
      expect(handler).toHaveBeenCalledTimes(1);
    },
  );

  test("of an attempt that was overtaken is given to nobody: the one that completed counts", async () => {
    const { store: inner } = await dynamoDBTable();
    const event = payment();
    const late = faultyStore(inner);
    const other = `${LONG}, by the other`;
    late.next("putBody", firstDo(overtakenBy(inner, event, other)));
    expect(await protect(late, () => LONG)(event)).toBe(other);
    expect(await protect(inner, () => LONG)(event)).toBe(other);
  });

  test("of the attempt that overtook, when it cannot be read now, is asked for again: something ran", async () => {
    const { store: inner } = await dynamoDBTable();
    const event = payment();
    const late = faultyStore(inner);
    late.next("putBody", firstDo(overtakenBy(inner, event, "by the other")));
    late.next("getBody", fail);
    const error = await errorOf(protect(late, () => LONG)(event));
    expect(error).toMatchObject({ name: "OwnershipLostError", retryAfterMs: 1 });
    expect(await protect(inner, () => LONG)(event)).toBe("by the other");
  });
});

test.each([["fail" as const], ["run" as const]])(
  "an item that is there and not understood runs nothing, also where a store that is down would (`%s`)",
  async (whenStoreUnavailable) => {
    const store = makeStoreOf();
    const event = payment();
    const handler = vi.fn(() => "paid");
    await protect(store, handler)(event);
    const id = await recordIdOf(store, event);
    const later = { ...(await item(id)), result: { M: { of: { S: "a version to come" } } } };
    await client.send(new PutItemCommand({ TableName: tableName, Item: later as never }));
    const [first, reading] = [{}, { whenInProgress: { waitMs: 100 } }];
    for (const options of [first, reading]) {
      const error = await errorOf(protect(makeStoreOf(), handler, { whenStoreUnavailable, ...options })(event));
      expect(error).toSatisfy(isStoreUnavailableError);
      expect(error).toMatchObject({ occupied: true, transient: false });
    }
    expect(handler).toHaveBeenCalledTimes(1);
  },
);

test("a result in bytes that are no compressed text is a clear error, and nothing is run", async () => {
  const { store } = await dynamoDBTable();
  const event = payment();
  const handler = vi.fn(() => "paid");
  const damaged = faultyStore(store);
  await protect(
    {
      ...damaged,
      swap: (seen, next) =>
        store.swap(seen, next.status === "COMPLETED" ? { ...next, result: new Uint8Array([1, 2, 3]) } : next),
    },
    handler,
  )(event);
  const replay = await errorOf(protect(store, handler)(event));
  expect(replay).toSatisfy(isResultNotStorableError);
  expect(String(replay)).toMatch(/The stored outcome cannot be read/);
  expect(handler).toHaveBeenCalledTimes(1);
});

test("the memory store compresses as well, and holds what fits then", async () => {
  const pay = protect(memoryStore({ maxResultBytes: 1_000 }), () => "x".repeat(50_000));
  const event = payment();
  await pay(event);
  expect(await pay(event)).toHaveLength(50_000);
});
