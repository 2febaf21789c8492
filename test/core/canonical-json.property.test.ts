/** Canonical JSON over arbitrary documents (G7, G8). */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, canonicalJsonText } from "../../src/core/canonical-json.ts";

const RUNS = { numRuns: 1_000 };

/** The same value, with the properties of every object set in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> = Object.create(null);
  for (const [name, member] of Object.entries(value).reverse()) copy[name] = reversed(member);
  return copy;
}

test("the text reads back as the value, whatever the order of properties", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(reversed(value));
      expect(text).toBe(canonicalJson(value));
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
    RUNS,
  );
});

test("two values that differ never give one text", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }), (a, b) => {
      const same = isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
      expect(canonicalJson(a) === canonicalJson(b)).toBe(same);
    }),
    RUNS,
  );
});

test("a document gives one text, however it is laid out", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(canonicalJsonText(JSON.stringify(reversed(value), null, 3))).toBe(canonicalJson(value));
    }),
    RUNS,
  );
});

test("two whole numbers of any length give one text only when they are the same number", () => {
  const integer = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n });
  const neighbours = fc.tuple(integer, fc.bigInt({ min: -2n, max: 2n })).map(([a, step]) => [a, a + step] as const);
  fc.assert(
    fc.property(neighbours, ([a, b]) => {
      expect(canonicalJsonText(`[${a}]`) === canonicalJsonText(`[${b}]`)).toBe(a === b);
    }),
    RUNS,
  );
});

test("no text makes it throw, whether it is JSON or not", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.json().map((text) => text.slice(1)),
      ),
      (text) => {
        expect(["string", "undefined"]).toContain(typeof canonicalJsonText(text));
      },
    ),
    RUNS,
  );
});
