/**
 * The Idempotency-Key header against a reader of its own, written character by character after RFC 9651: every field value
 * there is gives the same key, is missing or invalid, in every shape of event; and two keys that differ never meet. G8.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { idempotentHttp } from "../../src/index.ts";
import { readHttpRequest } from "../../src/sources/http-event.ts";
import { headerKey } from "../../src/sources/http-key.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { eventOf, headersOf, type Json, SHAPES, shapeNamed } from "../support/http-events.ts";
import { cases, TIME } from "./seeded.ts";

const PRINTABLE = Array.from({ length: 0x5f }, (_, i) => String.fromCharCode(0x20 + i));

/** One value of the header: like a key, like a structured field gone wrong, or anything. */
const fieldValue = fc.oneof(
  fc.string({
    unit: fc.constantFrom("a", "8", "-", '"', "\\", ",", ";", " ", "\t", "=", "\x7f", "\0", "é", "\n"),
    maxLength: 10,
  }),
  fc.string({ unit: fc.constantFrom(...PRINTABLE), maxLength: 12 }),
  fc.string({ unit: fc.constantFrom("a", '"', "\\"), maxLength: 8 }).map((inner) => `"${inner}"`),
  fc.string({ unit: fc.constantFrom("a", "b"), minLength: 250, maxLength: 260 }),
  fc.string({ unit: fc.constantFrom("a", "\\\\", '\\"'), minLength: 250, maxLength: 260 }).map((inner) => `"${inner}"`),
  fc.string({ unit: "binary", maxLength: 6 }),
);

type Read = { readonly key: string } | "missing" | "invalid";

/** RFC 9651, section 4.2.5, for what begins with a quote; else the text itself, as long as it is one value. */
function expected(value: string): Read {
  let from = 0;
  let to = value.length;
  const isSpace = (c: string | undefined): boolean => c === " " || c === "\t";
  while (from < to && isSpace(value[from])) from++;
  while (to > from && isSpace(value[to - 1])) to--;
  const field = value.slice(from, to);
  if (field === "") return "missing";
  for (let i = 0; i < field.length; i++) {
    const code = field.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return "invalid";
  }
  let key = "";
  if (field[0] === '"') {
    let i = 1;
    for (; ; i++) {
      const c = field[i];
      if (c === undefined) return "invalid";
      if (c === '"') break;
      if (c === "\\") {
        const next = field[++i];
        if (next !== '"' && next !== "\\") return "invalid";
        key += next;
      } else key += c;
    }
    // Parameters, or a second member of a list, are not a key.
    if (i !== field.length - 1) return "invalid";
  } else {
    if (field.includes(",")) return "invalid";
    key = field;
  }
  if (key.length > 255) return "invalid";
  return key === "" ? "missing" : { key };
}

function read(event: unknown): Read {
  const request = readHttpRequest(event);
  if (request === undefined) throw new Error("not a request");
  try {
    const key = headerKey(request, "Idempotency-Key");
    return key === undefined ? "missing" : { key };
  } catch (error) {
    expect((error as Error).name).toBe("KeyInvalidError");
    return "invalid";
  }
}

test("every field value is read as RFC 9651 has it, in every shape of event and letter case", TIME, () => {
  const letters = fc.constantFrom("Idempotency-Key", "idempotency-key", "IDEMPOTENCY-KEY", "iDEMPOTENCY-kEY");
  fc.assert(
    fc.property(fc.constantFrom(...SHAPES), letters, fieldValue, (shape, headerName, value) => {
      expect(read(eventOf(shape, { key: value, headerName }))).toEqual(expected(value));
    }),
    cases(),
  );
});

test("a key is the same bare and as a string, where it can be bare", TIME, () => {
  const key = fc.string({ unit: fc.constantFrom(...PRINTABLE), minLength: 1, maxLength: 255 });
  const event = (value: string): Json => eventOf(shapeNamed("REST API"), { key: value });
  fc.assert(
    fc.property(key, (given) => {
      const quoted = `"${given.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
      expect(read(event(quoted))).toEqual({ key: given });
      const canBeBare = !/^["\s]|\s$|,/.test(given);
      if (canBeBare) expect(read(event(given))).toEqual({ key: given });
    }),
    cases(),
  );
});

test("two values of the header are never one key, whatever they are", TIME, () => {
  const multi = SHAPES.filter(({ version, name }) => version === "v1" || name === "ALB with multi-value headers");
  fc.assert(
    fc.property(fc.constantFrom(...multi), fc.array(fieldValue, { minLength: 2, maxLength: 4 }), (shape, values) => {
      expect(read(eventOf(shape, { key: values }))).toBe("invalid");
    }),
    cases(),
  );
});

test("two requests share an outcome only when their headers give the same key", TIME, async () => {
  const shape = shapeNamed("HTTP API");
  const store = memoryStore();
  let operations = 0;
  await fc.assert(
    fc.asyncProperty(fieldValue, fieldValue, async (a, b) => {
      let runs = 0;
      const pay = idempotentHttp(async () => ({ statusCode: 201, body: `run ${++runs}` }), {
        store,
        operation: `pay ${operations++}`,
        requireKey: true,
      }) as (event: unknown) => Promise<Json>;
      const first = await pay(eventOf(shape, { key: a }));
      const second = await pay(eventOf(shape, { key: b }));
      const [keyA, keyB] = [expected(a), expected(b)];
      expect(first.statusCode).toBe(typeof keyA === "object" ? 201 : 400);
      expect(second.statusCode).toBe(typeof keyB === "object" ? 201 : 400);
      const same = typeof keyA === "object" && typeof keyB === "object" && keyA.key === keyB.key;
      expect(headersOf(second)["idempotent-replayed"]).toBe(same ? "true" : undefined);
    }),
    cases(),
  );
});
