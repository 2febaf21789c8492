/** Canonical JSON: equal values give one text, and values that differ never do (G7, G8). */
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { canonicalJson, canonicalJsonText, NotJsonError } from "../../src/core/canonical-json.ts";

/** What a refusal says. */
function refusal(value: unknown): string {
  try {
    return `accepted as ${canonicalJson(value)}`;
  } catch (error) {
    expect(error).toBeInstanceOf(NotJsonError);
    return (error as Error).message;
  }
}

describe("the canonical text of a value", () => {
  test.each<[string, unknown, string]>([
    ["null", null, "null"],
    ["a text", 'é "x" \\ \n', '"é \\"x\\" \\\\ \\n"'],
    ["a number", 12.5, "12.5"],
    ["minus zero is zero", -0, "0"],
    ["a large number", 1e21, "1e+21"],
    ["an empty array", [], "[]"],
    ["an empty object", {}, "{}"],
    [
      "nested properties by name",
      { b: { z: 1, y: [{ d: 1, c: 2 }] }, a: false },
      '{"a":false,"b":{"y":[{"c":2,"d":1}],"z":1}}',
    ],
    [
      "names by code unit, digits and upper case first",
      { b: 1, B: 2, 10: 3, 9: 4, "": 5 },
      '{"":5,"10":3,"9":4,"B":2,"b":1}',
    ],
    ["undefined properties are left out", { a: undefined, b: 1 }, '{"b":1}'],
    ["undefined elements are null", [undefined, 1], "[null,1]"],
    ["a lone surrogate is escaped", "\ud800", '"\\ud800"'],
    ["an object without a prototype", Object.assign(Object.create(null), { b: 1, a: 2 }), '{"a":2,"b":1}'],
    ["a property named __proto__ counts", JSON.parse('{"b":1,"__proto__":{"x":2}}'), '{"__proto__":{"x":2},"b":1}'],
    ["an object of another realm", runInNewContext("({ b: 1, a: 2 })"), '{"a":2,"b":1}'],
  ])("%s", (_name, value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  test("the order in which properties were set does not matter", () => {
    const one = { amount: 100, card: { number: "4242", cvc: "1" } };
    const other = { card: { cvc: "1", number: "4242" }, amount: 100 };
    expect(canonicalJson(one)).toBe(canonicalJson(other));
  });

  test("the order of an array does matter", () => {
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
  });

  test.each([
    ["100", 100],
    ["null", null],
    ["true", true],
    ["[]", []],
  ])("the text %j is another value than %j", (text, value) => {
    expect(canonicalJson(text)).not.toBe(canonicalJson(value));
  });
});

describe("what is not JSON is refused, naming the part", () => {
  test.each<[string, unknown, RegExp]>([
    ["NaN", Number.NaN, /NaN/],
    ["Infinity", { price: Number.POSITIVE_INFINITY }, /`price`.*Infinity/],
    ["a bigint", { total: { cents: 5n } }, /`total\.cents`.*bigint/],
    ["a Date", { order: { items: [{ at: new Date(0) }] } }, /`order\.items\[0\]\.at`.*Date/],
    ["a Map", { m: new Map() }, /`m`.*Map/],
    ["a Set", [1, new Set()], /`\[1\]`.*Set/],
    ["a Promise", { id: Promise.resolve(1) }, /`id`.*Promise/],
    ["a function", { f: () => 1 }, /`f`.*function/],
    ["a symbol", { s: Symbol("x") }, /`s`.*symbol/],
    ["a RegExp", { r: /x/ }, /`r`.*RegExp/],
    ["bytes", { b: new Uint8Array(2) }, /`b`.*Uint8Array/],
    ["a class instance", { m: new (class Money {})() }, /`m`.*Money/],
  ])("%s", (_name, value, message) => {
    expect(refusal(value)).toMatch(message);
  });

  test("a circular structure is refused instead of overflowing the stack", () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    expect(refusal(circular)).toMatch(/circular/);
    const list: unknown[] = [];
    list.push(list);
    expect(refusal(list)).toMatch(/circular/);
  });

  test("a document 500 levels deep is accepted, a deeper one is refused", () => {
    const nested = (levels: number): unknown => {
      let value: unknown = 1;
      for (let i = 0; i < levels; i++) value = { a: value };
      return value;
    };
    expect(canonicalJson(nested(500))).toHaveLength(3_001);
    for (const levels of [501, 10_000]) {
      expect(refusal(nested(levels))).toBe(
        "the value is nested more than 500 levels deep (or circular), which is not a JSON value",
      );
    }
  });

  test("the value itself is named as such", () => {
    expect(refusal(Number.NaN)).toBe("the value is NaN, which is not a JSON value");
    expect(refusal([Number.NaN])).toBe("`[0]` is NaN, which is not a JSON value");
  });

  test("a function is one, also without a prototype", () => {
    expect(refusal({ f: Object.setPrototypeOf(() => 1, null) })).toMatch(/`f` is a function/);
  });

  test.each<[string, object, RegExp]>([
    ["whose class has no name", new (class {})(), /an object of no known class/],
    [
      "whose class has a name that is no text",
      new (Object.defineProperty(class {}, "name", { value: 5 }))(),
      /an object of no known class/,
    ],
    ["of no class", Object.create(Object.create(null)), /an object of no known class/],
    [
      "that has a method of all objects' own",
      new (class Odd {
        isPrototypeOf(): boolean {
          return false;
        }
      })(),
      /a Odd/,
    ],
  ])("an object %s", (_name, value, message) => {
    expect(refusal({ o: value })).toMatch(message);
  });
});

describe("the canonical text of a JSON document", () => {
  test.each([
    ["white space", ' { "a" : [ 1 , 2 ] } ', '{"a":[1,2]}'],
    ["the order of properties", '{"b":1,"a":2}', '{"a":2,"b":1}'],
    ["the way a number is written", '{"a":10.00}', '{"a":10}'],
    ["an exponent", '{"a":1e1}', '{"a":10}'],
    ["an escape", '"\\u0041"', '"A"'],
    ["minus zero", "[-0, -0.0, -0e5]", "[0,0,0]"],
    ["zeros after many digits", "1.00000000000000000000", "1"],
  ])("%s does not matter", (_name, one, other) => {
    expect(canonicalJsonText(one)).toBe(canonicalJsonText(other));
    expect(canonicalJsonText(one)).toBeDefined();
  });

  test.each([
    ["9007199254740993", "9007199254740992"],
    ["-9007199254740993", "9007199254740993"],
    ["1e400", "1e401"],
    ["1e400", "-1e400"],
    ["1e400", "null"],
    ["1e-400", "0"],
    ["0.1000000000000000055511151231257827", "0.1"],
    ["123456789012345678901234567890", "123456789012345678901234567891"],
    ["99999999999999999.01", "99999999999999999.02"],
    ["1e400", '"1e400"'],
    ["9007199254740993", '"9007199254740993e0"'],
    ["1e1000000000000000000001", "1e1000000000000000000002"],
  ])("the amount %s is another than %s", (one, other) => {
    const [a, b] = [canonicalJsonText(`{"amount":${one}}`), canonicalJsonText(`{"amount":${other}}`)];
    expect(a).toBeDefined();
    expect(b).toBeDefined();
    expect(a).not.toBe(b);
  });

  test.each([
    ["9007199254740993", "9007199254740993.000"],
    ["9007199254740993", "9007199254740.993e3"],
    ["9007199254740993", "90071992547409930E-1"],
    ["1e400", "10E+399"],
    ["1e400", "0.1e401"],
    ["1e100000000001", "10e100000000000"],
  ])("the amount %s is the same as %s", (one, other) => {
    expect(canonicalJsonText(one)).toBe(canonicalJsonText(other));
  });

  test("what stands beside a number of many digits stays as it is", () => {
    const text = '{ "note": "a\\nb \\"c\\"", "amount": 9007199254740993, "list": [true, null, "1e1"] }';
    expect(canonicalJsonText(text)).toBe(
      '{"amount":9007199254740993e0,"list":[true,null,"1e1"],"note":"a\\nb \\"c\\""}',
    );
  });

  test.each(["", "{", "amount=100", "{'a':1}", "NaN", "[1,]", "01"])("%j is no JSON document", (text) => {
    expect(canonicalJsonText(text)).toBeUndefined();
  });

  test("a number of very many digits is read in well under a second: whoever sends it cannot hang the function", {
    timeout: 30_000,
  }, () => {
    const begun = performance.now();
    expect(canonicalJsonText(`{"amount":1${"0".repeat(70_000)}1}`)).toBeDefined();
    expect(canonicalJsonText(`{"amount":1${"23".repeat(500_000)}}`)).toBeDefined();
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
});
