/** `idempotencyKey`: a deterministic key from an entity, an action and the parameters that change the result. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { idempotencyKey, isKeyInvalidError, isKeyMissingError } from "../../src/index.ts";
import type { Json } from "../support/http-events.ts";

const PARTS = { entityId: "order-123", action: "create", params: { amount: 100, currency: "USD" } };

function circular(): object {
  const params: Record<string, unknown> = { amount: 100 };
  params["self"] = params;
  return params;
}

function thrownBy(parts: Json): Error {
  try {
    return new Error(`gave ${idempotencyKey(parts)}`);
  } catch (error) {
    return error as Error;
  }
}

describe("idempotencyKey", () => {
  test("gives 32 hex characters, the same every time", () => {
    expect(idempotencyKey(PARTS)).toMatch(/^[0-9a-f]{32}$/);
    expect(idempotencyKey(PARTS)).toBe(idempotencyKey(structuredClone(PARTS)));
  });

  test("stays the same from release to release and from host to host", () => {
    expect(idempotencyKey(PARTS)).toBe("86890d759285b5bcb14bc54d62a0ce4f");
  });

  test("does not depend on the order of parameters, at any depth", () => {
    const one = { entityId: "o", action: "a", params: { x: { p: 1, q: [1, 2] }, y: 2 } };
    const other = { params: { y: 2, x: { q: [1, 2], p: 1 } }, action: "a", entityId: "o" };
    expect(idempotencyKey(one)).toBe(idempotencyKey(other));
  });

  test("no parameters are the same as an empty set of them", () => {
    expect(idempotencyKey({ entityId: "o", action: "a" })).toBe(
      idempotencyKey({ entityId: "o", action: "a", params: {} }),
    );
  });

  test.each<[string, Json]>([
    ["entity", { ...PARTS, entityId: "order-124" }],
    ["action", { ...PARTS, action: "refund" }],
    ["amount", { ...PARTS, params: { amount: 101, currency: "USD" } }],
    ["amount given as a text", { ...PARTS, params: { amount: "100", currency: "USD" } }],
    ["parameter", { ...PARTS, params: { ...PARTS.params, coupon: null } }],
    ["place of a text", { ...PARTS, entityId: "order-123create", action: "x" }],
  ])("another %s gives another key", (_name, other) => {
    expect(idempotencyKey(other)).not.toBe(idempotencyKey(PARTS));
  });

  test("0 is an entity", () => {
    expect(idempotencyKey({ entityId: 0, action: "a" })).toMatch(/^[0-9a-f]{32}$/);
  });

  test.each<[string, Json, string]>([
    ["undefined entity", { ...PARTS, entityId: undefined }, "entityId"],
    ["null entity", { ...PARTS, entityId: null }, "entityId"],
    ["empty entity", { ...PARTS, entityId: "" }, "entityId"],
    ["empty action", { ...PARTS, action: "" }, "action"],
    ["no action", { entityId: "o" }, "action"],
    ["undefined parameter", { ...PARTS, params: { amount: undefined } }, "amount"],
    ["undefined parameter inside another", { ...PARTS, params: { card: { last4: undefined } } }, "last4"],
    ["nothing at all", undefined, "entityId"],
  ])("%s: a missing part is an error that names it", (_name, parts, part) => {
    const error = thrownBy(parts);
    expect(error.message).toContain(part);
    expect(isKeyMissingError(error)).toBe(true);
  });

  test.each<[string, Json, string | RegExp]>([
    ["NaN as entity", { ...PARTS, entityId: Number.NaN }, "entityId"],
    ["an object as entity", { ...PARTS, entityId: { id: 1 } }, "entityId"],
    ["a number as action", { ...PARTS, action: 5 }, "action"],
    ["a Date", { ...PARTS, params: { at: new Date(0) } }, /`(params\.)?at`/],
    ["a deep bigint", { ...PARTS, params: { total: { cents: 5n } } }, /`(params\.)?total\.cents`/],
    ["a Map as parameters", { ...PARTS, params: new Map([["amount", 100]]) }, /params|parameters/],
    ["parameters that hold themselves", { ...PARTS, params: circular() }, /circular/],
    ["null as parameters", { ...PARTS, params: null }, /params|parameters/],
    ["a text as parameters", { ...PARTS, params: "amount=100" }, /params|parameters/],
    ["an array as parameters", { ...PARTS, params: [100, "USD"] }, /params|parameters/],
    ["a number as parameters", { ...PARTS, params: 100 }, /params|parameters/],
  ])("%s: what is not JSON is an error that names the part", (_name, parts, part) => {
    const error = thrownBy(parts);
    expect(error.message).toMatch(part);
    expect(isKeyInvalidError(error)).toBe(true);
  });

  test("two different sets of parts never give one key", () => {
    const parts = fc.record({
      entityId: fc.string({ unit: fc.constantFrom("a", "b", ":", "|", '"'), minLength: 1, maxLength: 3 }),
      action: fc.string({ unit: fc.constantFrom("a", "b", ":", "|", '"'), minLength: 1, maxLength: 3 }),
      params: fc.dictionary(fc.constantFrom("a", "b", "__proto__"), fc.constantFrom(0, 1, "1", null, false), {
        maxKeys: 2,
      }),
    });
    const whole = ({ entityId, action, params }: { entityId: string; action: string; params: object }): string =>
      JSON.stringify([entityId, action, Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1))]);
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        expect(idempotencyKey(a) === idempotencyKey(b)).toBe(whole(a) === whole(b));
      }),
      { numRuns: 2_000 },
    );
  });
});
