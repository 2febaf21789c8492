/** Events that no gateway sends: never a TypeError of this library, and never a call that shares another's record. */
import { describe, expect, test } from "vitest";
import { idempotentHttp } from "../../src/index.ts";
import { eventOf, type Json, SHAPES } from "../support/http-events.ts";
import { lambdaContext } from "../support/lambda-context.ts";
import { probeStore } from "../support/probe-store.ts";

function wrap(requireKey: boolean, handler: (event: Json) => Json = () => ({ statusCode: 200, body: "ran" })): Json {
  return idempotentHttp(async (event: Json) => handler(event), { store: probeStore(), operation: "pay", requireKey });
}

const NOT_HTTP: readonly [string, unknown][] = [
  ["undefined", undefined],
  ["null", null],
  ["an empty object", {}],
  ["an array", []],
  ["a text", "event"],
  ["a number", 5],
  ["a warm-up ping", { source: "serverless-plugin-warmup" }],
  ["an SQS event", { Records: [{ messageId: "1", body: "x" }] }],
  ["an HTTP event without a method", { path: "/", headers: { "Idempotency-Key": "k" }, body: null }],
  ["a request context that is null", { requestContext: null }],
  ["a request context that is an array", { requestContext: [] }],
  ["methods that are no text", { httpMethod: 5, requestContext: { http: { method: null }, httpMethod: {} } }],
];

describe("what is no HTTP request", () => {
  test.each(NOT_HTTP)(
    "%s: runs without protection where no key is required, and the handler gets it",
    async (_name, event) => {
      const seen: unknown[] = [];
      const handler = wrap(false, (given) => {
        seen.push(given);
        return { statusCode: 200, body: "ran" };
      });
      expect(await handler(event, lambdaContext())).toEqual({ statusCode: 200, body: "ran" });
      expect(await handler(event, lambdaContext())).toEqual({ statusCode: 200, body: "ran" });
      expect(seen).toEqual([event, event]);
    },
  );

  test.each(NOT_HTTP)("%s: gets 400 where a key is required", async (_name, event) => {
    expect(await wrap(true, () => expect.unreachable())(event, lambdaContext())).toMatchObject({ statusCode: 400 });
  });
});

describe("a context that is none", () => {
  test.each([
    undefined,
    null,
    {},
    "context",
    { getRemainingTimeInMillis: 5 },
    { getRemainingTimeInMillis: () => Number.NaN },
  ])("%o: the call is protected all the same", async (context) => {
    const handler = wrap(true);
    const event = (): Json => eventOf(SHAPES[0] as never);
    expect(await handler(event(), context)).toEqual({ statusCode: 200, body: "ran" });
    expect(await handler(event(), context)).toMatchObject({ headers: { "Idempotent-Replayed": "true" } });
  });
});

describe.each(SHAPES)("$name", (shape) => {
  const HEADERS: readonly [string, Json][] = [
    ["no headers", undefined],
    ["headers that are null", null],
    ["headers that are a text", "Idempotency-Key: k"],
    ["headers that are a number", 5],
    ["headers that are an array", [["Idempotency-Key", "k"]]],
    ["empty headers", {}],
    ["a key that is null", { "Idempotency-Key": null }],
    ["a key that is an empty list", { "Idempotency-Key": [] }],
  ];

  test.each(HEADERS)("%s: the key is missing", async (_name, headers) => {
    for (const requireKey of [true, false]) {
      const event: Json = eventOf(shape);
      for (const field of ["headers", "multiValueHeaders"]) {
        if (headers === undefined) delete event[field];
        else event[field] = headers;
      }
      const response = await wrap(requireKey)(event, lambdaContext());
      expect(response).toMatchObject({ statusCode: requireKey ? 400 : 200 });
    }
  });

  test.each<[string, Json]>([
    ["a number", 5],
    ["an object", { toString: () => "k" }],
    ["a boolean", true],
    ["a list of lists", [["k"]]],
    ["a list of numbers", [5]],
    ["a list with null", [null]],
  ])("a key that is %s gets 400", async (_name, value) => {
    const event: Json = eventOf(shape, { key: [] });
    event[shape.name === "ALB with multi-value headers" ? "multiValueHeaders" : "headers"]["Idempotency-Key"] = value;
    expect(await wrap(false, () => expect.unreachable())(event, lambdaContext())).toMatchObject({ statusCode: 400 });
  });

  test.each<[string, Json]>([
    ["null", null],
    ["undefined", undefined],
    ["a number", 5],
    ["an object", { amount: 1 }],
    ["an array", [1]],
    ["false", false],
    ["an empty text", ""],
  ])("a body that is %s is a body: the call runs once", async (_name, body) => {
    for (const base64 of [false, true]) {
      const handler = wrap(true);
      expect(await handler(eventOf(shape, { body, base64 }), lambdaContext())).toEqual({
        statusCode: 200,
        body: "ran",
      });
      const replay = await handler(eventOf(shape, { body, base64 }), lambdaContext());
      expect(replay[shape.responseHeaders]).toHaveProperty("Idempotent-Replayed");
    }
  });

  test.each([null, undefined, 5, "x", [], {}])("query strings that are %o: the call runs once", async (query) => {
    const event = (): Json => {
      const made: Json = eventOf(shape);
      for (const field of ["queryStringParameters", "multiValueQueryStringParameters", "rawQueryString"])
        made[field] = query;
      return made;
    };
    const handler = wrap(true);
    expect(await handler(event(), lambdaContext())).toEqual({ statusCode: 200, body: "ran" });
    expect((await handler(event(), lambdaContext()))[shape.responseHeaders]).toHaveProperty("Idempotent-Replayed");
  });

  test.each([null, undefined, 5, "x", [], {}])("paths and routes that are %o: the call runs once", async (value) => {
    const event = (): Json => {
      const made: Json = eventOf(shape);
      for (const field of ["path", "rawPath", "resource", "routeKey"]) made[field] = value;
      for (const field of ["path", "resourcePath", "routeKey", "authorizer", "identity"])
        made.requestContext[field] = value;
      if (made.requestContext.http) made.requestContext.http.path = value;
      return made;
    };
    const handler = wrap(true);
    expect(await handler(event(), lambdaContext())).toEqual({ statusCode: 200, body: "ran" });
    expect((await handler(event(), lambdaContext()))[shape.responseHeaders]).toHaveProperty("Idempotent-Replayed");
  });

  test("an event that is frozen all through is read, and handed on as it is", async () => {
    const freeze = (value: Json): Json => {
      if (typeof value === "object" && value !== null)
        for (const member of Object.values(Object.freeze(value))) freeze(member);
      return value;
    };
    expect(await wrap(true)(freeze(eventOf(shape)), lambdaContext())).toEqual({ statusCode: 200, body: "ran" });
  });
});
