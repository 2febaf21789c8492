/** Every row of the HTTP table in the contract, for each shape of event and response (G6, G7, G10). */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type HttpOptions, idempotentHttp, OwnershipLostError } from "../../src/index.ts";
import { gate } from "../support/gate.ts";
import { created, eventOf, headersOf, type Json, SHAPES, shapeNamed } from "../support/http-events.ts";
import { lambdaContext } from "../support/lambda-context.ts";
import { downStore, probeStore } from "../support/probe-store.ts";

type Handler = (event: Json, context: Json, execution: Json) => Promise<Json>;

function wrap(handler: Handler, options: Partial<HttpOptions<Json>> = {}): (event: Json) => Promise<Json> {
  const wrapped = idempotentHttp(handler as never, { store: probeStore(), operation: "pay", ...options } as never);
  return (event) => (wrapped as Handler)(event, lambdaContext(), undefined);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_764_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each(SHAPES)("$name", (shape) => {
  const OTHER_PAYLOAD = { body: '{"orderId":"order-1","amount":2000,"currency":"EUR"}' };

  /** A problem in exactly the shape that this API takes. */
  function expectProblem(response: Json, status: number, statusText: string, type: string): void {
    expect(response.statusCode).toBe(status);
    expect(headersOf(response)["content-type"]).toBe("application/problem+json");
    expect(Object.hasOwn(response, shape.responseHeaders)).toBe(true);
    expect(Object.hasOwn(response, shape.responseHeaders === "headers" ? "multiValueHeaders" : "headers")).toBe(false);
    for (const value of Object.values(response[shape.responseHeaders]))
      expect(Array.isArray(value)).toBe(shape.responseHeaders === "multiValueHeaders");
    expect(response.statusDescription).toBe(shape.version === "alb" ? `${status} ${statusText}` : undefined);
    expect(response.isBase64Encoded).toBe(false);
    const problem = JSON.parse(response.body);
    expect(Object.keys(problem).sort()).toEqual(["detail", "status", "title", "type"]);
    expect(problem).toMatchObject({ status, type: `urn:lambda-once:problem:${type}` });
  }

  test("the first call gets the handler's response, untouched, and the handler gets the event as it came", async () => {
    const response = created(shape, '{"id": "ch_1"}');
    const seen: unknown[] = [];
    const pay = wrap(async (event) => {
      seen.push(event);
      return response;
    });
    const event = eventOf(shape);
    expect(await pay(event)).toBe(response);
    expect(seen).toEqual([eventOf(shape)]);
    expect(seen[0]).toBe(event);
    expect(response).toEqual(created(shape, '{"id": "ch_1"}'));
  });

  test("a retry gets the stored response byte for byte, plus the marker, and the handler does not run", async () => {
    let runs = 0;
    const pay = wrap(async () => created(shape, `{"id": "ch_${++runs}",  "spaces":"kept"}`));
    await pay(eventOf(shape));
    for (let retry = 0; retry < 2; retry++) {
      const marker = shape.responseHeaders === "headers" ? "true" : ["true"];
      const stored = created(shape, '{"id": "ch_1",  "spaces":"kept"}') as Json;
      expect(await pay(eventOf(shape))).toEqual({
        ...stored,
        [shape.responseHeaders]: { ...stored[shape.responseHeaders], "Idempotent-Replayed": marker },
      });
    }
    expect(runs).toBe(1);
  });

  test("another key runs again", async () => {
    let runs = 0;
    const pay = wrap(async () => created(shape, `ch_${++runs}`));
    await pay(eventOf(shape));
    expect(headersOf(await pay(eventOf(shape, { key: "another" })))).not.toHaveProperty("idempotent-replayed");
    expect(runs).toBe(2);
  });

  test("a missing key that is required gets 400, and nothing runs", async () => {
    const pay = wrap(() => expect.unreachable(), { requireKey: true });
    const response = await pay(eventOf(shape, { key: [] }));
    expectProblem(response, 400, "Bad Request", "key-missing");
    expect(headersOf(response)).not.toHaveProperty("retry-after");
    expect(JSON.parse(response.body).detail).toContain("Idempotency-Key");
  });

  test("a missing key that is not required runs without protection, each time", async () => {
    let runs = 0;
    const events: string[] = [];
    const pay = wrap(async () => created(shape, `ch_${++runs}`), { onEvent: ({ type }) => void events.push(type) });
    expect(await pay(eventOf(shape, { key: [] }))).toEqual(created(shape, "ch_1"));
    expect(await pay(eventOf(shape, { key: [] }))).toEqual(created(shape, "ch_2"));
    expect(events).toEqual(["unprotected", "unprotected"]);
  });

  test.each([false, true])("an invalid key gets 400, with `requireKey: %s`, and nothing runs", async (requireKey) => {
    const pay = wrap(() => expect.unreachable(), { requireKey });
    expectProblem(await pay(eventOf(shape, { key: "k".repeat(256) })), 400, "Bad Request", "key-invalid");
  });

  test("the same key with another payload gets 422, and nothing runs", async () => {
    let runs = 0;
    const pay = wrap(async () => created(shape, `ch_${++runs}`));
    await pay(eventOf(shape));
    const response = await pay(eventOf(shape, OTHER_PAYLOAD));
    expectProblem(response, 422, "Unprocessable Content", "payload-mismatch");
    expect(headersOf(response)).not.toHaveProperty("retry-after");
    expect(runs).toBe(1);
  });

  test("the same key with another payload gets 422 also while the first call runs", async () => {
    const running = gate();
    const pay = wrap(async () => {
      await running.pass();
      return created(shape, "ch_1");
    });
    const first = pay(eventOf(shape));
    await running.reached;
    expectProblem(await pay(eventOf(shape, OTHER_PAYLOAD)), 422, "Unprocessable Content", "payload-mismatch");
    running.open();
    await first;
  });

  test("running elsewhere gets 409 with the seconds until the key is free at the latest", async () => {
    const running = gate();
    const pay = wrap(async () => {
      await running.pass();
      return created(shape, "ch_1");
    });
    const first = pay(eventOf(shape));
    await running.reached;
    const response = await pay(eventOf(shape));
    expectProblem(response, 409, "Conflict", "in-progress");
    // 30 s left, 2 s to be killed in, 1 s of clock error, and the next whole second.
    expect(headersOf(response)["retry-after"]).toBe("34");
    running.open();
    expect(await first).toEqual(created(shape, "ch_1"));
  });

  test("a store that is unavailable gets 503 with Retry-After, and nothing runs", async () => {
    const pay = wrap(() => expect.unreachable(), { store: downStore() });
    const response = await pay(eventOf(shape));
    expectProblem(response, 503, "Service Unavailable", "store-unavailable");
    expect(headersOf(response)["retry-after"]).toMatch(/^[1-9]\d*$/);
    expect(response.body).not.toContain("10.0.0.7");
  });

  test("ownership lost gets 409 with Retry-After", async () => {
    const store = probeStore();
    const pay = wrap(
      async () => {
        const mine = store.last();
        await store.swap(mine, { ...mine, owner: "another", fence: mine.fence + 1 } as never);
        return created(shape, "ch_1");
      },
      { store },
    );
    const response = await pay(eventOf(shape));
    expectProblem(response, 409, "Conflict", "ownership-lost");
    expect(headersOf(response)["retry-after"]).toBe("34");
  });

  test("a result that cannot be stored gets through the first time; a retry gets 409 without Retry-After", async () => {
    let runs = 0;
    const pay = wrap(async () => ({ ...created(shape, `ch_${++runs}`), extra: () => 1 }));
    expect(await pay(eventOf(shape))).toMatchObject({ statusCode: 201, body: "ch_1" });
    const response = await pay(eventOf(shape));
    expectProblem(response, 409, "Conflict", "result-not-storable");
    expect(headersOf(response)).not.toHaveProperty("retry-after");
    expect(runs).toBe(1);
  });

  test.each([400, 404, 409, 422, 500, 503, 199, 300])(
    "a response of %i is released: a retry runs again",
    async (status) => {
      let runs = 0;
      const pay = wrap(async () => ({ ...created(shape, `try ${++runs}`), statusCode: status }));
      await pay(eventOf(shape));
      expect(await pay(eventOf(shape))).toEqual({ ...created(shape, "try 2"), statusCode: status });
    },
  );

  test.each([200, 201, 202, 204, 299])("a response of %i is stored", async (status) => {
    let runs = 0;
    const pay = wrap(async () => ({ ...created(shape, `try ${++runs}`), statusCode: status }));
    await pay(eventOf(shape));
    expect(await pay(eventOf(shape))).toMatchObject({ statusCode: status, body: "try 1" });
  });

  test("the handler's own error passes through unchanged, and a retry runs again", async () => {
    const declined = new Error("declined");
    let runs = 0;
    const pay = wrap(async () => {
      if (++runs === 1) throw declined;
      return created(shape, "ch_2");
    });
    await expect(pay(eventOf(shape))).rejects.toBe(declined);
    expect(await pay(eventOf(shape))).toEqual(created(shape, "ch_2"));
  });

  test("an error of this library that the handler throws is the handler's own", async () => {
    const nested = new OwnershipLostError("nested", 5_000);
    const pay = wrap(async () => {
      throw nested;
    });
    await expect(pay(eventOf(shape))).rejects.toBe(nested);
    await expect(pay(eventOf(shape, { key: [] }))).rejects.toBe(nested);
    await expect(pay(eventOf(shape, { method: "GET" }))).rejects.toBe(nested);
  });
});

test("a problem shows nothing of an error inside, nor the key: it goes to whoever calls", async () => {
  const internal = (): never => {
    throw new TypeError("Cannot read properties of undefined (reading 'secretColumn')");
  };
  const event = (): Json => eventOf(shapeNamed("HTTP API"), { key: "k-4242" });
  const cases: Partial<HttpOptions<Json>>[] = [
    { principal: internal },
    { tenant: internal },
    { fingerprint: internal },
    { key: internal },
    { key: () => undefined, requireKey: true },
    { store: downStore() },
  ];
  for (const options of cases) {
    const { body } = await wrap(() => expect.unreachable(), { operation: "secret-function", ...options })(event());
    expect(body).not.toMatch(/secretColumn|TypeError|k-4242|10\.0\.0\.7/);
  }
});

test("a 503 does not say that the request was not processed when it was", async () => {
  vi.useRealTimers();
  let runs = 0;
  const wrapped = idempotentHttp(async () => ({ statusCode: 201, body: `ch_${++runs}` }), {
    store: downStore(["swap"]),
    operation: "pay",
    whenCompletionFails: "throw",
  });
  const response = (await wrapped(eventOf(shapeNamed("HTTP API")) as Json, lambdaContext(300))) as Json;
  expect(runs).toBe(1);
  expect(response.statusCode).toBe(503);
  expect(JSON.parse(response.body).detail).not.toMatch(/not processed/);
});
