/** The codec over arbitrary values: round trips, readability, independence of copies (G6, G13). */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeOutcome, encodeOutcome } from "../../src/core/codec.ts";

/** Names that mean something to the codec, to JavaScript or to JSON. */
const name = fc.oneof(
  fc.constantFrom(
    "$date",
    "$object",
    "$undefined",
    "$thrown",
    "$map",
    "$",
    "$type",
    "__proto__",
    "constructor",
    "toString",
    "0",
    "",
  ),
  fc.string({ maxLength: 3 }),
);

const leaf = fc.oneof(
  fc.string({ unit: "binary", maxLength: 5 }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  fc.constantFrom(null, undefined, -0, Number.NaN, Number.POSITIVE_INFINITY, /a"\/b/gi),
  fc.uint8Array({ maxLength: 5 }),
  fc.int16Array({ maxLength: 3 }),
  fc.float64Array({ maxLength: 3 }),
  fc.bigUint64Array({ maxLength: 2 }),
);

function object(members: [string, unknown][]): object {
  const made = {};
  for (const [key, value] of members)
    Object.defineProperty(made, key, { value, enumerable: true, configurable: true, writable: true });
  return made;
}

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.sparseArray(tie("value"), { maxNumElements: 3, maxLength: 6 }),
    fc.array(fc.tuple(name, tie("value")), { maxLength: 4 }).map(object),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => new Set(items)),
    fc.tuple(fc.string({ maxLength: 5 }), tie("value")).map(([message, cause]) => new RangeError(message, { cause })),
  ),
}));

const RUNS = { numRuns: 2_000 };

test("every value comes back as what it was, as a result and as an error", () => {
  fc.assert(
    fc.property(value, fc.boolean(), (given, ok) => {
      const outcome = ok ? ({ ok: true, value: given } as const) : ({ ok: false, error: given } as const);
      const written = encodeOutcome(outcome, []);
      expect(written.ok && isDeepStrictEqual(decodeOutcome(written.text, []), outcome)).toBe(true);
    }),
    RUNS,
  );
});

test("what JSON can say is stored as JSON.stringify writes it, unless it looks like a tag or has an escaped name", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      fc.pre(!/[{,]"\$/.test(text) && !/"(?:[^"\\]|\\.)*\\.(?:[^"\\]|\\.)*"\s*:/.test(text));
      const given: unknown = JSON.parse(text);
      expect(encodeOutcome({ ok: true, value: given }, [])).toEqual({ ok: true, text: JSON.stringify(given) });
    }),
    RUNS,
  );
});

test("the same text is written again from what came back, and reading does not change it", () => {
  fc.assert(
    fc.property(value, (given) => {
      const first = encodeOutcome({ ok: true, value: given }, []);
      if (!first.ok) throw new Error(first.reason);
      const read = decodeOutcome(first.text, []);
      if (!("ok" in read)) throw new Error("unstorable");
      expect(encodeOutcome(read, [])).toEqual(first);
    }),
    RUNS,
  );
});

test("anything at all is either stored or refused with a reason: nothing makes it throw", () => {
  const odd = fc.anything({
    withBoxedValues: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withNullPrototype: true,
  });
  const unstorable = fc.constantFrom<unknown>(() => 1, Symbol("x"), new WeakMap(), Promise.resolve());
  fc.assert(
    fc.property(fc.oneof(odd, fc.array(fc.oneof(odd, unstorable))), (given) => {
      const written = encodeOutcome({ ok: true, value: given }, []);
      expect(written.ok ? typeof JSON.parse(written.text) : written.reason.length > 5).toBeTruthy();
    }),
    RUNS,
  );
});
