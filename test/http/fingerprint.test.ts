/** The HTTP fingerprint: method, path, query and decoded body. What says the same is the same (G7). */
import { describe, expect, test } from "vitest";
import { type HttpOptions, idempotentHttp } from "../../src/index.ts";
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

/** `replay` when the second request counts as the same one, `422` when it does not. */
async function second(shape: Shape, one: Json, other: Json, options: Partial<HttpOptions<Json>> = {}): Promise<string> {
  const pay = idempotentHttp(async (_event: Json) => created(shape, "x") as Json, {
    store: probeStore(),
    operation: "pay",
    ...options,
  });
  expect(await pay(one, lambdaContext())).toMatchObject({ statusCode: 201 });
  const answer = (await pay(other, lambdaContext())) as Json;
  return "idempotent-replayed" in headersOf(answer) ? "replay" : String(answer.statusCode);
}

describe.each(SHAPES)("$name", (shape) => {
  const bodies = (one: unknown, other: unknown): Promise<string> =>
    second(shape, eventOf(shape, { body: one }), eventOf(shape, { body: other }));
  const base64 = (body: string | Uint8Array): Change => ({ body: Buffer.from(body).toString("base64"), base64: true });

  test.each([
    ["white space", '{"amount":100,"to":["a","b"]}', '\n{ "amount" : 100,\t"to" : [ "a", "b" ] }\r\n'],
    ["the order of properties", '{"a":1,"b":{"c":2,"d":3}}', '{"b":{"d":3,"c":2},"a":1}'],
    ["the way a number is written", '{"amount":100}', '{"amount":1.00e2}'],
    ["the way a character is written", '{"name":"Ä"}', '{"name":"\\u00c4"}'],
    ["an empty body and none", "", null],
    ["none and undefined", null, undefined],
  ])("%s of the body does not matter", async (_name, one, other) => {
    expect(await bodies(one, other)).toBe("replay");
  });

  test.each([
    ["an amount", '{"amount":100}', '{"amount":101}'],
    ["an amount that no double tells apart", '{"amount":9007199254740993}', '{"amount":9007199254740992}'],
    ["an amount that overflows", '{"amount":1e400}', '{"amount":1e401}'],
    ["the type of an amount", '{"amount":100}', '{"amount":"100"}'],
    ["an added property", '{"amount":100}', '{"amount":100,"tip":1}'],
    ["a property that is null", '{"amount":100}', '{"amount":100,"tip":null}'],
    ["the order of a list", '{"to":["a","b"]}', '{"to":["b","a"]}'],
    ["white space inside a text", '{"to":"a b"}', '{"to":"a  b"}'],
    ["white space of a body that is not JSON", "amount=100", "amount=100 "],
    ["a body that is not JSON", "amount=100", "amount=101"],
    ["a JSON text and what it says", '"amount=100"', "amount=100"],
    ["no body and a body", null, "{}"],
    ["no body and null", null, "null"],
    ["a property named __proto__", '{"a":1}', '{"a":1,"__proto__":{"b":1}}'],
  ])("%s of the body matters", async (_name, one, other) => {
    expect(await bodies(one, other)).toBe("422");
  });

  test("a body is the same whether it comes as text or as base64", async () => {
    const body = '{"amount":100,"name":"Ä"}';
    expect(await second(shape, eventOf(shape, { body }), eventOf(shape, base64('{ "name":"Ä", "amount":100 }')))).toBe(
      "replay",
    );
    expect(await second(shape, eventOf(shape, { body }), eventOf(shape, base64('{"amount":101,"name":"Ä"}')))).toBe(
      "422",
    );
  });

  test("bytes that are no text count as they are", async () => {
    const bytes = (last: number): Json => eventOf(shape, base64(Uint8Array.of(0xff, 0xfe, 0x00, last)));
    expect(await second(shape, bytes(1), bytes(1))).toBe("replay");
    expect(await second(shape, bytes(1), bytes(2))).toBe("422");
  });

  test.each(["%%% not base64 %%%", "YQ", "YQ=", "Y Q = =", "====", "a", "eyJhIjoxfQ==x"])(
    "base64 that is not, %j, is compared all the same",
    async (body) => {
      const event = (text: string): Json => eventOf(shape, { body: text, base64: true });
      expect(await second(shape, event(body), event(body))).toBe("replay");
      expect(await second(shape, event(body), event(`${body}!`))).toBe("422");
    },
  );

  test("the order in which different query parameters come does not matter", async () => {
    const one = eventOf(shape, {
      query: [
        ["a", "1"],
        ["b", "2"],
      ],
    });
    const other = eventOf(shape, {
      query: [
        ["b", "2"],
        ["a", "1"],
      ],
    });
    expect(await second(shape, one, other)).toBe("replay");
  });

  test.each<[string, [string, string][], [string, string][]]>([
    ["a value", [["a", "1"]], [["a", "2"]]],
    ["a name", [["a", "1"]], [["b", "1"]]],
    [
      "an added parameter",
      [["a", "1"]],
      [
        ["a", "1"],
        ["b", "1"],
      ],
    ],
    ["no parameters", [["a", "1"]], []],
  ])("%s in the query matters", async (_name, one, other) => {
    expect(await second(shape, eventOf(shape, { query: one }), eventOf(shape, { query: other }))).toBe("422");
  });

  test("headers, cookies and the caller's address do not count", async () => {
    const other: Json = eventOf(shape, { headers: { "user-agent": "other", "x-forwarded-for": "198.51.100.1" } });
    if (other.requestContext.http) other.requestContext.http.sourceIp = "198.51.100.1";
    if (other.cookies) other.cookies = ["session=renewed"];
    expect(await second(shape, eventOf(shape), other)).toBe("replay");
  });

  test("a fingerprint of the caller's own stands in for all of that", async () => {
    const fingerprint = (event: Json): unknown => ({ amount: JSON.parse(event.body).amount });
    const event = (amount: number, note: string): Json =>
      eventOf(shape, { body: JSON.stringify({ amount, note }), query: [["note", note]] });
    expect(await second(shape, event(1, "a"), event(1, "b"), { fingerprint })).toBe("replay");
    expect(await second(shape, event(1, "a"), event(2, "a"), { fingerprint })).toBe("422");
  });

  test("`fingerprint: false` replays whatever the payload is", async () => {
    expect(
      await second(shape, eventOf(shape, { body: "1" }), eventOf(shape, { body: "2" }), { fingerprint: false }),
    ).toBe("replay");
  });

  test("a fingerprint that is not JSON is refused when the call is made", async () => {
    const pay = idempotentHttp(async (_event: Json) => expect.unreachable() as Json, {
      store: probeStore(),
      operation: "pay",
      fingerprint: () => ({ at: new Date(0) }),
    });
    const response = (await pay(eventOf(shape), lambdaContext())) as Json;
    expect(response.statusCode).toBe(400);
    expect(JSON.parse(response.body).type).toBe("urn:lambda-once:problem:key-invalid");
  });
});

