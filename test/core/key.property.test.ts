/** Keys with different scopes never meet, whatever stands in their parts (G8, G22). */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "../../src/core/canonical-json.ts";
import { type KeyScope, readKey, recordId, stepKey } from "../../src/core/key.ts";
import { idempotent } from "../../src/index.ts";
import { probeStore } from "../support/probe-store.ts";

const RUNS = { numRuns: 2_000 };

/** Texts that a careless separator would confuse: few characters, many of them special. */
const part = fc.string({
  unit: fc.constantFrom("a", "b", "#", "|", ":", "/", '"', ",", "\\", " ", "\0", "_", "[", "]"),
  maxLength: 4,
});
const optional = fc.option(
  part.map((text) => JSON.stringify(text)),
  { nil: undefined },
);

const scope: fc.Arbitrary<KeyScope> = fc.record({
  operation: part,
  tenant: optional,
  principal: optional,
  place: fc.array(part, { maxLength: 2 }),
  key: part.map((text) => JSON.stringify(text)),
});

test("two scopes give one id only when they are the same in every part", () => {
  fc.assert(
    fc.property(scope, scope, (a, b) => {
      expect(recordId(a) === recordId(b)).toBe(isDeepStrictEqual(a, b));
    }),
    RUNS,
  );
});

test("moving a character from one part to the next gives another id", () => {
  fc.assert(
    fc.property(fc.array(part, { minLength: 6, maxLength: 6 }), fc.nat(4), (parts, at) => {
      const idOf = ([operation = "", tenant, principal, method = "", route = "", key = ""]: string[]): string =>
        recordId({
          operation,
          tenant: JSON.stringify(tenant),
          principal: JSON.stringify(principal),
          place: [method, route],
          key: JSON.stringify(key),
        });
      const left = parts[at] ?? "";
      const moved = parts.with(at, left.slice(0, -1)).with(at + 1, left.slice(-1) + (parts[at + 1] ?? ""));
      expect(idOf(moved) === idOf(parts)).toBe(left === "");
    }),
    RUNS,
  );
});

test("two steps of any records give one key only when both are the same", () => {
  fc.assert(
    fc.property(part, part, part, part, (id, step, otherId, otherStep) => {
      expect(stepKey(id, step) === stepKey(otherId, otherStep)).toBe(id === otherId && step === otherStep);
    }),
    RUNS,
  );
});

test("every JSON value is a key or missing, and a key has its canonical text", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const reading = readKey(value);
      const hasGap = /(?:^|[[:,])(?:null|""|\[\]|\{\})(?=[\],}]|$)/.test(withoutTexts(canonicalJson(value)));
      expect(reading.kind).toBe(hasGap ? "missing" : "present");
      if (reading.kind === "present") expect(reading.text).toBe(canonicalJson(value));
    }),
    RUNS,
  );
});

/** Every text that is not empty, and every name of a property, as one that cannot be mistaken for structure. */
function withoutTexts(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"(:?)/g, (text, colon) => (colon ? '"n":' : text === '""' ? text : '"t"'));
}

test("different (operation, tenant, key) tuples never share a record of a wrapper", async () => {
  const tuple = fc.tuple(
    part.filter((text) => text.trim() !== ""),
    part.filter((text) => text !== ""),
    part.filter((text) => text !== ""),
  );
  await fc.assert(
    fc.asyncProperty(tuple, tuple, async (a, b) => {
      const store = probeStore();
      let runs = 0;
      for (const [operation, tenant, key] of [a, b]) {
        const handler = idempotent(async () => ++runs, { store, operation, tenant: () => tenant, key: () => key });
        await handler(undefined);
      }
      expect(runs).toBe(isDeepStrictEqual(a, b) ? 1 : 2);
    }),
    { numRuns: 300 },
  );
});
