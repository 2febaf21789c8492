/** A mistake in the options is found when the wrapper is made: the error names the option, and what is allowed. */
import { describe, expect, test } from "vitest";
import { executeOnce, idempotent, idempotentHttp, isInvalidOptionsError } from "../../src/index.ts";
import { dynamoDBStore } from "../../src/stores/dynamodb.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import type { Json } from "../support/http-events.ts";
import { probeStore } from "../support/probe-store.ts";

const GOOD = { store: probeStore(), operation: "pay" };

/** What making it says. `executeOnce` is made and called at once: it rejects. */
const MAKERS: readonly (readonly [string, (options: Json) => unknown, Json])[] = [
  ["idempotent", (options) => idempotent(async () => 1, options), { ...GOOD, key: () => "k" }],
  ["idempotentHttp", (options) => idempotentHttp((async () => ({ statusCode: 200 })) as never, options), GOOD],
  ["executeOnce", (options) => executeOnce("k", async () => "accepted", options), GOOD],
];

async function mistake(make: () => unknown): Promise<string> {
  try {
    await make();
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(/^\w+: /);
    expect(isInvalidOptionsError(error), String(error)).toBe(true);
    return (error as Error).message;
  }
  return "accepted";
}

describe.each(MAKERS)("%s", (name, make, good) => {
  test("says which wrapper it is", async () => {
    expect(await mistake(() => make({ ...good, ttlSeconds: 0 }))).toMatch(new RegExp(`^${name}: `));
  });

  test.each<[string, Json, RegExp]>([
    ["store", undefined, /`store` is missing.*dynamoDBStore.*memoryStore/],
    ["store", null, /`store` must be a store.*dynamoDBStore/],
    ["store", "payments", /`store` must be a store/],
    ["store", {}, /`store` must be a store/],
    ["store", { ...GOOD.store, read: undefined }, /`store` must be a store/],
    ["store", () => GOOD.store, /`store` must be a store, .* not a function/],
    ["operation", "", /`operation` must be a string that is not empty/],
    ["operation", "   ", /`operation`/],
    ["operation", 5, /`operation` must be .*, not 5/],
    ["operation", null, /`operation`/],
    ["tenant", "t1", /`tenant` must be a function, not "t1"/],
    ["requireKey", "yes", /`requireKey` must be `true` or `false`, not "yes"/],
    ["requireKey", 1, /`requireKey`/],
    ["fingerprint", true, /`fingerprint` must be a function, or `false`, not true/],
    ["fingerprint", null, /`fingerprint`/],
    ["ttlSeconds", 0, /`ttlSeconds` must be a whole number of seconds from 1 to \d+, not 0/],
    ["ttlSeconds", -1, /`ttlSeconds`/],
    ["ttlSeconds", 1.5, /`ttlSeconds`/],
    ["ttlSeconds", "60", /`ttlSeconds` .* not "60"/],
    ["ttlSeconds", Number.NaN, /`ttlSeconds`/],
    ["ttlSeconds", Number.POSITIVE_INFINITY, /`ttlSeconds`/],
    ["ttlSeconds", 60n, /`ttlSeconds` .* not 60n/],
    ["leaseMs", 0, /`leaseMs` must be a whole number of milliseconds from 1/],
    ["leaseMs", -5, /`leaseMs`/],
    ["leaseMs", Number.POSITIVE_INFINITY, /`leaseMs`/],
    ["whenInProgress", "wait", /`whenInProgress` must be "reject", or `\{ waitMs \}`/],
    ["whenInProgress", {}, /`whenInProgress`/],
    ["whenInProgress", { waitMs: -1 }, /`whenInProgress`/],
    ["whenInProgress", { waitMs: "5s" }, /`whenInProgress`/],
    ["whenInProgress", { waitMs: 5, waitSeconds: 1 }, /`whenInProgress`/],
    ["whenInProgress", null, /`whenInProgress`/],
    ["whenStoreUnavailable", "ignore", /`whenStoreUnavailable` must be "fail" or "run", not "ignore"/],
    ["whenStoreUnavailable", true, /`whenStoreUnavailable`/],
    ["whenCompletionFails", "run", /`whenCompletionFails` must be "return" or "throw", not "run"/],
    ["shouldStore", true, /`shouldStore` must be a function/],
    ["onEvent", {}, /`onEvent` must be a function/],
    ["clockToleranceMs", -1, /`clockToleranceMs` must be a whole number of milliseconds from 0/],
    ["clockToleranceMs", 0.5, /`clockToleranceMs`/],
    ["cache", true, /`cache` must be `\{ maxItems, maxBytes \}`/],
    ["cache", { maxItems: 0 }, /`cache`/],
    ["cache", { maxBytes: "10MB" }, /`cache`/],
    ["cache", { items: 5 }, /`cache`/],
    ["cache", [], /`cache`/],
    ["cache", null, /`cache`/],
    ["types", {}, /`types` must be a list of `\{ name, is, encode, decode \}`/],
    ["types", [{ name: "Money" }], /`types`/],
    ["types", [null], /`types`/],
    ["ttl", 60, /unknown option `ttl`; allowed are store, operation/],
    ["Store", GOOD.store, /unknown option `Store`/],
    ["toString", 1, /unknown option `toString`/],
  ])("%s: %o", async (option, value, message) => {
    const said = await mistake(() => make({ ...good, [option]: value }));
    expect(said).toMatch(message);
  });

  test.each([undefined, null, 5, "store", [], true])("options that are %o", async (options) => {
    expect(await mistake(() => make(options))).toMatch(/options must be an object such as/);
  });

  test("every mistake is named at once", async () => {
    const said = await mistake(() => make({ ...good, store: undefined, ttlSeconds: 0, leaseMs: "x", extra: 1 }));
    for (const option of ["store", "ttlSeconds", "leaseMs", "extra"]) expect(said).toContain(`\`${option}\``);
  });

  test("an option that is undefined counts as not given, also one that does not exist", async () => {
    const names = ["ttlSeconds", "leaseMs", "tenant", "fingerprint", "shouldStore", "onEvent", "whenInProgress", "ttl"];
    const given = { ...good, ...Object.fromEntries(names.map((option) => [option, undefined])) };
    expect(await mistake(() => make(given))).toBe("accepted");
  });
});

