/** The types of `idempotentStream`: the record decides the event and what a failure is reported by. */
import type {
  DynamoDBRecord,
  DynamoDBStreamEvent,
  DynamoDBStreamHandler,
  Handler,
  KinesisStreamEvent,
  KinesisStreamHandler,
  KinesisStreamRecord,
  MSKEvent,
  MSKRecord,
  S3EventRecord,
  SelfManagedKafkaEvent,
  SQSHandler,
  SQSRecord,
} from "aws-lambda";
import { assertType, describe, expectTypeOf, test } from "vitest";
import { idempotentStream } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";

interface Order {
  readonly orderId: string;
}

const options = { store: memoryStore(), operation: "types" };

describe("idempotentStream", () => {
  test("of Kinesis is a KinesisStreamHandler", () => {
    const handler = idempotentStream<KinesisStreamRecord>((record) => record.kinesis.data, options);
    assertType<KinesisStreamHandler>(handler);
    expectTypeOf(handler).parameter(0).toEqualTypeOf<KinesisStreamEvent>();
    // @ts-expect-error a Kinesis consumer is no SQS consumer
    assertType<SQSHandler>(handler);
    // @ts-expect-error a Kinesis consumer is no DynamoDB consumer
    assertType<DynamoDBStreamHandler>(handler);
  });

  test("of DynamoDB is a DynamoDBStreamHandler", () => {
    const handler = idempotentStream<DynamoDBRecord>((record) => record.dynamodb?.NewImage, options);
    assertType<DynamoDBStreamHandler>(handler);
    expectTypeOf(handler).parameter(0).toEqualTypeOf<DynamoDBStreamEvent>();
  });

  test("of Kafka takes the event of either cluster, and reports partitions and offsets", () => {
    const handler = idempotentStream<MSKRecord>((record) => record.offset, options);
    assertType<Handler<MSKEvent, unknown>>(handler);
    assertType<Handler<SelfManagedKafkaEvent, unknown>>(handler);
    expectTypeOf(handler).parameter(0).toEqualTypeOf<MSKEvent | SelfManagedKafkaEvent>();
    type Reported = Awaited<ReturnType<typeof handler>>["batchItemFailures"][number]["itemIdentifier"];
    expectTypeOf<Reported>().toEqualTypeOf<{ readonly partition: string; readonly offset: number }>();
  });

  test("infers the source from the handler", () => {
    const handler = idempotentStream((record: KinesisStreamRecord) => record.kinesis.data, options);
    assertType<KinesisStreamHandler>(handler);
  });

  test("infers what was parsed, and demands `parse` for it", () => {
    const handler = idempotentStream<KinesisStreamRecord, Order>(
      (record) => {
        expectTypeOf(record.parsed).toEqualTypeOf<Order>();
        expectTypeOf(record.kinesis.data).toEqualTypeOf<string>();
      },
      {
        ...options,
        parse: (record) => JSON.parse(Buffer.from(record.kinesis.data, "base64").toString()),
        key: (record) => record.parsed.orderId,
      },
    );
    assertType<KinesisStreamHandler>(handler);
    // @ts-expect-error there is nothing that makes an Order
    idempotentStream<KinesisStreamRecord, Order>((record) => record.parsed.orderId, options);
  });

  test("refuses a handler for another source", () => {
    // @ts-expect-error an SQS record is of no stream
    idempotentStream<SQSRecord>(() => {}, options);
    // @ts-expect-error an SQS record is of no stream
    idempotentStream((record: SQSRecord) => record.body, options);
    // @ts-expect-error an S3 record is of no stream
    idempotentStream((record: S3EventRecord) => record.s3, options);
    // @ts-expect-error a handler of DynamoDB's records, where Kinesis is asked for
    idempotentStream<KinesisStreamRecord>((record: DynamoDBRecord) => record.dynamodb, options);
    // @ts-expect-error the whole event, where one record is handed over
    idempotentStream((event: KinesisStreamEvent) => event.Records, options);
    // @ts-expect-error moving visibility is SQS's
    idempotentStream<KinesisStreamRecord>(() => {}, { ...options, deferWith: { send: async () => {} } });
  });
});
