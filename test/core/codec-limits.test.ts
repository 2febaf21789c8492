/** What cannot be stored is found out before any write, names the part, and takes neither stack nor hours (G13). */
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { encodeOutcome, type StoredType } from "../../src/core/codec.ts";

function reason(value: unknown): string {
  const written = encodeOutcome({ ok: true, value }, []);
  return written.ok ? `stored as ${written.text.slice(0, 200)}` : written.reason;
}

function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = wrap(value);
  return value;
}

async function* generator(): AsyncGenerator<number> {
  yield 1;
}

describe("what cannot be stored names the part", () => {
  test.each<[string, unknown, RegExp]>([
    ["a function", () => 1, /function/],
    ["a function inside", { body: { items: [1, { f: () => 1 }] } }, /`body\.items\[1\]\.f`.*function/],
    ["a symbol", { s: Symbol("x") }, /`s`.*symbol/],
    ["a stream", { body: Readable.from(["x"]) }, /`body`.*Readable/],
    ["a web stream", { body: new ReadableStream() }, /`body`.*ReadableStream/],
    ["a promise", { charge: Promise.resolve(1) }, /`charge`.*Promise/],
    ["a fetch response", new Response("x"), /Response/],
    ["a blob", [new Blob(["x"])], /\[0\].*Blob/],
    ["a generator", generator(), /Generator|no known class/i],
    ["an iterator", { next: [1].values() }, /`next`.*Iterator/],
    ["a weak map", { w: new WeakMap() }, /`w`.*WeakMap/],
    ["a function in a map", new Map([["k", () => 1]]), /\[0\].*function/],
    ["a function in a set", new Set([() => 1]), /\[0\].*function/],
  ])("%s", (_name, value, message) => {
    expect(reason(value)).toMatch(message);
  });

  test.each<[string, unknown, string]>([
    ["the value itself", () => 1, "it is a function"],
    ["a part of an array's element", [{ f: () => 1 }], "`[0].f` is a function"],
    ["what toJSON gives", { price: { toJSON: () => () => 1 } }, "`price.toJSON()` is a function"],
    [
      "a method of a plain object that looks like a promise",
      { charge: { then: () => 1 } },
      "`charge.then` is a function",
    ],
    ["a method under a name that JSON escapes", { 'a"b': () => 1 }, '`a"b` is a function'],
  ])("%s, in full", (_name, value, text) => {
    expect(reason(value)).toBe(text);
  });

  test("what a registered type gives", () => {
    class Money {}
    const type: StoredType = {
      name: "Money",
      is: (value) => value instanceof Money,
      encode: () => () => 1,
      decode: () => 1,
    };
    expect(encodeOutcome({ ok: true, value: { price: new Money() } }, [type])).toEqual({
      ok: false,
      reason: "`price.$type` is a function",
    });
  });

  test.each(["then", "pipe", "getReader", "arrayBuffer"])("an instance of a class with the method `%s`", (method) => {
    class Remote {}
    Object.defineProperty(Remote.prototype, method, { value: () => 1 });
    expect(reason({ body: new Remote() })).toBe("`body` is a Remote");
  });

  test("a getter that throws", () => {
    const value = Object.defineProperty({}, "total", {
      enumerable: true,
      get: () => {
        throw new Error("no database");
      },
    });
    expect(reason(value)).toMatch(/no database/);
  });

  test("a toJSON that throws", () => {
    const broken = {
      toJSON: () => {
        throw new Error("broken toJSON");
      },
    };
    expect(reason({ a: broken })).toMatch(/broken toJSON/);
  });
});

describe("what has no end is found out", () => {
  test("an object in itself", () => {
    const value: Record<string, unknown> = { a: 1 };
    value["self"] = value;
    expect(reason(value)).toMatch(/circular/);
  });

  test("a toJSON that gives another one for ever", () => {
    const endless = (): object => ({ toJSON: endless });
    expect(reason(endless())).toMatch(/circular|deep/);
  });

  test("objects 100 000 levels deep, of every kind", () => {
    const wraps = [
      (inner: unknown) => ({ a: inner }),
      (inner: unknown) => [inner],
      (inner: unknown) => new Map([["a", inner]]),
      (inner: unknown) => new Set([inner]),
      (inner: unknown) => new Error("x", { cause: inner }),
    ];
    for (const wrap of wraps) expect(reason(nested(100_000, wrap))).toMatch(/deep/);
  });

  test("500 levels can be stored, 501 cannot", () => {
    expect(reason(nested(500, (inner) => ({ a: inner })))).toMatch(/^stored as/);
    expect(reason(nested(501, (inner) => ({ a: inner })))).toBe("it is circular, or nested more than 500 levels deep");
  });

  test("a million parts can be stored, one more cannot", () => {
    expect(reason(new Array(999_999).fill(0))).toMatch(/^stored as/);
    expect(reason(new Array(1_000_000).fill(0))).toBe("it has too many parts");
    expect(reason(new Set(Array.from({ length: 1_000_000 }, (_, i) => i)))).toBe("it has too many parts");
  });

  test("100 levels are no problem, also of things that JSON has no word for", () => {
    for (const wrap of [(inner: unknown) => ({ $a: inner }), (inner: unknown) => new Map([["a", inner]])])
      expect(reason(nested(100, wrap))).toMatch(/^stored as/);
  });

  test("a small structure that unfolds to 2^40 parts is found out within seconds", () => {
    const begun = performance.now();
    expect(reason(nested(40, (inner) => [inner, inner]))).toMatch(/too many/);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  test("an array with four billion holes is found out at once", () => {
    const begun = performance.now();
    expect(reason({ rows: new Array(4_294_967_295) })).toMatch(/too many/);
    expect(performance.now() - begun).toBeLessThan(100);
  });
});

test("a value that is held twice is stored twice", () => {
  const shared = { a: 1 };
  expect(reason([shared, shared])).toBe('stored as [{"a":1},{"a":1}]');
});