describe("options of one wrapper", () => {
  test.each<[string, Json, RegExp]>([
    ["methods", "POST", /`methods` must be a list of methods such as \["POST"\]/],
    ["methods", [], /`methods`/],
    ["methods", ["POST", 5], /`methods`/],
    ["methods", ["PO ST"], /`methods`/],
    ["headerName", "", /`headerName` must be the name of a header/],
    ["headerName", "Idempotency Key", /`headerName`/],
    ["headerName", 5, /`headerName`/],
    ["headerName", "Key:", /`headerName`/],
    ["replayHeaderName", "a\r\nb", /`replayHeaderName` must be the name of a header/],
    ["principal", "me", /`principal` must be a function/],
    ["key", "id", /`key` must be a function/],
  ])("idempotentHttp, %s: %o", async (option, value, message) => {
    const make = (): unknown =>
      idempotentHttp((async () => ({ statusCode: 200 })) as never, { ...GOOD, [option]: value });
    expect(await mistake(make)).toMatch(message);
  });

  test.each([undefined, "event.id", 5, null])("idempotent needs a `key` function, not %o", async (key) => {
    expect(await mistake(() => idempotent(async () => 1, { ...GOOD, key } as Json))).toMatch(
      /`key` (is missing|must be).*function/,
    );
  });

  test("executeOnce needs an `operation`", async () => {
    const make = (): unknown => executeOnce("k", async () => 1, { store: GOOD.store } as Json);
    expect(await mistake(make)).toMatch(/`operation` is missing/);
  });

  test.each([undefined, null, 5, {}, "work"])("work that is %o is no function", async (work) => {
    expect(await mistake(() => idempotent(work as never, { ...GOOD, key: () => "k" }))).toMatch(
      /first argument must be a function/,
    );
    expect(await mistake(() => idempotentHttp(work as never, GOOD))).toMatch(/first argument must be a function/);
    expect(await mistake(() => executeOnce("k", work as never, GOOD))).toMatch(/second argument must be a function/);
  });
});

