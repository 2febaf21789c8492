/** The wrapper for SQS: composes the source and the records. */
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { lanesBy } from "./batch.ts";
import type { Execution } from "./engine/execution.ts";
import { KeyInvalidError } from "./errors.ts";
import type { Checks } from "./options.ts";
import { type Parsed, RECORD_CHECKS, type RecordOptions } from "./record-options.ts";
import { recordRunner } from "./records.ts";
import { recordsOf } from "./sources/fields.ts";
import { fifoGroup, isRedelivered, messageIdOf } from "./sources/sqs.ts";
import { deferrer, type VisibilityClient } from "./sqs-deferral.ts";

export type SqsOptions<T> = RecordOptions<SQSRecord, T> & {
  /**
   * An `SQSClient`: a record that runs elsewhere is hidden until the running attempt's lease ends before it is reported
   * back, so that waiting does not use up its receives. The function needs `sqs:ChangeMessageVisibility`.
   */
  readonly deferWith?: VisibilityClient;
};

const CHECKS: Checks = {
  ...RECORD_CHECKS,
  deferWith: (value) => (typeof (value as { send?: unknown } | null)?.send === "function" ? undefined : "an SQSClient"),
};

/**
 * Makes an SQS consumer safe against redelivery, record by record: gives the partial batch response, so the event source
 * mapping needs `ReportBatchItemFailures`.
 *
 * A record whose handler throws is reported back and runs again; one that ran is not run again; one that runs elsewhere is
 * reported back. A FIFO group stops at its first record that did not succeed. The key is `messageId` by default, which
 * is another when the producer sends again. Rejects, so that the whole batch comes back, when the store is unavailable.
 *
 * @throws InvalidOptionsError when the options are wrong, at once.
 * @example
 * export const handler = idempotentSqs<Order>(async (record) => ship(record.parsed), {
 *   store: dynamoDBStore({ tableName: "idempotency" }),
 *   parse: (record) => JSON.parse(record.body),
 *   key: (record) => record.parsed.orderId,
 * });
 */
export function idempotentSqs<T = undefined>(
  handler: (record: Parsed<SQSRecord, T>, context: Context, execution: Execution) => unknown,
  options: SqsOptions<T>,
): (event: SQSEvent, context?: Context) => Promise<SQSBatchResponse> {
  const client = options?.deferWith;
  const source = {
    wrapper: "idempotentSqs",
    deliveryKey: messageIdOf,
    keyHint: "the record has no `messageId`",
    shown: (record: SQSRecord) => `the record ${messageIdOf(record)}`,
    redelivered: isRedelivered,
    defer: client === undefined ? undefined : deferrer(client),
  };
  const runBatch = recordRunner<SQSRecord, T>(source, handler, options, CHECKS);

  return async (event, context) => {
    const records = recordsOf<SQSRecord>(event);
    if (records === undefined) {
      throw new KeyInvalidError("idempotentSqs was given an event that has no `Records`, so it is not one of SQS's.");
    }
    const ids = new Map(records.map((record) => [record, messageIdOf(record)]));
    const back = await runBatch(lanesBy(records, fifoGroup), context);
    return { batchItemFailures: back.map((record) => ({ itemIdentifier: identifier(ids.get(record)) })) };
  };
}

/** A response that names no record would fail the whole batch in silence: better loudly. */
function identifier(messageId: string | undefined): string {
  if (messageId !== undefined) return messageId;
  throw new KeyInvalidError("A record without a `messageId` failed, so it cannot be reported back.");
}
