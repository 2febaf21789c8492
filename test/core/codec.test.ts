/** The codec: what is stored stays readable as JSON, and comes back as what it was (G6, G13). */
import { describe, expect, test } from "vitest";
import { decodeOutcome, encodeOutcome, type StoredType } from "../../src/core/codec.ts";

function encoded(value: unknown, types: readonly StoredType[] = []): string {
  const written = encodeOutcome({ ok: true, value }, types);
  if (!written.ok) throw new Error(`not storable: ${written.reason}`);
  return written.text;
}

function back(value: unknown, types: readonly StoredType[] = []): unknown {
  const outcome = decodeOutcome(encoded(value, types), types);
  if (!("ok" in outcome) || !outcome.ok) throw new Error("came back as another kind of outcome");
  return outcome.value;
}

const holed = (): unknown[] => {
  const array: unknown[] = ["a"];
  array[3] = undefined;
  return array;
};

describe("what JSON has words for is stored as it is", () => {
  test.each<[string, unknown, string]>([
    ["a response", { statusCode: 201, body: "{}" }, '{"statusCode":201,"body":"{}"}'],
    ["null", null, "null"],
    ["a text", "paid", '"paid"'],
    ["0", 0, "0"],
    ["false", false, "false"],
    ["an array", [1, [2, null]], "[1,[2,null]]"],
    ["an empty object", { a: {}, b: [] }, '{"a":{},"b":[]}'],
    ["properties in their order", { b: 1, a: 2 }, '{"b":1,"a":2}'],
    ["a dollar that is not first", { price: 1, $cur: "USD" }, '{"price":1,"$cur":"USD"}'],
  ])("%s", (_name, value, text) => {
    expect(encoded(value)).toBe(text);
    expect(back(value)).toStrictEqual(value);
  });
});

