/**
 * Keys of any value, and all that scopes them: nothing but a declared error, whatever a caller's functions give, and two
 * calls meet in one record only when operation, tenant, principal, method, route and key are all the same. G8, G15.
 */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readKey } from "../../src/core/key.ts";
import { idempotent, idempotentHttp, isKeyInvalidError, isKeyMissingError } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { eventOf, type Json, SHAPES, type Shape } from "../support/http-events.ts";
import { cases, roughText, TIME } from "./seeded.ts";

/** Of any type and depth, most of it not JSON. */
const anything = fc.oneof(
  fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    withObjectString: true,
    maxDepth: 3,
  }),
  roughText,
  fc.constantFrom<unknown>(
    Symbol("x"),
    () => 1,
    new Proxy({}, {}),
    Object.freeze([]),
    new (class Money {
      readonly amount = 1;
    })(),
    { toJSON: () => "x" },
    [undefined],
    new Array(1),
    { a: undefined },
    Promise.resolve(1),
    new WeakMap(),
    /x/,
    new Error("x"),
    globalThis,
    Number.MAX_VALUE,
    -0,
  ),
);

/** Objects that fight back: what their parts do is not JSON's either. */
const hostile = fc.constantFrom<() => unknown>(
  () => ({
    get a(): never {
      throw new Error("a getter threw");
    },
  }),
  () => [
    Object.defineProperty({}, "x", {
      enumerable: true,
      get: () => {
        throw new TypeError("a getter threw");
      },
    }),
  ],
  () =>
    new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("a proxy threw");
        },
      },
    ),
  () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    return circular;
  },
  () => {
    let deep: unknown = "x";
    for (let i = 0; i < 100_000; i++) deep = [deep];
    return deep;
  },
  () => Object.create({ inherited: 1 }),
  () => {
    throw new Error("the function itself threw");
  },
  () => {
    throw undefined;
  },
  () => {
    throw Object.create(null);
  },
);

/** Whether a value is a key, by the words of the contract. */
function kindOf(value: unknown): "present" | "missing" | "invalid" {
  try {
    JSON.stringify(value);
  } catch {
    return "invalid";
  }
  let missing = false;
  let invalid = false;
  const walk = (part: unknown): void => {
    if (part === null || part === undefined || part === "") missing = true;
    else if (typeof part === "number") invalid ||= !Number.isFinite(part);
    else if (typeof part === "bigint" || typeof part === "symbol" || typeof part === "function") invalid = true;
    else if (Array.isArray(part)) {
      missing ||= part.length === 0;
      for (let i = 0; i < part.length; i++) walk(part[i]);
    } else if (typeof part === "object") {
      const prototype: unknown = Object.getPrototypeOf(part);
      if (prototype !== null && prototype !== Object.prototype) {
        invalid = true;
        return;
      }
      missing ||= Object.keys(part).length === 0;
      for (const member of Object.values(part)) walk(member);
    }
  };
  walk(value);
  return invalid ? "invalid" : missing ? "missing" : "present";
}

test("any value is a key, missing or invalid, as the contract has it", TIME, () => {
  fc.assert(
    fc.property(anything, (value) => {
      const reading = readKey(value);
      expect(reading.kind).toBe(kindOf(value));
      if (reading.kind === "present") expect(reading.text).toBe(canonical(value));
    }),
    cases(),
  );
});

/** A writer of its own. `JSON.parse` is no help here: see `escaped-names.test.ts`. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join()}}`;
}

test("two values give one key only when they are equal as JSON", TIME, () => {
  const small = fc.anything({
    maxDepth: 2,
    maxKeys: 2,
    values: [fc.constantFrom(0, -0, 1, "0", "1", true, false, "a"), roughText],
  });
  fc.assert(
    fc.property(small, small, (a, b) => {
      const [one, other] = [readKey(a), readKey(b)];
      if (one.kind !== "present" || other.kind !== "present") return;
      expect(one.text === other.text).toBe(canonical(a) === canonical(b));
    }),
    cases(),
  );
});

test(
  "whatever key, tenant, principal and fingerprint give or throw: the handler runs, or a declared error comes back",
  TIME,
  async () => {
    const given = fc.oneof(
      { weight: 3, arbitrary: fc.constant(() => "k") },
      { weight: 3, arbitrary: anything.map((value) => () => value) },
      { weight: 2, arbitrary: hostile },
    );
    await fc.assert(
      fc.asyncProperty(
        given,
        given,
        given,
        given,
        fc.boolean(),
        async (key, tenant, principal, fingerprint, requireKey) => {
          const store = memoryStore();
          const common = { store, operation: "pay", key, tenant: tenant as () => string, fingerprint, requireKey };
          const handler = idempotent(() => "ran", common);
          const outcome = await handler({}).catch((error: unknown) => error);
          expect(outcome === "ran" || isKeyMissingError(outcome) || isKeyInvalidError(outcome)).toBe(true);
          const http = idempotentHttp(async () => ({ statusCode: 201, body: "ran" }), { ...common, principal });
          const response = (await http(eventOf(SHAPES[0] as Shape))) as Json;
          expect([201, 400]).toContain(response.statusCode);
        },
      ),
      cases(),
    );
  },
);

/** Where a request stands, and who makes it. */
interface Place {
  readonly operation: string;
  readonly tenant: string | undefined;
  readonly principal: readonly [kind: string, name: string, issuer: string] | undefined;
  readonly method: string;
  readonly route: string;
  readonly key: string;
}

