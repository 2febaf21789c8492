/**
 * Events recorded from AWS's documentation give the keys of the facts table: a redelivery of each is replayed, a different
 * delivery of the same source is not. G6, G8.
 */
import type { Context } from "aws-lambda";
import { describe, expect, test } from "vitest";
import {
  eventBridgeId,
  idempotentEvent,
  idempotentSqs,
  idempotentStream,
  invocationId,
  isKeyMissingError,
  type StreamRecord,
  snsMessageId,
} from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { endingIn } from "../support/batch-events.ts";
import { recorded } from "../support/recorded-events.ts";

type Wrap = (handler: (key: string) => void) => (event: unknown, context?: Context) => Promise<unknown>;

const asEvent =
  (more: object = {}): Wrap =>
  (handler) =>
    idempotentEvent((_record: unknown, _context, execution) => handler(execution.key), {
      store: memoryStore(),
      operation: "keys",
      ...more,
    });

const asSqs =
  (more: object = {}): Wrap =>
  (handler) =>
    idempotentSqs((_record, _context, execution) => handler(execution.key), {
      store: memoryStore(),
      operation: "keys",
      ...more,
    }) as Wrap extends (handler: never) => infer W ? W : never;

const asStream: Wrap = (handler) =>
  idempotentStream<StreamRecord>((_record, _context, execution) => handler(execution.key), {
    store: memoryStore(),
    operation: "keys",
  }) as unknown as (event: unknown, context?: Context) => Promise<unknown>;

interface Row {
  readonly source: string;
  readonly wrap: Wrap;
  readonly file: string;
  /** `execution.key` of each record. */
  readonly keys: readonly string[];
  /** What differs when the source delivers the same again. */
  // biome-ignore lint/suspicious/noExplicitAny: tests change anything anywhere
  readonly again?: (event: any) => void;
  /** What differs in another delivery, at least. */
  // biome-ignore lint/suspicious/noExplicitAny: tests change anything anywhere
  readonly other: (event: any) => void;
}

