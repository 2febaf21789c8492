/** The namespace of the keys where none is named: from the Lambda environment, and for one wrapper only (G8). */
import { beforeEach, describe, expect, test, vi } from "vitest";
import { eventOf, type Json, shapeNamed } from "../support/http-events.ts";
import { lambdaContext } from "../support/lambda-context.ts";
import { probeStore } from "../support/probe-store.ts";

/** Each test is a process of its own, as far as this library can tell. */
let lib: typeof import("../../src/index.ts");

beforeEach(async () => {
  vi.resetModules();
  vi.unstubAllEnvs();
  vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "payments-prod-create");
  vi.stubEnv("_HANDLER", "src/create.handler");
  lib = await import("../../src/index.ts");
});

const key = (): string => "k";

describe("in Lambda", () => {
  test("it is the function's name and its handler", async () => {
    const store = probeStore();
    const operations: string[] = [];
    const handler = lib.idempotent(async (_event, _context, { operation }) => operations.push(operation), {
      store,
      key,
    });
    await handler(undefined, lambdaContext());
    expect(operations).toEqual(["payments-prod-create/src/create.handler"]);
    expect(store.last().id).toMatch(/^payments-prod-create\/src\/create\.handler#[0-9a-f]{64}$/);
  });

  test("it has nothing of the name of a function, which minifiers change", async () => {
    const store = probeStore();
    async function chargeTheCustomer(_event: Json): Promise<Json> {
      return { statusCode: 200 };
    }
    await lib.idempotentHttp(chargeTheCustomer, { store })(eventOf(shapeNamed("HTTP API")), lambdaContext());
    expect(store.last().id).not.toContain("charge");
  });

  test("a second wrapper with the same default fails when it is made, and says to name them", () => {
    const store = probeStore();
    lib.idempotentHttp(async (_event: Json) => ({ statusCode: 200 }), { store });
    const second = (): unknown => lib.idempotent(async () => 1, { store, key });
    expect(second).toThrow(/payments-prod-create\/src\/create\.handler.*`operation`/);
    expect(second).toThrow(expect.objectContaining({ name: "InvalidOptionsError" }));
    expect(() => lib.idempotentHttp(async (_event: Json) => ({ statusCode: 200 }), { store })).toThrow(
      /own `operation`/,
    );
  });

  test("also when the two have different stores", () => {
    lib.idempotent(async () => 1, { store: probeStore(), key });
    expect(() => lib.idempotent(async () => 1, { store: probeStore(), key })).toThrow(/operation/);
  });

  test("a wrapper that names its operation takes no default away, even the same one", () => {
    const store = probeStore();
    lib.idempotent(async () => 1, { store, key, operation: "refund" });
    lib.idempotent(async () => 1, { store, key, operation: "refund" });
    lib.idempotent(async () => 1, { store, key, operation: "payments-prod-create/src/create.handler" });
    expect(() => lib.idempotent(async () => 1, { store, key })).not.toThrow();
  });

  test("a wrapper that could not be made takes no default away", () => {
    expect(() => lib.idempotent(async () => 1, { store: probeStore(), key, ttlSeconds: 0 })).toThrow(/ttlSeconds/);
    expect(() => lib.idempotent(async () => 1, { store: probeStore(), key })).not.toThrow();
  });
});

describe("outside of Lambda", () => {
  test.each([
    ["no function name", "AWS_LAMBDA_FUNCTION_NAME"],
    ["no handler", "_HANDLER"],
  ])("with %s it has to be named", (_name, variable) => {
    vi.stubEnv(variable, undefined);
    const make = (): unknown => lib.idempotent(async () => 1, { store: probeStore(), key });
    expect(make).toThrow(/`operation` is missing/);
    expect(make).toThrow(/operation: "/);
    expect(() => lib.idempotent(async () => 1, { store: probeStore(), key, operation: "pay" })).not.toThrow();
  });
});