describe("what JSON has no word for comes back as what it was", () => {
  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["undefined properties and elements", { a: undefined, b: [undefined, 1] }],
    ["NaN and the infinities", [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    ["minus zero", [-0, { a: -0 }]],
    ["a bigint", { cents: 123456789012345678901234567890n, minus: -1n }],
    ["a date", { at: new Date("2026-11-24T12:00:00.123Z"), early: new Date(-62_198_755_200_000) }],
    ["an invalid date", [new Date(Number.NaN)]],
    ["a date far in the future", new Date(8_640_000_000_000_000)],
    [
      "a map",
      new Map<unknown, unknown>([
        ["a", 1],
        [{ k: 1 }, new Map([[1n, undefined]])],
        [undefined, null],
      ]),
    ],
    ["a set", new Set<unknown>([1, "1", null, undefined, new Set([Number.NaN])])],
    ["a regular expression", { pattern: /a\/b"$/giu, empty: /(?:)/ }],
    ["bytes", Uint8Array.of(0, 1, 127, 128, 255)],
    ["no bytes", new Uint8Array(0)],
    ["a buffer", Buffer.from("päid")],
    ["an array buffer", Uint8Array.of(1, 2, 3).buffer],
    ["whole numbers", [Int8Array.of(-1), Uint8ClampedArray.of(255), Int16Array.of(-300), Uint16Array.of(65_535)]],
    [
      "wider numbers",
      [Int32Array.of(-70_000), Uint32Array.of(4_294_967_295), BigInt64Array.of(-5n), BigUint64Array.of(5n)],
    ],
    ["fractions", [Float32Array.of(1.5, Number.NaN), Float64Array.of(-0, 1e300, Number.POSITIVE_INFINITY)]],
    ["a view", new DataView(Uint8Array.of(9, 8, 7).buffer)],
    ["a property named __proto__", JSON.parse('{"__proto__":{"polluted":true},"a":1}')],
    ["a property named constructor", { constructor: "x", hasOwnProperty: 1, toString: 2 }],
    ["a lone surrogate", "\ud800 \udc00"],
  ])("%s", (_name, value) => {
    expect(back(value)).toStrictEqual(value);
  });

  test("half-precision numbers, where the runtime has them", () => {
    const Half = (globalThis as { Float16Array?: new (items: number[]) => ArrayLike<number> }).Float16Array;
    if (Half === undefined) return expect(process.versions.node).toMatch(/^22\./);
    const value = back(new Half([1.5, -2]));
    expect(Object.prototype.toString.call(value)).toBe("[object Float16Array]");
    expect(value).toEqual(new Half([1.5, -2]));
  });

  test("a hole in an array stays a hole", () => {
    const value = back(holed()) as unknown[];
    expect(value).toStrictEqual(holed());
    expect([1 in value, 2 in value, 3 in value]).toEqual([false, false, true]);
  });

  test("a part of a larger buffer is stored, not the whole of it", () => {
    expect(back(new Uint8Array(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2))).toStrictEqual(Uint8Array.of(2, 3));
    expect(back(new Uint16Array(Uint16Array.of(1, 2, 3).buffer, 2, 1))).toStrictEqual(Uint16Array.of(2));
  });

  test("a property named __proto__ does not become a prototype", () => {
    const value = back(JSON.parse('{"__proto__":{"polluted":true}}')) as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.hasOwn(value, "__proto__")).toBe(true);
    expect("polluted" in {}).toBe(false);
  });
});

describe("what looks like a tag of the codec is not taken for one", () => {
  test.each<[string, unknown]>([
    ["$date", { $date: "2026-11-24T00:00:00.000Z" }],
    ["$undefined", { $undefined: true }],
    ["$object", { $object: { $object: { a: 1 } } }],
    ["$thrown", { $thrown: "x" }],
    ["$unstorable", { $unstorable: "x" }],
    ["$type", [{ $type: "Money", value: 1 }]],
    ["$hole", [{ $hole: true }, 1]],
    ["$error", new Map([["e", { $error: "Error", message: "m" }]])],
    ["a tag that the codec does not know", { $ref: "#/x", other: new Date(0) }],
    ["a dollar alone", { $: 1 }],
    ["a dollar after a number", { $a: 1, 0: 2 }],
    ["a tag below another", { $set: { $set: [new Set([{ $set: [] }])] } }],
  ])("%s", (_name, value) => {
    expect(back(value)).toStrictEqual(value);
  });
});

describe("the stored text", () => {
  test("is JSON that a person can read", () => {
    const value = { id: "ch_1", at: new Date(0), cents: 5n, tags: new Set(["a"]), none: undefined };
    expect(JSON.parse(encoded(value))).toEqual({
      id: "ch_1",
      at: { $date: "1970-01-01T00:00:00.000Z" },
      cents: { $bigint: "5" },
      tags: { $set: ["a"] },
      none: { $undefined: true },
    });
  });

  test.each<[string, unknown, string]>([
    ["bytes", Uint8Array.of(1, 2), '{"$bytes":"AQI="}'],
    ["a hole", holed(), '["a",{"$hole":true},{"$hole":true},{"$undefined":true}]'],
    ["names that JSON escapes", { 'a"b': undefined, c: 1 }, '{"$entries":[["a\\"b",{"$undefined":true}],["c",1]]}'],
  ])("of %s does not change from release to release", (_name, value, text) => {
    expect(encoded(value)).toBe(text);
  });

  test("of an earlier release can still be read: records live for days", () => {
    const stored =
      '{"d":{"$date":"1970-01-01T00:00:00.001Z"},"m":{"$map":[["a",{"$bigint":"5"}]]},"s":{"$set":[{"$number":"-0"}]},' +
      '"b":{"$bytes":"AQI="},"h":[{"$hole":true},1],"u":{"$undefined":true},"o":{"$object":{"$date":1}}}';
    expect(decodeOutcome(stored, [])).toStrictEqual({
      ok: true,
      value: {
        d: new Date(1),
        m: new Map([["a", 5n]]),
        s: new Set([-0]),
        b: Uint8Array.of(1, 2),
        h: Object.assign([], { 1: 1 }),
        u: undefined,
        o: { $date: 1 },
      },
    });
  });

  test("gives properties that can be changed and deleted, whatever their names", () => {
    expect(Object.getOwnPropertyDescriptors(back({ 'a"b': 1 }))).toEqual({
      'a"b': { value: 1, configurable: true, enumerable: true, writable: true },
    });
  });

  test.each(['{"$later":1}', "{", '{"$type":"Money","value":1}'])("%s is refused, not guessed at", (text) => {
    expect(() => decodeOutcome(text, [])).toThrow(/\$later|Money|JSON/);
  });

  test("gives fresh objects each time it is read", () => {
    const text = encoded({
      list: [{ a: 1 }],
      at: new Date(0),
      bytes: Buffer.from("x"),
      map: new Map([["k", { v: 1 }]]),
    });
    const [one, other] = [decodeOutcome(text, []), decodeOutcome(text, [])] as [never, never];
    const parts = (outcome: {
      value: { list: object[]; at: Date; bytes: Buffer; map: Map<string, object> };
    }): unknown[] => {
      const { list, at, bytes, map } = outcome.value;
      return [outcome.value, list, list[0], at, bytes, map, map.get("k")];
    };
    for (const [i, part] of parts(one).entries()) expect(part).not.toBe(parts(other)[i]);
    (one as { value: { bytes: Buffer } }).value.bytes[0] = 0;
    expect((other as { value: { bytes: Buffer } }).value.bytes.toString()).toBe("x");
  });
});

describe("class instances are stored as JSON.stringify would", () => {
  class Money {
    static readonly zero = 0;
    readonly cents: number;
    readonly #secret = 1;
    constructor(cents: number) {
      this.cents = cents;
    }
    get euros(): number {
      return (this.cents / 100) * this.#secret;
    }
  }
  class Masked extends Money {
    toJSON(): unknown {
      return { masked: true, cents: this.cents };
    }
  }

  test("own enumerable properties, as a plain object", () => {
    expect(back({ price: new Money(500) })).toStrictEqual({ price: { cents: 500 } });
  });

  test("or what toJSON gives", () => {
    expect(back([new Masked(500), new URL("https://example.com/a")])).toStrictEqual([
      { masked: true, cents: 500 },
      "https://example.com/a",
    ]);
    expect(back({ toJSON: () => ({ a: 1 }) })).toStrictEqual({ a: 1 });
  });

  test("toJSON is told the name under which it stands, and may give the object itself", () => {
    const named = { toJSON: (name: string) => `under "${name}"` };
    expect(back(named)).toBe('under ""');
    expect(back({ order: { lines: [1, named] }, price: named })).toStrictEqual({
      order: { lines: [1, 'under "1"'] },
      price: 'under "price"',
    });
    class Itself extends Money {
      toJSON(): this {
        return this;
      }
    }
    expect(back(new Itself(500))).toStrictEqual({ cents: 500 });
  });

  test("what JSON.stringify leaves out of an instance is left out, whatever the names", () => {
    class Bag {}
    const members = { none: undefined, sign: Symbol("x"), go: () => 1, left: 1 };
    expect(encoded(Object.assign(new Bag(), members))).toBe('{"left":1}');
    expect(encoded(Object.assign(new Bag(), members, { 'a"b': 2 }))).toBe('{"$entries":[["left",1],["a\\"b",2]]}');
  });

  test("methods that are properties are left out, as JSON.stringify leaves them out", () => {
    class Order {
      id = "o1";
      refund = (): string => this.id;
    }
    expect(back(new Order())).toStrictEqual({ id: "o1" });
  });

  test("boxed values as what they hold", () => {
    expect(back([Object("a"), Object(1), Object(false)])).toStrictEqual(["a", 1, false]);
  });

  const money: StoredType<Money, number> = {
    name: "Money",
    is: (value): value is Money => value instanceof Money,
    encode: ({ cents }) => cents,
    decode: (cents) => new Money(cents),
  };

  test("a registered type comes back as an instance, at any depth", () => {
    const value = back({ a: [new Money(1)], m: new Map([["k", new Money(2)]]) }, [money as StoredType]) as never;
    expect(value).toStrictEqual({ a: [new Money(1)], m: new Map([["k", new Money(2)]]) });
    expect((value as { a: [Money] }).a[0].euros).toBe(0.01);
  });

  test("the first registered type that knows a value has it", () => {
    const any: StoredType = { name: "Any", is: (v) => v instanceof Money, encode: () => "any", decode: (v) => v };
    expect(back(new Money(1), [any, money as StoredType])).toBe("any");
  });

  test("each of several registered types has its own back", () => {
    class Weight {
      readonly grams = 5;
    }
    const weight: StoredType = {
      name: "Weight",
      is: (value) => value instanceof Weight,
      encode: () => null,
      decode: () => new Weight(),
    };
    expect(back([new Weight(), new Money(1)], [money as StoredType, weight])).toStrictEqual([
      new Weight(),
      new Money(1),
    ]);
  });

  test("what encode gives is stored like any value", () => {
    const dated: StoredType = {
      name: "D",
      is: (v) => v instanceof Money,
      encode: () => new Date(5),
      decode: (v) => [v],
    };
    expect(back(new Money(1), [dated])).toStrictEqual([new Date(5)]);
  });
});