const rows: readonly Row[] = [
  {
    source: "SNS",
    wrap: asEvent(),
    file: "sns",
    keys: ["95df01b4-ee98-5cb9-9903-4c221d41eb5e"],
    other: ({ Records: [{ Sns }] }) => Object.assign(Sns, { MessageId: "a5df01b4-ee98-5cb9-9903-4c221d41eb5e" }),
  },
  {
    source: "EventBridge",
    wrap: asEvent(),
    file: "eventbridge",
    keys: ["fe8d3c65-xmpl-c5c3-2c87-81584709a377"],
    other: (event) => Object.assign(event, { id: "ae8d3c65-xmpl-c5c3-2c87-81584709a377" }),
  },
  {
    source: "an EventBridge rule's schedule",
    wrap: asEvent(),
    file: "eventbridge-rule-schedule",
    keys: ["53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa"],
    other: (event) => Object.assign(event, { id: "63dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa" }),
  },
  {
    source: "the array payload of EventBridge",
    wrap: asEvent(),
    file: "eventbridge-array",
    keys: [
      "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
      "b7e2c6a1-4d0b-4a5e-8f2f-2a6f5d1f9c11",
      "0f0e4f5c-2d0e-4b25-9e65-3c1c7a40d0f7",
    ],
    again: (events) => events.reverse(),
    other: (events) => {
      for (const event of events) event.id = `other ${event.id}`;
    },
  },
  {
    source: "Scheduler",
    wrap: asEvent(),
    file: "scheduler",
    keys: [
      '{"schedule":"arn:aws:scheduler:us-east-2:123456789012:schedule/default/nightly-invoices","time":"2022-03-22T18:59:43Z"}',
    ],
    again: (event) => Object.assign(event, { id: "another execution" }),
    other: (event) => Object.assign(event, { time: "2022-03-23T18:59:43Z" }),
  },
  {
    source: "Scheduler, another schedule at the same time",
    wrap: asEvent(),
    file: "scheduler",
    keys: [
      '{"schedule":"arn:aws:scheduler:us-east-2:123456789012:schedule/default/nightly-invoices","time":"2022-03-22T18:59:43Z"}',
    ],
    other: ({ resources }) => {
      resources[0] = "arn:aws:scheduler:us-east-2:123456789012:schedule/other/nightly-invoices";
    },
  },
  {
    source: "S3, an object put",
    wrap: asEvent(),
    file: "s3-put",
    keys: [
      '{"bucket":"amzn-s3-demo-bucket","eventName":"ObjectCreated:Put","key":"HappyFace.jpg","sequencer":"0055AED6DCD90281E5","version":"none"}',
    ],
    again: ({ Records: [record] }) => Object.assign(record, { eventTime: "1970-01-01T00:00:01.000Z" }),
    other: ({ Records: [{ s3 }] }) => Object.assign(s3.object, { sequencer: "0055AED6DCD90281E7" }),
  },
  {
    source: "S3, the same put of another key",
    wrap: asEvent(),
    file: "s3-put",
    keys: [
      '{"bucket":"amzn-s3-demo-bucket","eventName":"ObjectCreated:Put","key":"HappyFace.jpg","sequencer":"0055AED6DCD90281E5","version":"none"}',
    ],
    other: ({ Records: [{ s3 }] }) => Object.assign(s3.object, { key: "SadFace.jpg" }),
  },
  {
    source: "S3, the same put in another bucket",
    wrap: asEvent(),
    file: "s3-put",
    keys: [
      '{"bucket":"amzn-s3-demo-bucket","eventName":"ObjectCreated:Put","key":"HappyFace.jpg","sequencer":"0055AED6DCD90281E5","version":"none"}',
    ],
    other: ({ Records: [{ s3 }] }) => Object.assign(s3.bucket, { name: "amzn-s3-demo-bucket2" }),
  },
  {
    source: "S3, an object deleted",
    wrap: asEvent(),
    file: "s3-delete",
    keys: [
      '{"bucket":"amzn-s3-demo-bucket","eventName":"ObjectRemoved:Delete","key":"HappyFace.jpg","sequencer":"0055AED6DCD90281E6","version":"none"}',
    ],
    other: ({ Records: [record] }) => Object.assign(record, { eventName: "ObjectRemoved:DeleteMarkerCreated" }),
  },
  {
    source: "S3, in a bucket with versions",
    wrap: asEvent(),
    file: "s3-versioned",
    keys: [
      '{"bucket":"amzn-s3-demo-bucket","eventName":"ObjectCreated:Put","key":"HappyFace.jpg","sequencer":"0055AED6DCD90281E5","version":"096fKKXTRTtl3on89fVO.nfljtsv6qko"}',
    ],
    other: ({ Records: [{ s3 }] }) => Object.assign(s3.object, { versionId: "196fKKXTRTtl3on89fVO.nfljtsv6qko" }),
  },
  {
    source: "S3, a restored object, whose event has no sequencer",
    wrap: asEvent(),
    file: "s3-restore",
    keys: [
      '{"bucket":"amzn-s3-demo-bucket","eventName":"ObjectRestore:Completed","key":"HappyFace.jpg","sequencer":"C3D13FE58DE4C810","version":"none"}',
    ],
    other: ({ Records: [record] }) =>
      Object.assign(record.responseElements, { "x-amz-request-id": "D3D13FE58DE4C810" }),
  },
  {
    source: "Step Functions",
    wrap: asEvent(),
    file: "step-functions",
    keys: [
      '{"execution":"arn:aws:states:us-east-1:123456789012:execution:stateMachineName:executionName","state":"Charge"}',
    ],
    again: ({ State }) => Object.assign(State, { RetryCount: 1 }),
    other: ({ State }) => Object.assign(State, { Name: "Ship" }),
  },
  {
    source: "Step Functions, another execution",
    wrap: asEvent(),
    file: "step-functions",
    keys: [
      '{"execution":"arn:aws:states:us-east-1:123456789012:execution:stateMachineName:executionName","state":"Charge"}',
    ],
    other: ({ Execution }) => Object.assign(Execution, { Id: `${Execution.Id}2` }),
  },
  {
    source: "Step Functions, an item of a map, the first of which has the index 0",
    wrap: asEvent(),
    file: "step-functions-map",
    keys: [
      '{"execution":"arn:aws:states:us-east-1:123456789012:execution:stateMachineName:executionName","item":0,"state":"Charge"}',
    ],
    again: ({ State }) => Object.assign(State, { RetryCount: 2 }),
    other: ({ Map: { Item } }) => Object.assign(Item, { Index: 1 }),
  },
  {
    source: "SQS",
    wrap: asSqs(),
    file: "sqs",
    keys: ["059f36b4-87a3-44ab-83d2-661975830a7d", "2e1424d4-f796-459a-8184-9c92662be6da"],
    again: ({ Records }) => {
      for (const { attributes } of Records) attributes.ApproximateReceiveCount = "2";
    },
    other: ({ Records }) => {
      for (const record of Records) record.messageId = `other ${record.messageId}`;
    },
  },
  {
    source: "SQS, a FIFO queue",
    wrap: asSqs(),
    file: "sqs-fifo",
    keys: ["11d6ee51-4cc7-4302-9e22-7cd8afdaadf5"],
    other: ({ Records: [record] }) => Object.assign(record, { messageId: "other" }),
  },
  {
    source: "SNS in SQS, as SNS wraps it",
    wrap: asSqs({ key: snsMessageId }),
    file: "sns-in-sqs",
    keys: ["dc1e94d9-56c5-5e96-808d-cc7f68faa162"],
    again: ({ Records: [record] }) => Object.assign(record, { messageId: "delivered to the queue twice" }),
    other: ({ Records: [record] }) => Object.assign(record, { body: record.body.replace("dc1e94d9", "ec1e94d9") }),
  },
  {
    source: "SNS in SQS, delivered raw, which leaves the queue's own id",
    wrap: asSqs(),
    file: "sns-raw-in-sqs",
    keys: ["059f36b4-87a3-44ab-83d2-661975830a7d"],
    other: ({ Records: [record] }) => Object.assign(record, { messageId: "other" }),
  },
  {
    source: "EventBridge in SQS",
    wrap: asSqs({ key: eventBridgeId }),
    file: "eventbridge-in-sqs",
    keys: ["fe8d3c65-xmpl-c5c3-2c87-81584709a377"],
    again: ({ Records: [record] }) => Object.assign(record, { messageId: "delivered to the queue twice" }),
    other: ({ Records: [record] }) => Object.assign(record, { body: record.body.replace("fe8d3c65", "ae8d3c65") }),
  },
  {
    source: "Kinesis",
    wrap: asStream,
    file: "kinesis",
    keys: [
      "shardId-000000000006:49590338271490256608559692538361571095921575989136588898",
      "shardId-000000000006:49590338271490256608559692540925702759324208523137515618",
    ],
    other: ({ Records }) => {
      for (const record of Records) record.eventID = `${record.eventID}0`;
    },
  },
  {
    source: "DynamoDB Streams",
    wrap: asStream,
    file: "dynamodb-stream",
    keys: ["1", "2"],
    other: ({ Records }) => {
      for (const record of Records) record.eventID = `${record.eventID}0`;
    },
  },
  {
    source: "Kafka on MSK",
    wrap: asStream,
    file: "msk",
    keys: ["mytopic-0-15"],
    other: ({ records }) => Object.assign(records["mytopic-0"][0], { offset: 16 }),
  },
  {
    source: "self-managed Kafka",
    wrap: asStream,
    file: "self-managed-kafka",
    keys: ["mytopic-0-15"],
    other: ({ records }) => Object.assign(records["mytopic-0"][0], { partition: 1 }),
  },
];

