/** Kinesis, DynamoDB Streams and Kafka: what identifies a record, what keeps its order, and how a failure is reported. */
import type { DynamoDBRecord, KinesisStreamRecord, MSKRecord } from "aws-lambda";
import { fields, text } from "./fields.ts";

/** Also of a self-managed cluster: the records are the same. */
export type KafkaRecord = MSKRecord;

/** All of a `DynamoDBRecord` is optional, so that it has to be said what it is not: an SQS record. */
export type StreamRecord = KinesisStreamRecord | (DynamoDBRecord & { readonly messageId?: never }) | KafkaRecord;

/** A stream's sequence number, or a place in a Kafka partition, named as in the event (`topic-0`). */
export type StreamItemIdentifier = string | { readonly partition: string; readonly offset: number };

/** The records of one shard or partition, in order. */
export interface StreamLane {
  readonly records: readonly StreamRecord[];
  /** What Lambda calls the record when it comes back; `undefined` when the record does not say. */
  readonly identify: (record: StreamRecord) => StreamItemIdentifier | undefined;
}

export interface Stream {
  readonly lanes: readonly StreamLane[];
  /** The stream or cluster, where the event names it. */
  readonly arn: string | undefined;
}

/** `undefined` when the event is none of a stream's. */
export function readStream(event: unknown): Stream | undefined {
  const { Records, records, eventSourceArn, bootstrapServers } = fields(event);
  if (Array.isArray(Records)) {
    const lanes = [...shards(Records as readonly StreamRecord[])];
    return { lanes, arn: text(fields(Records[0])["eventSourceARN"]) };
  }
  if (typeof records !== "object" || records === null || Array.isArray(records)) return undefined;
  const partitions = Object.entries(records) as [string, KafkaRecord[]][];
  if (!partitions.every(([, list]) => Array.isArray(list))) return undefined;
  const lanes = partitions.map(([partition, list]) => ({ records: list, identify: kafkaPlace(partition) }));
  return { lanes, arn: text(eventSourceArn) ?? brokers(bootstrapServers) };
}

/** A self-managed cluster has no ARN; its brokers tell it from another, in whatever order they are named. */
function brokers(servers: unknown): string | undefined {
  return text(servers)?.split(",").sort().join();
}

/** An event holds one shard's records; should it ever hold more, each has an order of its own. */
function shards(records: readonly StreamRecord[]): Iterable<StreamLane> {
  const byShard = new Map<string, StreamRecord[]>();
  let shard = "";
  for (const record of records) {
    if ("kinesis" in fields(record)) shard = text(fields(record)["eventID"])?.split(":")[0] ?? shard;
    const known = byShard.get(shard);
    if (known === undefined) byShard.set(shard, [record]);
    else known.push(record);
  }
  return Array.from(byShard.values(), (list) => ({ records: list, identify: sequenceNumber }));
}

function sequenceNumber(record: StreamRecord): string | undefined {
  const { kinesis, dynamodb } = fields(record);
  return text(fields(kinesis)["sequenceNumber"]) ?? text(fields(dynamodb)["SequenceNumber"]);
}

function kafkaPlace(partition: string): StreamLane["identify"] {
  return (record) => {
    const { offset } = fields(record);
    return typeof offset === "number" ? { partition, offset } : undefined;
  };
}

/** `eventID` of Kinesis and DynamoDB Streams; of Kafka `topic-partition-offset`. */
export function streamRecordId(record: StreamRecord): string | undefined {
  const { eventID, topic, partition, offset } = fields(record);
  if (typeof partition === "number" && typeof offset === "number")
    return text(topic) === undefined ? undefined : `${String(topic)}-${partition}-${offset}`;
  return text(eventID);
}
