/** Keys are scoped by operation, tenant, principal, method and route: what is not the same never meets (G8). */
import { describe, expect, test } from "vitest";
import { type HttpOptions, idempotentHttp } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import {
  type Change,
  created,
  eventOf,
  headersOf,
  type Json,
  SHAPES,
  type Shape,
  shapeNamed,
} from "../support/http-events.ts";
import { lambdaContext } from "../support/lambda-context.ts";
import { probeStore } from "../support/probe-store.ts";

interface Call {
  readonly change?: Change;
  readonly options?: Partial<HttpOptions<Json>>;
  readonly tenantId?: string;
}

/** Whether the second call got the outcome of the first one. The fingerprint is off, so that only scopes tell them apart. */
async function meets(shape: Shape, one: Call, other: Call, store: Store = probeStore()): Promise<boolean> {
  const send = async ({ change, options, tenantId }: Call): Promise<Json> => {
    const pay = idempotentHttp(async (_event: Json) => created(shape, "x") as Json, {
      store,
      operation: "pay",
      fingerprint: false,
      requireKey: true,
      ...options,
    });
    return await pay(eventOf(shape, change), lambdaContext(30_000, tenantId === undefined ? {} : { tenantId }));
  };
  expect(await send(one)).toMatchObject({ statusCode: 201 });
  const answer = await send(other);
  expect(answer.statusCode).toBe(201);
  return "idempotent-replayed" in headersOf(answer);
}

describe.each(SHAPES)("$name", (shape) => {
  test("the same scope meets", async () => {
    expect(await meets(shape, {}, {})).toBe(true);
  });

  test.each([
    ["POST", "PUT"],
    ["PUT", "PATCH"],
  ])("%s and %s never meet", async (one, other) => {
    expect(await meets(shape, { change: { method: one } }, { change: { method: other } })).toBe(false);
  });

  test("two operations never meet, two wrappers that name the same one do", async () => {
    expect(await meets(shape, {}, { options: { operation: "refund" } })).toBe(false);
    expect(await meets(shape, { options: { operation: "refund" } }, { options: { operation: "refund" } })).toBe(true);
  });

  test("tenants that Lambda names never meet, nor does one with none", async () => {
    expect(await meets(shape, { tenantId: "t1" }, { tenantId: "t2" })).toBe(false);
    expect(await meets(shape, { tenantId: "t1" }, {})).toBe(false);
    expect(await meets(shape, { tenantId: "t1" }, { tenantId: "t1" })).toBe(true);
  });

  test("the option `tenant` stands in for the tenant that Lambda names", async () => {
    const as = (tenant: string): Call => ({ options: { tenant: () => tenant }, tenantId: "lambda's" });
    expect(await meets(shape, as("t1"), as("t2"))).toBe(false);
    expect(await meets(shape, as("t1"), { ...as("t1"), tenantId: "other" })).toBe(true);
  });

  test("the option `principal` stands in for the authorizer, and may name nobody", async () => {
    const as = (principal: unknown): Call => ({ options: { principal: () => principal } });
    expect(await meets(shape, as("p1"), as("p2"))).toBe(false);
    expect(await meets(shape, as("p1"), as("p1"))).toBe(true);
    expect(await meets(shape, as("p1"), as(undefined))).toBe(false);
    expect(await meets(shape, as(undefined), as(undefined))).toBe(true);
    expect(await meets(shape, as({ org: "o", user: 1 }), as({ user: 1, org: "o" }))).toBe(true);
  });

  test("a tenant and a principal of the same name never meet", async () => {
    expect(await meets(shape, { options: { tenant: () => "x" } }, { options: { principal: () => "x" } })).toBe(false);
  });

  test("a tenant that is not there makes the key missing, never one that all such calls share", async () => {
    const pay = idempotentHttp(async (_event: Json) => created(shape, "x") as Json, {
      store: probeStore(),
      operation: "pay",
      requireKey: true,
      tenant: () => undefined as never,
    });
    const response = (await pay(eventOf(shape), lambdaContext())) as Json;
    expect(response.statusCode).toBe(400);
    expect(JSON.parse(response.body).type).toBe("urn:lambda-once:problem:key-missing");
  });

  test("where no template names one route, the path stands for it", async () => {
    const greedy = shape.hasRoutes ? { route: "/{proxy+}" } : {};
    const to = (path: string): Call => ({ change: { ...greedy, path } });
    expect(await meets(shape, to("/payments"), to("/refunds"))).toBe(false);
    expect(await meets(shape, to("/payments"), to("/payments"))).toBe(true);
  });

  test("the id of the attempt is no part of the key: it differs on every try", async () => {
    const event: Json = eventOf(shape);
    const retried: Json = eventOf(shape);
    Object.assign(retried.requestContext, { requestId: "other", extendedRequestId: "other", timeEpoch: 1 });
    const pay = idempotentHttp(async (_event: Json) => created(shape, "x") as Json, {
      store: probeStore(),
      operation: "pay",
    });
    await pay(event, lambdaContext(30_000, { awsRequestId: "a" }));
    const answer = await pay(retried, lambdaContext(30_000, { awsRequestId: "b" }));
    expect(headersOf(answer)).toHaveProperty("idempotent-replayed", "true");
  });
});

test.each(SHAPES.filter(({ hasRoutes }) => hasRoutes))(
  "$name: routes never meet, one with two paths does",
  async (shape) => {
    const to = (route: string, path: string): Call => ({ change: { route, path } });
    expect(await meets(shape, to("/payments", "/payments"), to("/refunds", "/refunds"))).toBe(false);
    expect(await meets(shape, to("/payments/{id}", "/payments/1"), to("/payments/{id}", "/payments/2"))).toBe(true);
    expect(await meets(shape, to("/payments/{id}", "/payments/1"), to("/payments/1", "/payments/1"))).toBe(false);
  },
);

test("HTTP API: $default and greedy routes behind a template stand for many routes, so the path does", async () => {
  const shape = shapeNamed("HTTP API");
  for (const route of ["$default", "/{proxy+}", "/v1/{rest+}"]) {
    const to = (path: string): Call => ({ change: { route, path } });
    expect(await meets(shape, to("/v1/payments"), to("/v1/refunds")), route).toBe(false);
    expect(await meets(shape, to("/v1/payments"), to("/v1/payments")), route).toBe(true);
  }
});

test("HTTP API: the methods of one ANY route never meet", async () => {
  const shape = shapeNamed("HTTP API");
  const store = probeStore();
  const pay = idempotentHttp(async (_event: Json) => created(shape, "x") as Json, {
    store,
    operation: "pay",
    fingerprint: false,
  });
  for (const method of ["POST", "PUT"]) {
    const event: Json = eventOf(shape, { method });
    event.routeKey = "ANY /payments/{account}";
    event.requestContext.routeKey = event.routeKey;
    expect(headersOf(await pay(event, lambdaContext()))).not.toHaveProperty("idempotent-replayed");
  }
});