describe.each(rows)("$source", ({ wrap, file, keys, again, other }) => {
  test("gives the key of what identifies a delivery", async () => {
    const seen: string[] = [];
    await wrap((key) => seen.push(key))(recorded(file), endingIn(30_000));
    expect(seen).toEqual(keys);
  });

  test("is replayed when it is delivered again, and only then", async () => {
    const seen: string[] = [];
    const wrapped = wrap((key) => seen.push(key));
    await wrapped(recorded(file));
    await wrapped(recorded(file, again));
    expect(seen).toHaveLength(keys.length);
    await wrapped(recorded(file, other));
    expect(seen).toHaveLength(2 * keys.length);
    expect(new Set(seen).size).toBe(2 * keys.length);
  });
});

describe("an asynchronous invocation", () => {
  const pay = asEvent({ key: invocationId });

  test("is known by its request id, which Lambda keeps when it tries again", async () => {
    const seen: string[] = [];
    const wrapped = pay((key) => seen.push(key));
    const order = { orderId: "order-1", amount: 100 };
    await wrapped(order, endingIn(30_000));
    await wrapped(order, endingIn(30_000));
    await wrapped(order, endingIn(30_000, { awsRequestId: "another request" }));
    expect(seen).toEqual(["c6af9ac6-7b61-11e6-9a41-93e8deadbeef", "another request"]);
  });

  test("without a request id has no key", async () => {
    await expect(pay(() => {})({}, endingIn(1_000, { awsRequestId: "" }))).rejects.toSatisfy(isKeyMissingError);
  });
});
