/**
 * Canonical text of JSON documents as they are sent: two documents give one text exactly when they say the same, number by
 * number and digit by digit, however they are written. G7.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJsonText } from "../../src/core/canonical-json.ts";
import { idempotentHttp } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { eventOf, headersOf, type Json, shapeNamed } from "../support/http-events.ts";
import { cases, roughText, TIME } from "./seeded.ts";

/** A number as digits and a power of ten, and ways to write it. */
interface Written {
  /** Its value times 10 ** 500: exact, and the same for every way to write it. */
  readonly value: bigint;
  readonly text: string;
}

/** Writes `digits * 10 ** exponent` with the point and the exponent somewhere else, and zeros that say nothing. */
function write(
  negative: boolean,
  digits: bigint,
  exponent: number,
  shift: number,
  zeros: number,
  big: boolean,
): Written {
  const value = (negative ? -digits : digits) * 10n ** BigInt(500 + exponent);
  let whole = String(digits);
  let fraction = "";
  const left = Math.min(shift, whole.length - 1);
  if (left > 0) {
    fraction = whole.slice(-left);
    whole = whole.slice(0, -left);
  }
  const power = exponent + left;
  const padded = zeros > 0 && (fraction !== "" || power !== 0) ? `${fraction}${"0".repeat(zeros)}` : fraction;
  const e = big ? "E" : "e";
  const sign = zeros % 2 === 1 && power >= 0 ? "+" : "";
  const exponentText = power === 0 ? (zeros > 2 ? `${e}${sign}0` : "") : `${e}${sign}${power}`;
  return { value, text: `${negative ? "-" : ""}${whole}${padded === "" ? "" : `.${padded}`}${exponentText}` };
}

const written = (digits: fc.Arbitrary<bigint>, exponent: fc.Arbitrary<number>): fc.Arbitrary<Written> =>
  fc
    .tuple(fc.boolean(), digits, exponent, fc.nat(20), fc.nat(4), fc.boolean())
    .map(([negative, one, power, shift, zeros, big]) => write(negative, one, power, shift, zeros, big));

const digits = fc.oneof(
  fc.bigInt(0n, 99n),
  fc.bigInt(0n, 10n ** 15n),
  fc.bigInt(9_007_199_254_740_980n, 9_007_199_254_741_000n),
  fc.bigInt(0n, 10n ** 40n),
);
const exponent = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -400, max: 400 }));

test("two numbers give one text only when they are the same number, to the last digit", TIME, () => {
  /** The same value written twice, or one that is one digit off. */
  const pair = fc
    .tuple(
      digits,
      exponent,
      fc.constantFrom(0n, 0n, 1n, -1n, 10n),
      fc.tuple(fc.nat(20), fc.nat(4), fc.boolean()),
      fc.tuple(fc.nat(20), fc.nat(4), fc.boolean()),
      fc.boolean(),
    )
    .map(([one, power, step, a, b, negative]) => {
      const other = one + step < 0n ? one : one + step;
      return [write(negative, one, power, ...a), write(negative, other, power, ...b)] as const;
    });
  fc.assert(
    fc.property(fc.oneof(pair, fc.tuple(written(digits, exponent), written(digits, exponent))), ([a, b]) => {
      const [one, other] = [canonicalJsonText(`{"n":${a.text}}`), canonicalJsonText(`{"n":${b.text}}`)];
      expect(one).toBeTypeOf("string");
      expect(one === other, `${a.text} and ${b.text}`).toBe(a.value === b.value);
    }),
    cases(),
  );
});

/** A document as a tree, whose numbers are written out. */
type Tree = string | boolean | null | Written | Items | Members;

interface Items {
  readonly items: readonly Tree[];
}

interface Members {
  readonly members: readonly (readonly [string, Tree])[];
}

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.oneof(roughText, fc.boolean(), fc.constant(null), written(digits, exponent)),
    fc.array(tie("tree"), { maxLength: 3 }).map((items) => ({ items })),
    fc
      .uniqueArray(fc.tuple(roughText, tie("tree")), { maxLength: 3, selector: ([name]) => name })
      .map((members) => ({ members })),
  ),
}));

