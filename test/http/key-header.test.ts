/** The Idempotency-Key header: what is a key, what is missing, what is invalid, for each shape of event (G8). */
import { describe, expect, test } from "vitest";
import { type HttpOptions, idempotentHttp } from "../../src/index.ts";
import { created, eventOf, headersOf, type Json, SHAPES, shapeNamed } from "../support/http-events.ts";
import { lambdaContext } from "../support/lambda-context.ts";
import { probeStore } from "../support/probe-store.ts";

describe.each(SHAPES)("$name", (shape) => {
  /** What became of events: `run 1`, `run 2`, `replay`, `400 key-missing` ... */
  async function fates(events: readonly Json[], options: Partial<HttpOptions<Json>> = {}): Promise<readonly string[]> {
    let runs = 0;
    const keys: string[] = [];
    const pay = idempotentHttp(
      async (_event: Json, _context: unknown, execution) => {
        keys.push(execution.key);
        return created(shape, `run ${++runs}`) as Json;
      },
      { store: probeStore(), operation: "pay", requireKey: true, ...options },
    ) as (event: Json, context: unknown) => Promise<Json>;
    const said: string[] = [];
    for (const event of events) {
      const response = await pay(event, lambdaContext());
      if (response.statusCode === 400) said.push(`400 ${JSON.parse(response.body).type.split(":").at(-1)}`);
      else said.push("idempotent-replayed" in headersOf(response) ? "replay" : response.body);
    }
    return said;
  }
  const same = (one: string, other: string): Promise<readonly string[]> =>
    fates([eventOf(shape, { key: one }), eventOf(shape, { key: other })]);
  const one = (key: string | readonly string[], headerName?: string): Promise<readonly string[]> =>
    fates([eventOf(shape, { key, ...(headerName === undefined ? {} : { headerName }) })]);

  test.each([
    ["a bare token and the same in quotes", "8e03", '"8e03"'],
    ["white space around it", "8e03", "  8e03\t"],
    ["white space around the quotes", "8e03", ' "8e03" '],
    ["an escaped quote", 'a"b', '"a\\"b"'],
    ["an escaped backslash", "a\\b", '"a\\\\b"'],
  ])("%s: the same key", async (_name, a, b) => {
    expect(await same(a, b)).toEqual(["run 1", "replay"]);
  });

  test.each([
    ["letter case", "8e03a", "8E03A"],
    ["white space inside", "a b", "a  b"],
    ["a quoted comma", '"a,b"', '"a, b"'],
    ["a quote that is escaped, and one that is not there", '"a\\"b"', '"ab"'],
    ["a backslash", '"a\\\\b"', '"ab"'],
    ["a number with another writing", "1", "01"],
  ])("%s: another key", async (_name, a, b) => {
    expect(await same(a, b)).toEqual(["run 1", "run 2"]);
  });

  test("the handler is told the key without its quotes", async () => {
    const keys: string[] = [];
    const pay = idempotentHttp(
      async (_event: Json, _context: unknown, { key }) => {
        keys.push(key);
        return created(shape, "x") as Json;
      },
      { store: probeStore(), operation: "pay" },
    );
    await pay(eventOf(shape, { key: '"a,\\"b\\\\"' }), lambdaContext());
    await pay(eventOf(shape, { key: "8e03" }), lambdaContext());
    expect(keys).toEqual(['a,"b\\', "8e03"]);
  });

  test.each(["Idempotency-Key", "idempotency-key", "IDEMPOTENCY-KEY", "iDeMpOtEnCy-kEy"])(
    "the header may be written %s",
    async (headerName) => {
      expect(await fates([eventOf(shape, { key: "k1", headerName }), eventOf(shape, { key: "k1" })])).toEqual([
        "run 1",
        "replay",
      ]);
    },
  );

  test.each([
    ["no header", []],
    ["an empty header", ""],
    ["only white space", " \t "],
    ["an empty quoted text", '""'],
  ])("%s: the key is missing", async (_name, key) => {
    expect(await one(key)).toEqual(["400 key-missing"]);
  });

  test.each([
    ["255 characters", "k".repeat(255)],
    ["255 characters in quotes", `"${"k".repeat(255)}"`],
    ["255 characters of which each is escaped", `"${'\\"'.repeat(255)}"`],
    ["every printable character but comma and quote at the start", " !#$%&'()*+-./0:;<=>?@A[\\]^_`a{|}~\"x"],
    ["a comma inside quotes", '"a,b"'],
    ["a blank in quotes", '" "'],
    ["a UUID", "8e03978e-40d5-43e8-bc93-6894a57f9324"],
  ])("%s: a key", async (_name, key) => {
    expect(await one(key)).toEqual(["run 1"]);
  });

  test.each([
    ["256 characters", "k".repeat(256)],
    ["256 characters in quotes", `"${"k".repeat(256)}"`],
    ["10 000 characters", "k".repeat(10_000)],
    ["a control character", "a\u0001b"],
    ["a tab inside", "a\tb"],
    ["a line break", "a\r\nb"],
    ["a NUL", "a\u0000"],
    ["DEL", "a\u007f"],
    ["a letter that is not ASCII", "bestellung-ä"],
    ["the last character before ASCII ends twice over", "a\u00ff"],
    ["a smiley", "😀"],
    ["a non-breaking space around it", "\u00a0k1"],
    ["two keys in one value", "k1,k2"],
    ["the same key twice in one value", "k1, k1"],
    ["two quoted keys in one value", '"k1","k2"'],
    ["a comma at the end", "k1,"],
    ["a quote that does not end", '"k1'],
    ["a quote alone", '"'],
    ["text after the quotes", '"k1"x'],
    ["parameters after the quotes", '"k1";a=1'],
    ["an escape of another character", '"a\\nb"'],
    ["an escape at the end", '"a\\"'],
    ["not ASCII in quotes", '"ä"'],
  ])("%s: invalid", async (_name, key) => {
    expect(await one(key)).toEqual(["400 key-invalid"]);
  });

  // With single-value headers the load balancer gives the last value only.
  if (shape.name !== "ALB") {
    test.each([
      ["two keys", ["k1", "k2"]],
      ["the same key twice", ["k1", "k1"]],
      ["a key and an empty one", ["k1", ""]],
      ["three keys", ["k1", "k2", "k3"]],
    ])("%s in headers of one name: invalid", async (_name, keys) => {
      expect(await one(keys)).toEqual(["400 key-invalid"]);
    });
  }

  test("two keys in headers that differ in letter case only: invalid", async () => {
    const event: Json = eventOf(shape, { key: "k1", headerName: "Idempotency-Key" });
    if (event.headers) event.headers["idempotency-key"] = "k2";
    if (event.multiValueHeaders) event.multiValueHeaders["idempotency-key"] = ["k2"];
    expect(await fates([event])).toEqual(["400 key-invalid"]);
  });

  test("another header, by the option `headerName`, in any letter case; the standard one is then ignored", async () => {
    const options = { headerName: "X-Request-Token" };
    const event = (token: string, key: string): Json => eventOf(shape, { key, headers: { "x-request-TOKEN": token } });
    const events = [event("t1", "k1"), event("t1", "k2"), event("t2", "k1"), eventOf(shape)];
    expect(await fates(events, options)).toEqual(["run 1", "replay", "run 2", "400 key-missing"]);
  });

  test("a key of the caller's own, by the option `key`, is not bound by the rules of the header", async () => {
    const key = (event: Json): unknown => event.headers?.["x-order"] ?? event.multiValueHeaders?.["x-order"];
    const event = (order: string): Json => eventOf(shape, { key: [], headers: { "x-order": order } });
    const orders = ["a,b", "a,b", "ä".repeat(5_000), "ä".repeat(5_000)];
    expect(await fates(orders.map(event), { key })).toEqual(["run 1", "replay", "run 2", "replay"]);
  });
});

test("a REST API's multi-value headers have all values, where its headers have the last one", async () => {
  const shape = shapeNamed("REST API");
  const event: Json = eventOf(shape, { key: ["k1", "k2"] });
  expect(event.headers["Idempotency-Key"]).toBe("k2");
  const pay = idempotentHttp(async (_event: Json) => created(shape, "x") as Json, {
    store: probeStore(),
    operation: "pay",
  });
  expect(await pay(event, lambdaContext())).toMatchObject({ statusCode: 400 });
});
