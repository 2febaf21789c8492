/** Stream batches as Lambda hands them over: Kinesis, DynamoDB Streams, Kafka from MSK and self-managed. */
import { readFileSync } from "node:fs";
import type {
  DynamoDBRecord,
  DynamoDBStreamEvent,
  KinesisStreamEvent,
  KinesisStreamRecord,
  MSKEvent,
  SelfManagedKafkaEvent,
} from "aws-lambda";

/** A record of the event of AWS's documentation, once more under another name. */
function template<E>(file: string): () => E {
  const text = readFileSync(`${import.meta.dirname}/../sources/events/${file}.json`, "utf8");
  return () => JSON.parse(text) as E;
}

const kinesisTemplate = template<KinesisStreamEvent>("kinesis");
const dynamoDBTemplate = template<DynamoDBStreamEvent>("dynamodb-stream");
const mskTemplate = template<MSKEvent>("msk");
const selfManagedTemplate = template<SelfManagedKafkaEvent>("self-managed-kafka");

function first<R>(records: readonly R[] | undefined): R {
  const record = records?.[0];
  if (record === undefined) throw new Error("the recorded event has no record");
  return record;
}

export function kinesisRecord(
  sequenceNumber: string,
  change: { readonly shard?: string; readonly arn?: string; readonly data?: string } = {},
): KinesisStreamRecord {
  const { shard = "shardId-000000000006", arn, data = "{}" } = change;
  const record = first(kinesisTemplate().Records);
  const kinesis = { ...record.kinesis, sequenceNumber, data: Buffer.from(data).toString("base64") };
  const eventSourceARN = arn ?? record.eventSourceARN;
  return { ...record, eventSourceARN, eventID: `${shard}:${sequenceNumber}`, kinesis };
}

export function dynamoDBRecord(sequenceNumber: string, change: { readonly arn?: string } = {}): DynamoDBRecord {
  const record = first(dynamoDBTemplate().Records);
  return {
    ...record,
    eventID: `event-${sequenceNumber}`,
    eventSourceARN: change.arn ?? record.eventSourceARN ?? "",
    dynamodb: { ...record.dynamodb, SequenceNumber: sequenceNumber },
  };
}

/** `{ "orders-0": [15, 16] }`: the offsets of each partition. */
type Offsets = Readonly<Record<string, readonly number[]>>;

export function mskEvent(offsets: Offsets, change: Partial<MSKEvent> = {}): MSKEvent {
  return { ...mskTemplate(), records: kafkaRecords(offsets), ...change };
}

export function selfManagedEvent(offsets: Offsets, change: Partial<SelfManagedKafkaEvent> = {}): SelfManagedKafkaEvent {
  return { ...selfManagedTemplate(), records: kafkaRecords(offsets), ...change };
}

function kafkaRecords(offsets: Offsets): MSKEvent["records"] {
  const record = first(Object.values(mskTemplate().records)[0]);
  return Object.fromEntries(
    Object.entries(offsets).map(([place, list]) => {
      const [, topic = "", partition] = /^(.*)-(\d+)$/.exec(place) ?? [];
      return [place, list.map((offset) => ({ ...record, topic, partition: Number(partition), offset }))];
    }),
  );
}
