/** The wrapper for Kinesis, DynamoDB Streams and Kafka: composes the source and the records. */
import type {
  Context,
  DynamoDBRecord,
  DynamoDBStreamEvent,
  KinesisStreamEvent,
  KinesisStreamRecord,
  MSKEvent,
  SelfManagedKafkaEvent,
} from "aws-lambda";
import type { Execution } from "./engine/execution.ts";
import { KeyInvalidError } from "./errors.ts";
import { type Parsed, RECORD_CHECKS, type RecordOptions } from "./record-options.ts";
import { recordRunner } from "./records.ts";
import { readStream, type StreamItemIdentifier, type StreamRecord, streamRecordId } from "./sources/stream.ts";

export type StreamOptions<R extends StreamRecord, T> = RecordOptions<R, T>;

/** The event that holds records of this kind. */
export type StreamEvent<R extends StreamRecord> = R extends KinesisStreamRecord
  ? KinesisStreamEvent
  : R extends DynamoDBRecord
    ? DynamoDBStreamEvent
    : MSKEvent | SelfManagedKafkaEvent;

/** From where on each shard or partition is to be delivered again. */
export interface StreamBatchResponse<R extends StreamRecord> {
  batchItemFailures: {
    itemIdentifier: R extends KinesisStreamRecord | DynamoDBRecord ? string : Exclude<StreamItemIdentifier, string>;
  }[];
}

/**
 * Makes a stream consumer safe against redelivery, record by record: order is kept within each shard or partition, which
 * stops at its first record that did not succeed. Lambda delivers again from there, so the event source mapping needs
 * `ReportBatchItemFailures`; what had succeeded before is not run again.
 *
 * The key is the record's `eventID`; for Kafka its topic, partition and offset. Rejects, so that the whole batch comes
 * back, when the store is unavailable.
 *
 * @throws InvalidOptionsError when the options are wrong, at once.
 * @example
 * export const handler = idempotentStream<KinesisStreamRecord, Order>((record) => ship(record.parsed), {
 *   store: dynamoDBStore({ tableName: "idempotency" }),
 *   parse: (record) => JSON.parse(Buffer.from(record.kinesis.data, "base64").toString()),
 * });
 */
export function idempotentStream<R extends StreamRecord, T = undefined>(
  handler: (record: Parsed<R, T>, context: Context, execution: Execution) => unknown,
  options: StreamOptions<R, T>,
): (event: StreamEvent<R>, context?: Context) => Promise<StreamBatchResponse<R>> {
  const arns = new WeakMap<object, string>();
  const source = {
    wrapper: "idempotentStream",
    deliveryKey: streamRecordId,
    place: (record: R) => [arns.get(record) ?? ""],
    keyHint: "the record has no `eventID`, or no topic, partition and offset",
    shown: (record: R) => `the record ${streamRecordId(record)}`,
  };
  const runBatch = recordRunner<R, T>(source, handler, options, RECORD_CHECKS);

  const wrapped = async (event: StreamEvent<R>, context?: Context): Promise<unknown> => {
    const stream = readStream(event);
    if (stream === undefined) {
      throw new KeyInvalidError(
        "idempotentStream was given an event that is not one of Kinesis, DynamoDB Streams or Kafka.",
      );
    }
    const { lanes, arn } = stream;
    for (const record of lanes.flatMap((lane) => lane.records)) {
      if (arn !== undefined && typeof record === "object" && record !== null) arns.set(record, arn);
    }
    const named = lanes.map(({ records, identify }) => records.map((record) => ({ record, at: identify(record) })));
    const back = new Set<StreamRecord>(
      await runBatch(
        lanes.map((lane) => lane.records as readonly R[]),
        context,
      ),
    );
    const batchItemFailures = named.flatMap((lane) => {
      const first = lane.find(({ record }) => back.has(record));
      return first === undefined ? [] : [{ itemIdentifier: identified(first.at) }];
    });
    return { batchItemFailures };
  };
  return wrapped as (event: StreamEvent<R>, context?: Context) => Promise<StreamBatchResponse<R>>;
}

/** A response that names no record would fail the whole batch in silence: better loudly. */
function identified(identifier: StreamItemIdentifier | undefined): StreamItemIdentifier {
  if (identifier !== undefined) return identifier;
  throw new KeyInvalidError("A record without a sequence number or offset failed, so it cannot be reported back.");
}