const some = fc.constantFrom("a", "b", "a#b", '["a"', "a,b", "POST", "/a", "null", "jwt");
const place: fc.Arbitrary<Place> = fc.record(
  {
    operation: some,
    tenant: fc.option(some, { nil: undefined }),
    principal: fc.option(
      fc
        .tuple(fc.constantFrom("jwt", "claims", "lambda", "principalId", "userArn", "apiKey", "cognito"), some, some)
        .map(
          // Only a subject has an issuer.
          ([kind, name, issuer]) => [kind, name, kind === "jwt" || kind === "claims" ? issuer : ""] as const,
        ),
      { nil: undefined },
    ),
    method: fc.constantFrom("POST", "PUT", "PATCH"),
    route: fc.constantFrom("/a", "/b", "/a/{id}", "/POST /a"),
    key: some,
  },
  { noNullPrototype: true },
);

function authorized(principal: Place["principal"]): { authorizer?: unknown; identity?: object } {
  if (principal === undefined) return {};
  const [kind, name, iss] = principal;
  switch (kind) {
    case "jwt":
      return { authorizer: { jwt: { claims: { sub: name, iss, exp: "1", iat: "2" } } } };
    case "claims":
      return { authorizer: { claims: { sub: name, iss } } };
    case "lambda":
      return { authorizer: { lambda: { customer: name, exp: 7 } } };
    case "principalId":
      return { authorizer: { principalId: name } };
    case "userArn":
      return { identity: { userArn: name } };
    case "apiKey":
      return { identity: { apiKeyId: name } };
    default:
      return { identity: { cognitoIdentityId: name } };
  }
}

/** The records that were asked for, in order. */
function spying(ids: string[]): Store {
  const store = memoryStore();
  const insert: Store["insert"] = (record) => {
    ids.push(record.id);
    return store.insert(record);
  };
  return { ...store, insert };
}

test(
  "two HTTP requests meet in one id only when all that scopes their keys, and the keys, are the same",
  TIME,
  async () => {
    const rest = SHAPES.find(({ name }) => name === "REST API") as Shape;
    // Pairs that differ in at most two parts are where a careless id would be the same.
    const pair = fc.tuple(
      place,
      fc.subarray(["operation", "tenant", "principal", "method", "route", "key"] as const, { maxLength: 2 }),
      place,
    );
    await fc.assert(
      fc.asyncProperty(pair, async ([a, parts, other]) => {
        const b: Place = { ...a, ...Object.fromEntries(parts.map((part) => [part, other[part]])) };
        const ids: string[] = [];
        const store = spying(ids);
        for (const { operation, tenant, principal, method, route, key } of [a, b]) {
          const pay = idempotentHttp(async () => ({ statusCode: 201, body: "" }), {
            store,
            operation,
            fingerprint: false,
            ...(tenant === undefined ? {} : { tenant: () => tenant }),
          }) as (event: unknown) => Promise<unknown>;
          const identity = { userArn: null, apiKeyId: null, cognitoIdentityId: null };
          const known = authorized(principal);
          await pay(
            eventOf(rest, {
              key: `"${key.replaceAll('"', '\\"')}"`,
              method,
              route,
              path: route,
              authorizer: undefined,
              ...known,
              identity: { ...identity, ...known.identity },
            }),
          );
        }
        expect(ids).toHaveLength(2);
        expect(ids[0] === ids[1]).toBe(isDeepStrictEqual(a, b));
      }),
      cases(),
    );
  },
);
