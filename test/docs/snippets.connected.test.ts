/** The snippets of the README do what it says they do: they are run, on the engine of this run. */
import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { beforeAll, expect, inject, test } from "vitest";
import { startQueueEmulator } from "../../local/queue-emulator.ts";
import { idempotencyTableFile, readTableDefinitions } from "../../local/tables.ts";
import { engineClient } from "../support/dynamodb.ts";

beforeAll(async () => {
  process.env["AWS_ENDPOINT_URL_DYNAMODB"] = inject("dynamoDB").endpoint;
  const [definition] = await readTableDefinitions(idempotencyTableFile);
  if (definition === undefined) throw new Error("infra/idempotency-table.yml defines no table");
  await engineClient().send(new CreateTableCommand({ ...definition.create, TableName: "payments-idempotency" }));
});

test("the report is made once, and replayed from the bucket where it does not fit the table", async () => {
  const emulator = await startQueueEmulator();
  Object.assign(process.env, { AWS_ENDPOINT_URL_S3: emulator.endpoint, AWS_REGION: "us-east-1" });
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" });
  const s3 = new S3Client({ forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: "reports-idempotency-results" }));
  const [definition] = await readTableDefinitions(idempotencyTableFile);
  if (definition === undefined) throw new Error("infra/idempotency-table.yml defines no table");
  await engineClient().send(new CreateTableCommand({ ...definition.create, TableName: "reports-idempotency" }));
  const { createReport } = await import("../../examples/snippets/large-results.ts");
  const { reportCount } = await import("../../examples/snippets/reports.ts");
  const event = {
    version: "2.0",
    routeKey: "POST /reports",
    rawPath: "/reports",
    rawQueryString: "",
    headers: { "idempotency-key": "2026-11" },
    requestContext: { http: { method: "POST", path: "/reports" } },
    body: "2026-11",
    isBase64Encoded: false,
  };
  const call = createReport as unknown as (given: unknown) => Promise<{ body: string }>;
  const first = await call(event);
  expect(first.body.length).toBeGreaterThan(1_000_000);
  expect(await call(event)).toEqual({ ...first, headers: { "Idempotent-Replayed": "true" } });
  expect(reportCount()).toBe(1);
  const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: "reports-idempotency-results" }));
  expect(KeyCount).toBe(1);
  s3.destroy();
  await emulator.stop();
});

test("the payment endpoint charges once and marks the replay", async () => {
  const { createPayment } = await import("../../examples/snippets/payment.ts");
  const { chargeCount } = await import("../../examples/snippets/bank.ts");
  const event = {
    version: "2.0",
    routeKey: "POST /payments",
    rawPath: "/payments",
    rawQueryString: "",
    headers: { "idempotency-key": "order-123" },
    requestContext: { http: { method: "POST", path: "/payments" } },
    body: '{"amount":100}',
    isBase64Encoded: false,
  };
  const call = createPayment as unknown as (given: unknown) => Promise<unknown>;
  expect(await call(event)).toEqual({ statusCode: 201, body: '{"id":"ch_1","amount":100}' });
  expect(await call(event)).toEqual({
    statusCode: 201,
    body: '{"id":"ch_1","amount":100}',
    headers: { "Idempotent-Replayed": "true" },
  });
  expect(chargeCount()).toBe(1);
});

test("the nightly report comes back with its date", async () => {
  const { nightly } = await import("../../examples/snippets/nightly-report.ts");
  const first = await nightly({ reportDate: "2026-11-24" });
  expect(first).toEqual({ rows: 10, at: expect.any(Date) });
  expect(await nightly({ reportDate: "2026-11-24" })).toEqual(first);
});

test("an order ships once", async () => {
  const { shipOrder } = await import("../../examples/snippets/ship-order.ts");
  expect(await shipOrder("order-1", "Main St 1")).toBe("parcel to Main St 1, label 32 characters");
  expect(await shipOrder("order-1", "Main St 1")).toBe("parcel to Main St 1, label 32 characters (booked before)");
});

test("errors are told apart by their guards", async () => {
  const { tryTransfer } = await import("../../examples/snippets/handle-errors.ts");
  expect(await tryTransfer({ id: "t1", cents: 500 })).toBe("moved 500");
  expect(await tryTransfer({ id: "t1", cents: 900 })).toBe("that id was used for another transfer");
});

test("an order that is sent twice ships once", async () => {
  const { consumeOrders, shipped } = await import("../../examples/snippets/consume-orders.ts");
  const record = (messageId: string, orderId: string): object => ({
    messageId,
    body: JSON.stringify({ orderId, cents: 500 }),
    attributes: { ApproximateReceiveCount: "1" },
    eventSourceARN: "arn:aws:sqs:us-east-1:123456789012:orders",
  });
  const Records = [record("m1", "order-1"), record("m2", "order-1"), record("m3", "order-2")];
  const call = consumeOrders as unknown as (event: unknown) => Promise<unknown>;
  expect(await call({ Records })).toEqual({ batchItemFailures: [] });
  expect(await call({ Records })).toEqual({ batchItemFailures: [] });
  expect(shipped.toSorted()).toEqual(["order-1", "order-2"]);
});
