/** The snippets of docs/sources do what their pages say: they are run, on the engine of this run. */
import { randomUUID } from "node:crypto";
import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import { beforeAll, beforeEach, expect, inject, test, vi } from "vitest";
import { ledger } from "../../examples/snippets/sources/shop.ts";
import { idempotencyTableFile, readTableDefinitions } from "../../local/tables.ts";
import { endingIn, failures, fifoRecord, sqsEvent, sqsRecord } from "../support/batch-events.ts";
import { engineClient } from "../support/dynamodb.ts";
import { recorded } from "../support/recorded-events.ts";
import { kinesisRecord, mskEvent } from "../support/stream-events.ts";

beforeAll(async () => {
  process.env["AWS_ENDPOINT_URL_DYNAMODB"] = inject("dynamoDB").endpoint;
  const [definition] = await readTableDefinitions(idempotencyTableFile);
  if (definition === undefined) throw new Error("infra/idempotency-table.yml defines no table");
  await engineClient().send(new CreateTableCommand({ ...definition.create, TableName: "orders-idempotency" }));
});

beforeEach(() => {
  ledger.length = 0;
  vi.spyOn(console, "error").mockReturnValue();
  return () => vi.restoreAllMocks();
});

/** A handler as Lambda calls it. */
// biome-ignore lint/suspicious/noExplicitAny: each snippet has an event of its own
async function snippet(name: string): Promise<(event: unknown) => Promise<any>> {
  const { handler } = await import(`../../examples/snippets/sources/${name}.ts`);
  return (event) => handler(event, endingIn(30_000));
}

test("sqs: an order that is sent twice is charged once, another amount is refused, poison raises an alarm", async () => {
  const consume = await snippet("sqs");
  const [first, second, wrong] = [randomUUID(), randomUUID(), randomUUID()];
  const body = '{"orderId":"order-1","cents":500}';
  expect(failures(await consume(sqsEvent(sqsRecord(first, { body }), sqsRecord(second, { body }))))).toEqual([]);
  expect(failures(await consume(sqsEvent(sqsRecord(first, { body, receives: 2 }))))).toEqual([]);
  const other = sqsRecord(wrong, { body: '{"orderId":"order-1","cents":900}' });
  expect(failures(await consume(sqsEvent(other)))).toEqual([wrong]);
  const poison = sqsRecord("m-17", { body: '{"orderId":"order-2","cents":-1}' });
  for (let receive = 1; receive <= 3; receive++) expect(failures(await consume(sqsEvent(poison)))).toEqual(["m-17"]);
  expect(ledger).toEqual(["charged order-1 500", "alarm: order in m-17 failed three times"]);
});

test("sqs-fifo: a group is shipped in order, and once", async () => {
  const consume = await snippet("sqs-fifo");
  const batch = sqsEvent(
    ...["o1", "o2", "o3"].map((body) => fifoRecord(`${body}-${randomUUID()}`, "customer-1", { body })),
  );
  expect(failures(await consume(batch))).toEqual([]);
  expect(failures(await consume(batch))).toEqual([]);
  expect(ledger).toEqual(["shipped o1", "shipped o2", "shipped o3"]);
});

test("streams: what was shipped is not shipped again when the shard is delivered again", async () => {
  const consume = await snippet("streams");
  const Records = ["1", "2"].map((number) => kinesisRecord(number, { data: `{"orderId":"o${number}"}` }));
  expect(await consume({ Records })).toEqual({ batchItemFailures: [] });
  expect(await consume({ Records })).toEqual({ batchItemFailures: [] });
  expect(ledger).toEqual(["shipped o1", "shipped o2"]);
});

test("kafka: what was shipped is not shipped again when the partition is delivered again", async () => {
  const consume = await snippet("kafka");
  await consume(mskEvent({ "orders-0": [15, 16] }));
  expect(await consume(mskEvent({ "orders-0": [16, 17] }))).toEqual({ batchItemFailures: [] });
  expect(ledger).toHaveLength(3);
});

test("sns: a message is handled once, and the results come back", async () => {
  const consume = await snippet("sns");
  expect(await consume(recorded("sns"))).toEqual(["parcel of Hello from SNS!"]);
  expect(await consume(recorded("sns"))).toEqual(["parcel of Hello from SNS!"]);
  expect(ledger).toEqual(["shipped Hello from SNS!"]);
});

test("sns-in-sqs: a message that SNS put into the queue twice is handled once", async () => {
  const consume = await snippet("sns-in-sqs");
  const event = recorded("sns-in-sqs");
  const again = recorded("sns-in-sqs", ({ Records: [record] }) => {
    record.messageId = randomUUID();
  });
  expect(failures(await consume(event))).toEqual([]);
  expect(failures(await consume(again))).toEqual([]);
  expect(ledger).toEqual(["shipped This is a test message."]);
});

test("eventbridge: an event is charged once, and every delivery gets the same receipt", async () => {
  const consume = await snippet("eventbridge");
  const [event] = recorded("eventbridge-array");
  const placed = { ...event, detail: { orderId: "order-1", cents: 100 } };
  const receipt = await consume(placed);
  expect(receipt).toMatch(/^ch_[0-9a-f]{8}$/);
  expect(await consume(placed)).toBe(receipt);
  expect(ledger).toEqual(["charged order-1 100"]);
});

test("scheduler: two attempts of one due time are one charge, the next due time is another", async () => {
  const consume = await snippet("scheduler");
  const schedule = "arn:aws:scheduler:us-east-2:123456789012:schedule/default/monthly";
  const due = (time: string, execution: string) => ({ schedule, due: time, execution, subscription: "sub-1" });
  await consume(due("2026-11-01T00:00:00Z", "d32c5kddcf5bb8c3"));
  await consume(due("2026-11-01T00:00:00Z", "e43d6leedg6cc9d4"));
  await consume(due("2026-12-01T00:00:00Z", "f54e7mffeh7dd0e5"));
  expect(ledger).toEqual(["charged sub-1 900", "charged sub-1 900"]);
});

test("s3: an upload is handled once", async () => {
  const consume = await snippet("s3");
  const uploaded = recorded("s3-put", ({ Records: [{ s3 }] }) => {
    s3.object.key = "orders/order+1.json";
  });
  await consume(uploaded);
  expect(await consume(uploaded)).toEqual(["parcel of orders/order 1.json"]);
  expect(ledger).toEqual(["shipped orders/order 1.json"]);
});

test("step-functions: a retried task is charged once", async () => {
  const consume = await snippet("step-functions");
  const task = (RetryCount: number) =>
    recorded("step-functions", (event) => {
      event.State.RetryCount = RetryCount;
      event.Input = { orderId: "order-1", cents: 100 };
    });
  expect(await consume(task(1))).toBe(await consume(task(0)));
  expect(ledger).toEqual(["charged order-1 100"]);
});

test("asynchronous: an invocation that Lambda tries again is charged once, the next invocation again", async () => {
  const { handler } = await import("../../examples/snippets/sources/asynchronous.ts");
  const order = { orderId: "order-1", cents: 100 };
  const [first, second] = [randomUUID(), randomUUID()];
  for (const awsRequestId of [first, first, second]) await handler(order, endingIn(30_000, { awsRequestId }));
  expect(ledger).toEqual(["charged order-1 100", "charged order-1 100"]);
});
