/** The wrapper for SQS: composes the source, the batch and the engine, one record at a time. */
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { createPace, lanesBy, runBatch } from "./batch.ts";
import type { Ending } from "./engine/call.ts";
import { execute } from "./engine/execute.ts";
import type { Execution } from "./engine/execution.ts";
import { runUnprotected, type Work } from "./engine/run.ts";
import { systemRuntime } from "./engine/runtime.ts";
import {
  InvalidOptionsError,
  isInProgressError,
  isResultNotStorableError,
  isStoreUnavailableError,
  KeyInvalidError,
} from "./errors.ts";
import { checkHandler, checkOptions, defaultOperation, policyOf } from "./options.ts";
import { fingerprintTerm, prepare, readContext, tenantTerm } from "./prepare.ts";
import { valuesOnly } from "./should-store.ts";
import { fifoGroup, isRedelivered, messageIdOf, sqsRecords } from "./sources/sqs.ts";
import { deferrer } from "./sqs-deferral.ts";
import { type ParsedRecord, SQS_CHECKS, type SqsOptions } from "./sqs-options.ts";

/** What became of a record. */
type Fate =
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "running"; readonly error: unknown; readonly retryAfterMs: number }
  | { readonly kind: "parked"; readonly error: unknown };

/**
 * Makes an SQS consumer safe against redelivery, record by record: gives the partial batch response, so the event source
 * mapping needs `ReportBatchItemFailures`.
 *
 * A record whose handler throws is reported back and runs again; one that ran is not run again; one that runs elsewhere is
 * reported back. A FIFO group stops at its first record that did not succeed. Rejects, so that the whole batch comes back,
 * when the store is unavailable.
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
  handler: (record: ParsedRecord<T>, context: Context, execution: Execution) => unknown,
  options: SqsOptions<T>,
): (event: SQSEvent, context?: Context) => Promise<SQSBatchResponse> {
  checkHandler("idempotentSqs", handler);
  checkOptions("idempotentSqs", options, SQS_CHECKS, ["store"]);
  if (options.onPoison !== undefined && options.maxAttempts === undefined) {
    throw new InvalidOptionsError("idempotentSqs: `onPoison` needs `maxAttempts`, which says when a record is poison.");
  }
  const operation = options.operation ?? defaultOperation("idempotentSqs");
  const policy = policyOf(options, valuesOnly, options.maxAttempts);
  const runtime = systemRuntime(options.store);
  const { concurrency = 10, storeResult = false, requireKey = true, parse, onPoison = "fail" } = options;
  const tell = options.onRecordError ?? ((error: unknown, record: SQSRecord) => logError(operation, error, record));
  const defer = options.deferWith === undefined ? undefined : deferrer(options.deferWith);

  return async (event, context) => {
    const records = sqsRecords(event);
    if (records === undefined) throw notSqs(operation);
    const known = context as Context;
    const { now } = runtime.clock;
    const invocation = readContext(context, now());
    const pace = createPace(now, invocation.remainingMs);
    const failed: string[] = [];
    const fates = new Map<string, Promise<Fate>>();

    const attempt = async (given: SQSRecord): Promise<Fate> => {
      let record = given as ParsedRecord<T>;
      if (parse !== undefined) {
        try {
          record = { ...given, parsed: await parse(given) };
        } catch (error) {
          return { kind: "failed", error };
        }
      }
      const { key } = options;
      const prepared = prepare({
        operation,
        key: key === undefined ? () => messageIdOf(given) : () => key(record, known),
        keyHint: key === undefined ? "the record has no `messageId`" : "the option `key` found none in the record",
        tenant: tenantTerm(options, record, known, invocation.tenantId),
        fingerprint: fingerprintTerm(options, record, known),
      });
      const work: Work = {
        operation,
        deadline: invocation.deadline,
        work: async (execution) => {
          const value = await handler(record, known, execution);
          return storeResult ? value : undefined;
        },
      };
      if (prepared.kind === "missing" && !requireKey) return fateOf(await runUnprotected(runtime, policy, work));
      if (prepared.kind !== "keyed") return { kind: "failed", error: prepared.error };
      const { id, payloadHash = "" } = prepared.call;
      const call = { ...work, ...prepared.call, readFirst: isRedelivered(given) };
      return await shared(fates, `${id} ${payloadHash}`, async () => fateOf(await execute(runtime, policy, call)));
    };

    const run = async (record: SQSRecord): Promise<boolean> => {
      const begun = now();
      const fate = await attempt(record);
      pace.took(now() - begun);
      if (fate.kind === "done") return true;
      if (fate.kind === "running") await defer?.(record, fate.retryAfterMs);
      else tell(fate.error, record);
      if (fate.kind !== "parked") return false;
      return (typeof onPoison === "function" ? await onPoison(record, fate.error) : onPoison) === "acknowledge";
    };

    const lanes = lanesBy(records, fifoGroup);
    await runBatch({
      lanes,
      concurrency,
      hasTime: pace.hasTime,
      run,
      failed: (record) => failed.push(identifier(record)),
    });
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

/** Records of one batch with the same key and payload are one call: it runs once, and they share its fate (G18). */
function shared(fates: Map<string, Promise<Fate>>, name: string, begin: () => Promise<Fate>): Promise<Fate> {
  const known = fates.get(name);
  if (known !== undefined) return known;
  const fate = begin();
  fates.set(name, fate);
  return fate;
}

/** Rejects where no record is to blame, so that the whole batch comes back. */
function fateOf(ending: Ending): Fate {
  switch (ending.kind) {
    case "returned":
      return { kind: "done" };
    case "parked":
      return ending;
    case "threw":
      return { kind: "failed", error: ending.error };
    case "refused": {
      const { error } = ending;
      if (isStoreUnavailableError(error)) throw error;
      if (isResultNotStorableError(error)) return { kind: "done" };
      if (isInProgressError(error)) return { kind: "running", error, retryAfterMs: error.retryAfterMs };
      return { kind: "failed", error };
    }
  }
}

/** A response that names no record would fail the whole batch in silence: better loudly. */
function identifier(record: SQSRecord): string {
  const messageId = messageIdOf(record);
  if (messageId === undefined)
    throw new KeyInvalidError("A record without a `messageId` failed, so it cannot be reported back.");
  return messageId;
}

function notSqs(operation: string): KeyInvalidError {
  return new KeyInvalidError(
    `idempotentSqs was given an event that has no \`Records\`, so it is not one of SQS's (operation \`${operation}\`).`,
    {
      operation,
    },
  );
}

function logError(operation: string, error: unknown, record: SQSRecord): void {
  console.error(`lambda-once: a record of \`${operation}\` failed (messageId ${messageIdOf(record)}):`, error);
}
