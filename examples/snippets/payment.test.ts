import { idempotentHttp } from "lambda-once";
import { memoryStore } from "lambda-once/memory";
import { expect, test } from "vitest";

test("a retry gets the first response and charges nothing", async () => {
  let charges = 0;
  const handler = idempotentHttp(async () => ({ statusCode: 201, body: `charge ${++charges}` }), {
    store: memoryStore(),
    operation: "create-payment",
  });
  const event = {
    httpMethod: "POST",
    path: "/payments",
    headers: { "Idempotency-Key": "order-123" },
    body: '{"amount":100}',
  } as never;

  expect(await handler(event)).toEqual({ statusCode: 201, body: "charge 1" });
  expect(await handler(event)).toMatchObject({ body: "charge 1", headers: { "Idempotent-Replayed": "true" } });
  expect(charges).toBe(1);
});
