/**
 * Keys of different operations, tenants, principals, methods and routes never meet, and a missing part makes the key
 * missing, never one that all such calls share. G8. `keyFor` tells records and steps apart, and attempts not. G22.
 */
import { describe, expect, test, vi } from "vitest";
import { executeOnce, type HttpEvent, idempotent, idempotentHttp, isKeyMissingError } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { contextTelling } from "../support/payments.ts";

interface Case {
  readonly operation?: string;
  readonly tenantId?: string;
  readonly tenant?: string;
  readonly key?: unknown;
}

describe("two calls share an outcome", () => {
  /** Whether the second call was given the first one's outcome. */
  async function meet(a: Case, b: Case): Promise<boolean> {
    const store = memoryStore();
    const handler = vi.fn(() => "outcome");
    for (const { operation = "pay", tenant, tenantId, key = "k" } of [a, b]) {
      const options = { store, operation, key: () => key, ...(tenant === undefined ? {} : { tenant: () => tenant }) };
      await idempotent(handler, options)(
        {},
        contextTelling(() => 9_000, { tenantId }),
      );
    }
    return handler.mock.calls.length === 1;
  }

  test.each<[string, Case, Case]>([
    ["the same of all", {}, {}],
    ["the same tenant, as the option and as Lambda name it", { tenant: "a" }, { tenantId: "a" }],
    ["an object key in another order", { key: { a: 1, b: [2] } }, { key: { b: [2], a: 1 } }],
    ["the key zero", { key: 0 }, { key: 0 }],
  ])("with %s", async (_, a, b) => expect(await meet(a, b)).toBe(true));

  test.each<[string, Case, Case]>([
    ["operations", { operation: "pay" }, { operation: "refund" }],
    ["operations that look alike in the id", { operation: "pay now" }, { operation: "pay_now" }],
    [
      "operations that differ behind what the id shows",
      { operation: `${"o".repeat(100)}1` },
      { operation: `${"o".repeat(100)}2` },
    ],
    ["tenants", { tenant: "a" }, { tenant: "b" }],
    ["tenants of Lambda's", { tenantId: "a" }, { tenantId: "b" }],
    ["a tenant and none", { tenant: "a" }, {}],
    ["a tenant called null and none", { tenant: "null" }, {}],
    ["tenant and key moved into each other", { tenant: "a", key: "bc" }, { tenant: "ab", key: "c" }],
    ["tenant and operation moved into each other", { operation: "p", tenant: "ay" }, { operation: "pa", tenant: "y" }],
    ["a number and its text", { key: 1 }, { key: "1" }],
    ["false and its text", { key: false }, { key: "false" }],
    ["an array and its text", { key: ["a"] }, { key: '["a"]' }],
    ["a part that moves within the key", { key: ["a", "bc"] }, { key: ["ab", "c"] }],
    ["letter case", { key: "K" }, { key: "k" }],
    ["white space", { key: "k" }, { key: "k " }],
    ["lone surrogates", { key: "\ud800" }, { key: "\ud801" }],
  ])("never with different %s", async (_, a, b) => expect(await meet(a, b)).toBe(false));

  const base = { httpMethod: "POST", path: "/payments", headers: { "Idempotency-Key": "k" }, body: "{}" };
  const authorized = (authorizer: object): object => ({ ...base, requestContext: { authorizer } });
  const identified = (identity: object): object => ({ ...base, requestContext: { identity } });
  test.each<[string, object, object]>([
    ["methods", base, { ...base, httpMethod: "PUT" }],
    ["routes", base, { ...base, path: "/refunds" }],
    ["route templates", { ...base, resource: "/a/{id}" }, { ...base, resource: "/b/{id}" }],
    [
      "paths below a greedy route",
      { ...base, resource: "/{proxy+}", path: "/a" },
      { ...base, resource: "/{proxy+}", path: "/b" },
    ],
    ["a caller and none", base, authorized({ principalId: "a" })],
    ["Lambda authorizer's callers", authorized({ principalId: "a" }), authorized({ principalId: "b" })],
    ["Cognito callers", authorized({ claims: { sub: "a" } }), authorized({ claims: { sub: "b" } })],
    ["JWT callers", authorized({ jwt: { claims: { sub: "a" } } }), authorized({ jwt: { claims: { sub: "b" } } })],
    [
      "issuers of one subject",
      authorized({ jwt: { claims: { iss: "x", sub: "a" } } }),
      authorized({ jwt: { claims: { iss: "y", sub: "a" } } }),
    ],
    [
      "callers that a Lambda authorizer describes, with empty parts",
      authorized({ lambda: { userId: "a", roles: [], plan: { limit: null } } }),
      authorized({ lambda: { userId: "b", roles: [], plan: { limit: null } } }),
    ],
    ["IAM callers", authorized({ iam: { userArn: "a" } }), authorized({ iam: { userArn: "b" } })],
    ["IAM callers of REST", identified({ userArn: "a" }), identified({ userArn: "b" })],
    ["API keys", identified({ apiKeyId: "a" }), identified({ apiKeyId: "b" })],
  ])("never over HTTP with different %s", async (_, a, b) => {
    const handler = vi.fn(async () => ({ statusCode: 201, body: "charged" }));
    const pay = idempotentHttp(handler, { store: memoryStore(), operation: "http", fingerprint: false });
    for (const event of [a, b, a, b]) await pay(event as unknown as HttpEvent);
    expect(handler).toHaveBeenCalledTimes(2);
  });
});

