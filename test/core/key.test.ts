/** What counts as a key, and how it becomes a record's id (G8, G22). */
import { describe, expect, test } from "vitest";
import { fingerprintOf, readKey, recordId, stepKey } from "../../src/core/key.ts";

const SCOPE = { operation: "create-payment", tenant: undefined, principal: undefined, place: [], key: '"k1"' };

describe("reading a key", () => {
  test.each<[string, unknown, string]>([
    ["undefined", undefined, ""],
    ["null", null, ""],
    ["an empty text", "", ""],
    ["an empty array", [], ""],
    ["an empty object", {}, ""],
    ["an undefined element", ["a", undefined], "[1]"],
    ["a null element", [null, "a"], "[0]"],
    ["an empty property", { order: "o1", customer: "" }, "customer"],
    ["an undefined property", { order: "o1", customer: undefined }, "customer"],
    ["a deep part", { order: { lines: [{ sku: "a" }, { sku: null }] } }, "order.lines[1].sku"],
    ["an empty part", { order: "o1", lines: [] }, "lines"],
  ])("%s is missing, and the part is named", (_name, value, part) => {
    expect(readKey(value)).toEqual({ kind: "missing", part });
  });

  test("a hole in an array is missing", () => {
    const holed: unknown[] = ["a"];
    holed[2] = "b";
    expect(readKey(holed)).toMatchObject({ kind: "missing" });
  });

  test.each<[unknown, string]>([
    [0, "0"],
    [-0, "0"],
    [false, "false"],
    [true, "true"],
    ["0", '"0"'],
    [" ", '" "'],
    ["null", '"null"'],
    [[0, false], "[0,false]"],
    [{ b: 0, a: "x" }, '{"a":"x","b":0}'],
  ])("%j is a key", (value, text) => {
    expect(readKey(value)).toEqual({ kind: "present", text });
  });

  test.each<[string, unknown, string, string]>([
    ["a Map", new Map([["a", 1]]), "", "a Map"],
    ["a Date", { at: new Date(0) }, "at", "a Date"],
    ["a Promise", { id: Promise.resolve("x") }, "id", "a Promise"],
    ["NaN", ["a", Number.NaN], "[1]", "NaN"],
    ["a bigint", { order: { id: 12n } }, "order.id", "a bigint"],
    ["a function", () => "k", "", "a function"],
    ["a symbol", Symbol("k"), "", "a symbol"],
    ["a boxed text", new String("k"), "", "a String"],
  ])("%s is refused, and the part is named", (_name, value, path, found) => {
    expect(readKey(value)).toMatchObject({ kind: "invalid", error: { path, found } });
  });

  test("a value that is not JSON is refused even when another part is missing", () => {
    expect(readKey({ a: null, b: new Date(0) })).toMatchObject({ kind: "invalid", error: { path: "b" } });
  });

  test("what a getter of a key throws is not taken for an invalid key", () => {
    const key = {
      get order(): string {
        throw new TypeError("no database");
      },
    };
    expect(() => readKey(key)).toThrow(new TypeError("no database"));
  });

  test("a key of 10 000 characters is a key", () => {
    expect(readKey("k".repeat(10_000))).toMatchObject({ kind: "present" });
    expect(recordId({ ...SCOPE, key: `"${"k".repeat(10_000)}"` })).toHaveLength(14 + 1 + 64);
  });
});

describe("the id of a record", () => {
  test("is the operation, a hash sign and 64 hex characters", () => {
    expect(recordId(SCOPE)).toMatch(/^create-payment#[0-9a-f]{64}$/);
  });

  test("stays the same from release to release: records live for days", () => {
    expect(recordId(SCOPE)).toBe("create-payment#7b40010e7abbc4b2af756118a79605d6b21fed3cd977ec668c94edd6e165e2ab");
    expect(
      recordId({ ...SCOPE, tenant: '"t1"', principal: '{"iss":"i","sub":"s"}', place: ["POST", "/payments"] }),
    ).toBe("create-payment#d2bc0a2778e70ed00d8d1e9dc48feb766b96df9e1998cf703e800152567d3228");
  });

  test("never shows the key", () => {
    expect(recordId({ ...SCOPE, key: '"4242424242424242"' })).not.toContain("4242424242");
  });

  test("shows a long or odd operation cut and cleaned, and tells operations apart that look alike then", () => {
    const long = `${"o".repeat(120)}-a`;
    const other = `${"o".repeat(120)}-b`;
    expect(recordId({ ...SCOPE, operation: long })).toMatch(/^o{100}#[0-9a-f]{64}$/);
    expect(recordId({ ...SCOPE, operation: long })).not.toBe(recordId({ ...SCOPE, operation: other }));
    expect(recordId({ ...SCOPE, operation: "a#b c" })).toMatch(/^a_b_c#[0-9a-f]{64}$/);
    expect(recordId({ ...SCOPE, operation: "a#b" })).not.toBe(recordId({ ...SCOPE, operation: "a b" }));
  });

  test.each<[string, object, object]>([
    ["operations", { operation: "a" }, { operation: "b" }],
    ["tenants", { tenant: '"a"' }, { tenant: '"b"' }],
    ["a tenant and none", { tenant: '"a"' }, {}],
    ["a tenant and a principal of the same name", { tenant: '"a"' }, { principal: '"a"' }],
    ["a principal named null and none", { principal: "null" }, {}],
    ["methods", { place: ["POST", "/p"] }, { place: ["PUT", "/p"] }],
    ["routes", { place: ["POST", "/p"] }, { place: ["POST", "/q"] }],
    ["a place that is split elsewhere", { place: ["POST", "/p"] }, { place: ["POST /p"] }],
    ["a text and a number", { key: '"1"' }, { key: "1" }],
  ])("%s never meet", (_name, one, other) => {
    expect(recordId({ ...SCOPE, ...one })).not.toBe(recordId({ ...SCOPE, ...other }));
  });
});

describe("the key of a step", () => {
  test("is 32 hex characters, the same every time", () => {
    expect(stepKey("op#abc", "charge")).toMatch(/^[0-9a-f]{32}$/);
    expect(stepKey("op#abc", "charge")).toBe(stepKey("op#abc", "charge"));
  });

  test("differs between steps, between records, and where the two are split", () => {
    const keys = [
      stepKey("op#a", "charge"),
      stepKey("op#a", "refund"),
      stepKey("op#b", "charge"),
      stepKey("op#acharge", ""),
    ];
    expect(new Set([...keys, stepKey("op#ac", "harge")]).size).toBe(5);
  });

  test("stays the same from release to release: downstreams remember it", () => {
    expect(stepKey("op#abc", "charge")).toBe("8845efc5988296974fd02acbfefe13f2");
  });
});

describe("a fingerprint", () => {
  test("is 64 hex characters, and does not depend on the order of properties", () => {
    expect(fingerprintOf({ a: 1, b: 2 })).toMatch(/^[0-9a-f]{64}$/);
    expect(fingerprintOf({ a: 1, b: 2 })).toBe(fingerprintOf({ b: 2, a: 1 }));
    expect(fingerprintOf({ a: 1 })).not.toBe(fingerprintOf({ a: 2 }));
  });
});
