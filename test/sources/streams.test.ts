/**
 * What is a stream's alone: several shards or partitions in one event, the keys of its records, the deadline (G26), and
 * events that are none. G8, G19, G26.
 */
import type { DynamoDBRecord, KinesisStreamRecord, MSKRecord } from "aws-lambda";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  idempotentStream,
  isKeyInvalidError,
  isStoreUnavailableError,
  type StreamOptions,
  type StreamRecord,
} from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { endingIn, frozenClock, settled } from "../support/batch-events.ts";
import { downStore } from "../support/probe-store.ts";
import { dynamoDBRecord, kinesisRecord, mskEvent, selfManagedEvent } from "../support/stream-events.ts";

afterEach(() => {
  vi.useRealTimers();
});

const consumer = <R extends StreamRecord>(
  handler: (record: R, key: string) => unknown,
  more: Partial<StreamOptions<R, undefined>> = {},
) =>
  idempotentStream<R>((record, _context, execution) => handler(record, execution.key), {
    store: memoryStore(),
    operation: "stream",
    onRecordError: () => {},
    ...more,
  } as StreamOptions<R, undefined>) as (event: unknown, context?: unknown) => Promise<unknown>;

describe("the key of a record", () => {
  const keyOf = async (event: unknown) => {
    const keys: string[] = [];
    await consumer((_record, key) => keys.push(key))(event);
    return keys;
  };

  test("is `eventID` for Kinesis", async () => {
    expect(await keyOf({ Records: [kinesisRecord("111")] })).toEqual(["shardId-000000000006:111"]);
  });

  test("is `eventID` for DynamoDB Streams", async () => {
    expect(await keyOf({ Records: [dynamoDBRecord("111")] })).toEqual(["event-111"]);
  });

  test("is topic, partition and offset for Kafka, also where the topic looks like one of them", async () => {
    expect(await keyOf(mskEvent({ "orders-0": [15], "orders-1-2": [0] }))).toEqual(["orders-0-15", "orders-1-2-0"]);
    expect(await keyOf(selfManagedEvent({ "orders-0": [15] }))).toEqual(["orders-0-15"]);
  });

  test("is the caller's where there is one, for all streams alike", async () => {
    const handler = vi.fn();
    const consume = consumer<KinesisStreamRecord>(handler, { key: (record) => record.kinesis.partitionKey });
    await consume({ Records: [kinesisRecord("1", { arn: "arn:aws:kinesis:us-east-2:1:stream/a" })] });
    await consume({ Records: [kinesisRecord("2", { arn: "arn:aws:kinesis:us-east-2:1:stream/b" })] });
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test("of two streams with equal ids is not the same (G8)", async () => {
    const handler = vi.fn();
    const consume = consumer<DynamoDBRecord>(handler);
    await consume({ Records: [dynamoDBRecord("1", { arn: "arn:aws:dynamodb:us-east-2:1:table/a/stream/x" })] });
    await consume({ Records: [dynamoDBRecord("1", { arn: "arn:aws:dynamodb:us-east-2:1:table/b/stream/x" })] });
    expect(handler).toHaveBeenCalledTimes(2);
  });

  test("of two clusters with equal topics is not the same, on MSK (G8)", async () => {
    const handler = vi.fn();
    const consume = consumer<MSKRecord>(handler);
    await consume(mskEvent({ "orders-0": [1] }, { eventSourceArn: "arn:aws:kafka:us-east-1:1:cluster/a/1" }));
    await consume(mskEvent({ "orders-0": [1] }, { eventSourceArn: "arn:aws:kafka:us-east-1:1:cluster/b/1" }));
    expect(handler).toHaveBeenCalledTimes(2);
  });

  test("of two self-managed clusters with equal topics is not the same: no record may be taken for another's (G8)", async () => {
    const handler = vi.fn();
    const consume = consumer<MSKRecord>(handler);
    await consume(selfManagedEvent({ "orders-0": [1] }, { bootstrapServers: "kafka-a.example.com:9092" }));
    await consume(selfManagedEvent({ "orders-0": [1] }, { bootstrapServers: "kafka-b.example.com:9092" }));
    expect(handler).toHaveBeenCalledTimes(2);
  });

  test("of a self-managed cluster is the same where its brokers are named in another order", async () => {
    const handler = vi.fn();
    const consume = consumer<MSKRecord>(handler);
    await consume(selfManagedEvent({ "orders-0": [1] }, { bootstrapServers: "kafka-1:9092,kafka-2:9092" }));
    await consume(selfManagedEvent({ "orders-0": [1] }, { bootstrapServers: "kafka-2:9092,kafka-1:9092" }));
    expect(handler).toHaveBeenCalledTimes(1);
  });
});

describe("several shards or partitions in one event", () => {
  const batch = mskEvent({ "orders-0": [1, 2, 3], "orders-1": [1, 2], "bills-0": [9] });

  test("are independent of each other, and each is reported from its first failure", async () => {
    const ran: string[] = [];
    const consume = consumer<MSKRecord>(({ topic, partition, offset }) => {
      ran.push(`${topic}-${partition}@${offset}`);
      if (topic === "orders" && offset === 2) throw new Error("declined");
    });
    expect(await consume(batch)).toEqual({
      batchItemFailures: [
        { itemIdentifier: { partition: "orders-0", offset: 2 } },
        { itemIdentifier: { partition: "orders-1", offset: 2 } },
      ],
    });
    expect(ran.sort()).toEqual(["bills-0@9", "orders-0@1", "orders-0@2", "orders-1@1", "orders-1@2"]);
  });

  test("run beside each other, as many as asked for", async () => {
    const running: string[] = [];
    const ends: (() => void)[] = [];
    const consume = consumer<MSKRecord>(
      ({ topic, partition, offset }) => {
        running.push(`${topic}-${partition}@${offset}`);
        return new Promise<void>((resolve) => void ends.push(resolve));
      },
      { concurrency: 2 },
    );
    const answer = consume(batch);
    await settled();
    expect(running).toEqual(["orders-0@1", "orders-1@1"]);
    while (ends.length > 0) {
      ends.shift()?.();
      await settled();
      expect(ends.length).toBeLessThanOrEqual(2);
    }
    expect(await answer).toEqual({ batchItemFailures: [] });
    expect(running).toHaveLength(6);
  });

  test("of Kinesis are told apart by the shard in the record's id", async () => {
    const ran: string[] = [];
    const consume = consumer<KinesisStreamRecord>(({ kinesis }) => {
      ran.push(kinesis.sequenceNumber);
      if (kinesis.sequenceNumber === "2") throw new Error("declined");
    });
    const a = { shard: "shardId-000000000001" };
    const b = { shard: "shardId-000000000002" };
    const Records = [kinesisRecord("1", a), kinesisRecord("2", b), kinesisRecord("3", a), kinesisRecord("4", b)];
    expect(await consume({ Records })).toEqual({ batchItemFailures: [{ itemIdentifier: "2" }] });
    expect(ran.sort()).toEqual(["1", "2", "3"]);
  });
});

describe("before the deadline (G26)", () => {
  test("nothing is begun where no time is left: all comes back from its first record", async () => {
    const handler = vi.fn();
    const consume = consumer(handler);
    const Records = [kinesisRecord("1"), kinesisRecord("2")];
    expect(await consume({ Records }, endingIn(0))).toEqual({ batchItemFailures: [{ itemIdentifier: "1" }] });
    expect(await consume(mskEvent({ "orders-0": [5, 6] }), endingIn(-1))).toEqual({
      batchItemFailures: [{ itemIdentifier: { partition: "orders-0", offset: 5 } }],
    });
    expect(handler).not.toHaveBeenCalled();
  });

  test("a shard is given up in time, from the first record that was not begun", async () => {
    const clock = frozenClock();
    const ran: string[] = [];
    const consume = consumer<KinesisStreamRecord>(({ kinesis }) => {
      ran.push(kinesis.sequenceNumber);
      clock.advance(10_000);
    });
    const Records = ["1", "2", "3", "4"].map((number) => kinesisRecord(number));
    expect(await consume({ Records }, endingIn(28_000))).toEqual({ batchItemFailures: [{ itemIdentifier: "3" }] });
    expect(ran).toEqual(["1", "2"]);
  });
});

describe("the whole batch fails loudly", () => {
  test("where the store is down", async () => {
    const consume = consumer(() => {}, { store: downStore() });
    await expect(consume({ Records: [kinesisRecord("1")] })).rejects.toSatisfy(isStoreUnavailableError);
    await expect(consume(mskEvent({ "orders-0": [1] }))).rejects.toSatisfy(isStoreUnavailableError);
  });

  const firehose = {
    invocationId: "invoked123",
    deliveryStreamArn: "arn:aws:firehose:us-east-1:123456789012:deliverystream/orders",
    region: "us-east-1",
    records: [{ recordId: "record1", approximateArrivalTimestamp: 1510772160000, data: "SGVsbG8=" }],
  };
  const place = mskEvent({ "orders-0": [1] }).records["orders-0"]?.[0];

  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["text", "{}"],
    ["an empty object", {}],
    ["an EventBridge event", { id: "1", "detail-type": "Order", detail: {} }],
    ["a Firehose event, whose records are no stream's", firehose],
    ["a Kafka event whose partition is no list", { eventSource: "aws:kafka", records: { "orders-0": place } }],
    ["a Kafka event whose partition is null", { eventSource: "aws:kafka", records: { "orders-0": null } }],
  ])("where the event is %s: nothing is taken as done in silence", async (_, event) => {
    const handler = vi.fn();
    await expect(consumer(handler)(event)).rejects.toSatisfy(isKeyInvalidError);
    expect(handler).not.toHaveBeenCalled();
  });

  test.each<[string, unknown]>([
    ["null", null],
    ["text", "record"],
    ["empty", {}],
    ["an SQS record", { messageId: "1", eventSource: "aws:sqs", body: "{}" }],
    ["without its number", { eventID: "e1", eventSource: "aws:dynamodb", dynamodb: {} }],
  ])("where a record that is %s fails, since it cannot be reported by its place", async (_, record) => {
    const handler = vi.fn(() => Promise.reject(new Error("declined")));
    await expect(consumer(handler)({ Records: [record] })).rejects.toSatisfy(isKeyInvalidError);
  });

  test("where a Kafka record that fails has no offset", async () => {
    const event = { records: { "orders-0": [{ topic: "orders", partition: 0, value: "" }] } };
    await expect(consumer(() => {})(event)).rejects.toSatisfy(isKeyInvalidError);
  });
});