test.each(SHAPES.filter(({ hasRoutes }) => hasRoutes))(
  "$name: another path on the same route gets 422",
  async (shape) => {
    const to = (path: string): Json => eventOf(shape, { path });
    expect(await second(shape, to("/payments/acct-1"), to("/payments/acct-2"))).toBe("422");
  },
);

test("HTTP API: the query counts as it says, not as it is encoded", async () => {
  const shape = shapeNamed("HTTP API");
  const query = (value: string): Json => eventOf(shape, { query: [["name", value]] });
  expect(await second(shape, query("a%20b"), query("a+b"))).toBe("replay");
  expect(await second(shape, query("a%20b"), query("a%2Bb"))).toBe("422");
});

test("a body of JSON with very many digits does not hang the function", { timeout: 30_000 }, async () => {
  const shape = shapeNamed("HTTP API");
  const begun = performance.now();
  const body = `[1${"0".repeat(70_000)}1]`;
  expect(await second(shape, eventOf(shape, { body }), eventOf(shape, { body }))).toBe("replay");
  expect(performance.now() - begun).toBeLessThan(1_500);
});

test.each(SHAPES.filter(({ name }) => name !== "ALB"))(
  "$name: all values of one query parameter count, in their order",
  async (shape) => {
    const query = (...values: string[]): Json =>
      eventOf(shape, { query: values.map((value) => ["a", value] as const) });
    expect(await second(shape, query("1", "2"), query("1", "2"))).toBe("replay");
    expect(await second(shape, query("1", "2"), query("2", "1"))).toBe("422");
    expect(await second(shape, query("1", "2"), query("2"))).toBe("422");
    expect(await second(shape, query("1", "2"), query("1,2"))).toBe("422");
  },
);
