/** A replay: the stored response, byte for byte, plus the marker (G6). */
import { describe, expect, test } from "vitest";
import { everyOutcome, type HttpOptions, idempotentHttp } from "../../src/index.ts";
import { created, eventOf, type Json, SHAPES, type Shape, shapeNamed } from "../support/http-events.ts";
import { lambdaContext } from "../support/lambda-context.ts";
import { probeStore } from "../support/probe-store.ts";

/** The first response and its replay. */
async function twice(
  shape: Shape,
  make: () => unknown,
  options: Partial<HttpOptions<Json>> = {},
): Promise<[Json, Json]> {
  const pay = idempotentHttp(async (_event: Json) => make() as Json, {
    store: probeStore(),
    operation: "pay",
    ...options,
  });
  const first = await pay(eventOf(shape), lambdaContext());
  return [first, await pay(eventOf(shape), lambdaContext())];
}

describe.each(SHAPES)("$name", (shape) => {
  const field = shape.responseHeaders;
  const one = (value: string): Json => (field === "headers" ? value : [value]);

  test("base64 responses, other headers and unknown properties are kept", async () => {
    const make = (): Json => ({
      statusCode: 200,
      [field]: { "Content-Type": one("image/png"), ETag: one('"abc"'), "x-empty": one("") },
      body: "iVBORw0KGgo=",
      isBase64Encoded: true,
      unknown: { kept: [1, null] },
    });
    const [first, replay] = await twice(shape, make);
    expect(first).toEqual(make());
    expect(replay).toEqual({ ...make(), [field]: { ...make()[field], "Idempotent-Replayed": one("true") } });
  });

  test("a response without headers gets the marker alone", async () => {
    const [first, replay] = await twice(shape, () => ({ statusCode: 204, body: "" }));
    expect(first).toEqual({ statusCode: 204, body: "" });
    expect(replay).toEqual({ statusCode: 204, body: "", [field]: { "Idempotent-Replayed": one("true") } });
  });

  test("the option `replayHeaderName` renames the marker", async () => {
    const [, replay] = await twice(shape, () => created(shape, "x"), { replayHeaderName: "X-Idempotent-Replayed" });
    expect(replay[field]).toEqual({ "Content-Type": one("application/json"), "X-Idempotent-Replayed": one("true") });
  });

  test("the first response keeps a header of the marker's name, the replay has the marker alone", async () => {
    const make = (): Json => ({ statusCode: 200, body: "", [field]: { "IDEMPOTENT-replayed": one("no") } });
    const [first, replay] = await twice(shape, make);
    expect(first).toEqual(make());
    expect(replay[field]).toEqual({ "Idempotent-Replayed": one("true") });
  });

  test("what a caller does to a response changes no later replay", async () => {
    const pay = idempotentHttp(async (_event: Json) => created(shape, "kept") as Json, {
      store: probeStore(),
      operation: "pay",
    });
    for (let call = 0; call < 3; call++) {
      const response = (await pay(eventOf(shape), lambdaContext())) as Json;
      expect(response.body).toBe("kept");
      expect(response[field]["Content-Type"]).toEqual(one("application/json"));
      response.body = "changed";
      response[field]["Content-Type"] = one("changed");
    }
  });

  test("a handler that is told to keep every outcome replays its errors and its failures, marked where it can be", async () => {
    const [first, replay] = await twice(shape, () => ({ statusCode: 402, body: "declined" }), {
      shouldStore: everyOutcome,
    });
    expect(first).toEqual({ statusCode: 402, body: "declined" });
    expect(replay).toEqual({ statusCode: 402, body: "declined", [field]: { "Idempotent-Replayed": one("true") } });
  });
});

describe("REST API", () => {
  const shape = shapeNamed("REST API");

  test("multi-value headers are kept beside the marker", async () => {
    const make = (): Json => ({ statusCode: 200, body: "", multiValueHeaders: { "Set-Cookie": ["a=1", "b=2"] } });
    const [, replay] = await twice(shape, make);
    expect(replay).toEqual({ ...make(), headers: { "Idempotent-Replayed": "true" } });
  });

  test("multi-value headers of the marker's name do not contradict it: the gateway would prefer them", async () => {
    const make = (): Json => ({
      statusCode: 200,
      body: "",
      multiValueHeaders: { "idempotent-replayed": ["no"], A: ["1"] },
    });
    const [, replay] = await twice(shape, make);
    expect(replay).toEqual({
      statusCode: 200,
      body: "",
      headers: { "Idempotent-Replayed": "true" },
      multiValueHeaders: { A: ["1"] },
    });
  });

  test.each([undefined, null, "text", 5])("%o is no response here: it goes back as it is", async (value) => {
    expect(await twice(shape, () => value)).toEqual([value, value]);
  });
});

describe.each([shapeNamed("HTTP API"), shapeNamed("function URL")])("$name", (shape) => {
  test("cookies are kept", async () => {
    const make = (): Json => ({ statusCode: 201, cookies: ["a=1; Secure", "b=2"], body: "x" });
    const [, replay] = await twice(shape, make);
    expect(replay).toEqual({ ...make(), headers: { "Idempotent-Replayed": "true" } });
  });

  test("a response with a status and no body is one", async () => {
    const [, replay] = await twice(shape, () => ({ statusCode: 204 }));
    expect(replay).toEqual({ statusCode: 204, headers: { "Idempotent-Replayed": "true" } });
  });

  test.each<[string, unknown, string]>([
    ["an object", { id: "ch_1", nested: { a: [1] } }, '{"id":"ch_1","nested":{"a":[1]}}'],
    ["a text", "Hello from Lambda!", "Hello from Lambda!"],
    ["an empty text", "", ""],
    ["a JSON text", '{"message":"hi"}', '{"message":"hi"}'],
    ["a number", 5, "5"],
    ["false", false, "false"],
    ["null", null, "null"],
    ["nothing", undefined, "null"],
    ["an array", [1, { a: 2 }], '[1,{"a":2}]'],
    ["an object with a date", { at: new Date(0), none: undefined }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    ["an object with a body, and no status", { body: "x" }, '{"body":"x"}'],
    ["an object with a status that is undefined", { statusCode: undefined, a: 1 }, '{"a":1}'],
  ])("%s, returned bare, is replayed as the response that the gateway makes of it", async (_name, value, body) => {
    const [first, replay] = await twice(shape, () => structuredClone(value));
    expect(first).toStrictEqual(value);
    expect(replay).toEqual({
      statusCode: 200,
      headers: { "content-type": "application/json", "Idempotent-Replayed": "true" },
      body,
      isBase64Encoded: false,
    });
  });
});

describe("ALB", () => {
  test("a handler that answers with the other kind of headers gets the marker in the kind that the balancer reads", async () => {
    const [, single] = await twice(shapeNamed("ALB"), () => ({ statusCode: 200, multiValueHeaders: { A: ["1"] } }));
    expect(single.headers).toEqual({ "Idempotent-Replayed": "true" });
    const [, multi] = await twice(shapeNamed("ALB with multi-value headers"), () => ({
      statusCode: 200,
      headers: { A: "1" },
    }));
    expect(multi.multiValueHeaders).toEqual({ "Idempotent-Replayed": ["true"] });
  });
});