describe("a key with a missing part", () => {
  const missing: [string, unknown][] = [
    ["undefined", undefined],
    ["null", null],
    ["empty text", ""],
    ["an empty array", []],
    ["an empty object", {}],
    ["an array with a hole", Object.assign(new Array(3), { 0: 1, 2: 3 })],
    ["an undefined part", ["a", undefined]],
    ["a null part deep inside", { order: { id: null } }],
    ["an empty part", ["a", ""]],
  ];

  test.each(missing)("is a missing key, and nothing runs: %s", async (_, key) => {
    const handler = vi.fn();
    const pay = idempotent(handler, { store: memoryStore(), operation: "pay", key: () => key });
    await expect(pay({})).rejects.toSatisfy(isKeyMissingError);
    expect(handler).not.toHaveBeenCalled();
  });

  test.each(missing)("is never shared where no key is required: each call runs by itself: %s", async (_, key) => {
    const handler = vi.fn(() => "ran");
    const options = { store: memoryStore(), operation: "pay", requireKey: false };
    const pay = idempotent(handler, { ...options, key: () => key });
    await pay({});
    await pay({});
    await executeOnce(key, handler, options);
    expect(handler).toHaveBeenCalledTimes(3);
  });

  test.each([undefined, null, ""])("is missing too when the tenant is asked for and is %s", async (tenant) => {
    const handler = vi.fn();
    const options = { store: memoryStore(), operation: "pay", key: () => "k" };
    const pay = idempotent(handler, { ...options, tenant: () => tenant as never });
    await expect(pay({})).rejects.toSatisfy(isKeyMissingError);
    expect(handler).not.toHaveBeenCalled();
  });
});

describe("keyFor", () => {
  test("is the same on every attempt, and differs by step, key, operation and tenant", async () => {
    const store = memoryStore();
    const given: string[] = [];
    const attempt = (operation: string, key: string, tenant: string, step: string): Promise<unknown> =>
      executeOnce(
        key,
        ({ keyFor }) => {
          given.push(keyFor(step));
          throw new Error("declined");
        },
        { store, operation, tenant: () => tenant },
      ).catch(() => undefined);
    await attempt("pay", "k", "t", "charge");
    await attempt("pay", "k", "t", "charge");
    await attempt("pay", "k", "t", "mail");
    await attempt("pay", "l", "t", "charge");
    await attempt("refund", "k", "t", "charge");
    await attempt("pay", "k", "u", "charge");
    expect(given[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(given[1]).toBe(given[0]);
    expect(new Set(given).size).toBe(5);
  });

  test("gives an unprotected run with a key what a protected attempt would get", async () => {
    const failing = { ...memoryStore(), insert: () => Promise.reject(new Error("down")) };
    const options = { operation: "pay", whenStoreUnavailable: "run" } as const;
    const charge = ({ keyFor }: { keyFor: (step: string) => string }): string => keyFor("charge");
    const unprotected = await executeOnce("k", charge, { ...options, store: failing });
    const guarded = await executeOnce("k", charge, { ...options, store: memoryStore() });
    expect(unprotected.value).toBe(guarded.value);
  });

  test("without a key is stable within a call and never shared between two", async () => {
    const options = { store: memoryStore(), operation: "pay", requireKey: false };
    const twice = () => executeOnce(undefined, ({ keyFor }) => [keyFor("charge"), keyFor("charge")], options);
    const [a, b] = [(await twice()).value, (await twice()).value];
    expect(a[0]).toBe(a[1]);
    expect(a[0]).not.toBe(b[0]);
  });
});