describe("a malformed record", () => {
  test("stops its shard, from there on", async () => {
    const ran: unknown[] = [];
    const consume = consumer<KinesisStreamRecord>(({ kinesis }) => ran.push(kinesis.sequenceNumber));
    const { eventID: _, ...nameless } = kinesisRecord("2");
    const Records = [kinesisRecord("1"), nameless, kinesisRecord("3")];
    expect(await consume({ Records })).toEqual({ batchItemFailures: [{ itemIdentifier: "2" }] });
    expect(ran).toEqual(["1"]);
  });

  test("of Kafka without a topic has no key that others share (G8)", async () => {
    const handler = vi.fn();
    const { topic: _, ...nameless } = mskEvent({ "orders-0": [1] }).records["orders-0"]?.[0] ?? ({} as MSKRecord);
    expect(await consumer(handler)({ records: { "orders-0": [nameless] } })).toEqual({
      batchItemFailures: [{ itemIdentifier: { partition: "orders-0", offset: 1 } }],
    });
    expect(handler).not.toHaveBeenCalled();
  });

  test("changed by its handler is still reported as what it was (G15)", async () => {
    const consume = consumer<KinesisStreamRecord>((record) => {
      record.kinesis.sequenceNumber = "changed";
      throw new Error("declined");
    });
    expect(await consume({ Records: [kinesisRecord("1")] })).toEqual({ batchItemFailures: [{ itemIdentifier: "1" }] });
  });
});

test("an empty batch is a success", async () => {
  expect(await consumer(() => {})({ Records: [] })).toEqual({ batchItemFailures: [] });
  expect(await consumer(() => {})(mskEvent({}))).toEqual({ batchItemFailures: [] });
  expect(await consumer(() => {})(mskEvent({ "orders-0": [] }))).toEqual({ batchItemFailures: [] });
});