/** The text of a tree, laid out in one of many ways: order of members, white space, escapes. */
function layOut(one: Tree, salt: number): string {
  const gap = ["", " ", "\n\t", " \r\n "][salt % 4] ?? "";
  if (typeof one === "string") return layOutText(one, salt);
  if (one === null || typeof one === "boolean") return String(one);
  if ("text" in one) return one.text;
  if ("members" in one) {
    const members = one.members.map(
      ([name, member]) => `${layOutText(name, salt + 1)}${gap}:${gap}${layOut(member, salt + 2)}`,
    );
    return `{${gap}${(salt % 3 === 0 ? members : members.toReversed()).join(`${gap},${gap}`)}${gap}}`;
  }
  return `[${gap}${one.items.map((item) => layOut(item, salt + 1)).join(`${gap},${gap}`)}${gap}]`;
}

function layOutText(text: string, salt: number): string {
  if (salt % 2 === 0) return JSON.stringify(text);
  const escaped = Array.from(
    { length: text.length },
    (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, "0")}`,
  );
  return `"${escaped.join("")}"`;
}

/** What a tree says, as text that is the same for two trees only when they say the same. */
function says(one: Tree): string {
  if (typeof one === "string") return `s${one.length}:${JSON.stringify(one)}`;
  if (one === null || typeof one === "boolean") return String(one);
  if ("text" in one) return `n${one.value}`;
  if ("members" in one) {
    const members = one.members.map(([name, member]) => `${JSON.stringify(name)}=${says(member)}`);
    return `{${members.sort().join(";")}}`;
  }
  return `[${one.items.map(says).join(";")}]`;
}

test("a document gives one text however it is laid out, and another gives another", TIME, () => {
  fc.assert(
    fc.property(tree, tree, fc.nat(11), fc.nat(11), (a, b, salt, other) => {
      const text = canonicalJsonText(layOut(a, salt));
      expect(text).toBeTypeOf("string");
      expect(canonicalJsonText(layOut(a, other))).toBe(text);
      expect(canonicalJsonText(layOut(b, other)) === text).toBe(says(a) === says(b));
    }),
    cases(),
  );
});

test("a retry with another layout is a replay, and one with another amount is refused", TIME, async () => {
  const shape = shapeNamed("HTTP API");
  const store = memoryStore();
  let operations = 0;
  await fc.assert(
    fc.asyncProperty(tree, tree, fc.nat(11), fc.boolean(), async (a, b, salt, base64) => {
      const pay = idempotentHttp(async () => ({ statusCode: 201, body: "paid" }), {
        store,
        operation: `pay ${operations++}`,
      }) as (event: unknown) => Promise<Json>;
      const send = (text: string): Promise<Json> =>
        pay(eventOf(shape, { body: base64 ? Buffer.from(text).toString("base64") : text, base64 }));
      await send(layOut(a, salt));
      expect(headersOf(await send(layOut(a, salt + 1)))["idempotent-replayed"]).toBe("true");
      expect((await send(layOut(b, salt))).statusCode).toBe(says(a) === says(b) ? 201 : 422);
    }),
    cases(),
  );
});

test("no text, however long or deep, takes long or throws", TIME, () => {
  const long = fc
    .tuple(
      fc.constantFrom("0", "9", "[", "{", '{"a":', "1e", "-", '"', "\\", " ", "10"),
      fc.integer({ min: 1, max: 20_000 }),
      roughText,
    )
    .map(([unit, times, rest]) => `{"n":${unit.repeat(times)}${rest}`);
  const exponents = fc
    .tuple(fc.constantFrom("9", "0", "10"), fc.integer({ min: 1, max: 20_000 }), fc.constantFrom("", "-", "+"))
    .map(([unit, times, sign]) => `{"n":1${unit.repeat(times)}.0${unit.repeat(times)}1e${sign}${unit.repeat(times)}}`);
  let longest = 0;
  fc.assert(
    fc.property(fc.oneof(long, exponents), (text) => {
      const begun = performance.now();
      expect(["string", "undefined"]).toContain(typeof canonicalJsonText(text));
      longest = Math.max(longest, performance.now() - begun);
    }),
    cases(2_000),
  );
  expect(longest).toBeLessThan(2_000);
});