describe("options of a store", () => {
  test.each<[Json, RegExp]>([
    [{}, /`tableName` is missing.*IDEMPOTENCY_TABLE/],
    [{ tableName: "" }, /`tableName`/],
    [{ tableName: "a b" }, /`tableName` must be the name or ARN of a table.* not "a b"/],
    [{ tableName: "ab" }, /`tableName`/],
    [{ tableName: 5 }, /`tableName`/],
    [{ tableName: null }, /`tableName`/],
    [
      { tableName: "payments", table: 1 },
      /unknown option `table`; allowed are tableName, attributeNames, inlineLimit, compressAbove, largeResults, client/,
    ],
    [{ tableName: "payments", client: {} }, /`client` must be a DynamoDBClient or a DynamoDBDocumentClient/],
    [{ tableName: "payments", client: null }, /`client`/],
    [{ tableName: "payments", client: "us-east-1" }, /`client`/],
    [{ tableName: "payments", attributeNames: { pk: "id" } }, /unknown name `pk`; allowed are id, status/],
    [{ tableName: "payments", attributeNames: { id: "" } }, /`attributeNames\.id`/],
    [{ tableName: "payments", attributeNames: { id: 5 } }, /`attributeNames\.id`/],
    [{ tableName: "payments", attributeNames: { id: "status" } }, /`status` to two attributes/],
    [{ tableName: "payments", attributeNames: null }, /`attributeNames`/],
    [{ tableName: "payments", attributeNames: 5 }, /`attributeNames`/],
    [{ tableName: "payments", attributeNames: ["id"] }, /`attributeNames`/],
    [{ tableName: "payments", inlineLimit: -1 }, /`inlineLimit` must be a whole number of bytes from 0 to 407552/],
    [{ tableName: "payments", inlineLimit: 407_553 }, /`inlineLimit`/],
    [{ tableName: "payments", inlineLimit: "4096" }, /`inlineLimit`/],
    [
      { tableName: "payments", compressAbove: -1 },
      /`compressAbove` must be a whole number of bytes, 0 or more, or `Inf/,
    ],
    [{ tableName: "payments", compressAbove: 1.5 }, /`compressAbove`/],
    [{ tableName: "payments", largeResults: "bucket" }, /`largeResults` must be such as `s3Results\(\{ bucket \}\)`/],
    [{ tableName: "payments", largeResults: null }, /`largeResults`/],
    [null, /options must be an object/],
    ["payments", /options must be an object/],
    [["payments"], /options must be an object|unknown option/],
  ])("dynamoDBStore(%j)", async (options, message) => {
    expect(await mistake(() => dynamoDBStore(options))).toMatch(message);
  });

  test("dynamoDBStore takes its table from IDEMPOTENCY_TABLE, and a name or an ARN", async () => {
    process.env["IDEMPOTENCY_TABLE"] = "payments-idempotency";
    try {
      expect(dynamoDBStore().maxResultBytes).toBeGreaterThan(300_000);
    } finally {
      delete process.env["IDEMPOTENCY_TABLE"];
    }
    const tableName = "arn:aws:dynamodb:us-east-1:123456789012:table/payments_1.0-x";
    expect(dynamoDBStore({ tableName, attributeNames: { id: "pk" } }).maxResultBytes).toBeLessThan(409_600);
  });

  test.each<[Json, RegExp]>([
    [{ size: 1 }, /unknown option `size`.*maxResultBytes/],
    [{ maxResultBytes: 0 }, /`maxResultBytes` must be a whole number of bytes/],
    [{ maxResultBytes: "5" }, /`maxResultBytes`/],
    [{ maxResultBytes: null }, /`maxResultBytes`/],
    [null, /options must be an object/],
    [5, /options must be an object/],
  ])("memoryStore(%j)", async (options, message) => {
    expect(await mistake(() => memoryStore(options))).toMatch(message);
  });
});
