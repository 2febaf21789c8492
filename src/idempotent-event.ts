/** The wrapper for events without a response: SNS, EventBridge, S3, Scheduler, Step Functions, asynchronous invocations. */
import type { Context, S3Event, S3EventRecord, SNSEvent, SNSEventRecord } from "aws-lambda";
import { createPace, runBatch } from "./batch.ts";
import { deliver, type Ending } from "./engine/call.ts";
import type { Execution } from "./engine/execution.ts";
import type { Work } from "./engine/run.ts";
import { systemRuntime } from "./engine/runtime.ts";
import { InProgressError } from "./errors.ts";
import {
  type Checks,
  COMMON_CHECKS,
  type CommonOptions,
  checkHandler,
  checkOptions,
  defaultOperation,
  functionCheck,
  policyOf,
  wholeCheck,
} from "./options.ts";
import { fingerprintTerm, type KeyTerms, readContext, tenantTerm } from "./prepare.ts";
import { protect } from "./protect.ts";
import { valuesOnly } from "./should-store.ts";
import { deliveryFingerprint, deliveryKey, invocationId, readEvent, unknownSourceHint } from "./sources/event.ts";

/** What the handler gets: one record of an event that holds several, else the event. */
export type EventRecord<E> = E extends SNSEvent
  ? SNSEventRecord
  : E extends S3Event
    ? S3EventRecord
    : E extends readonly (infer R)[]
      ? R
      : E;

export interface EventOptions<E> extends CommonOptions<EventRecord<E>> {
  /** What identifies the work. Default: what identifies the delivery, by the event's source. */
  readonly key?: (record: EventRecord<E>, context: Context) => unknown;
  /** How many records of one event are in work at once. Default: 10. */
  readonly concurrency?: number;
}

/** One value, or a list of them for an event that holds a list of records; nothing where the handler returns nothing. */
export type EventResult<E, R> = [Awaited<R>] extends [void]
  ? void
  : E extends SNSEvent | S3Event | readonly unknown[]
    ? Awaited<R>[]
    : Awaited<R>;

const CHECKS: Checks = { ...COMMON_CHECKS, key: functionCheck, concurrency: wholeCheck(1, 1_000, "records") };

/**
 * Makes the handler of an event safe against redelivery: SNS, EventBridge, S3, Scheduler and Step Functions are known by
 * what identifies a delivery of theirs; for any other event say so with `key`. Events that hold several records are
 * handled record by record.
 *
 * Rejects when a record did not succeed, with its error (several: an `AggregateError`), so that Lambda or the source tries
 * again; what had succeeded is not run again then.
 *
 * @throws InvalidOptionsError when the options are wrong, at once.
 * @example
 * export const handler = idempotentEvent(async (event: EventBridgeEvent<"OrderPlaced", Order>) => ship(event.detail), { store });
 */
export function idempotentEvent<E, R>(
  handler: (record: EventRecord<E>, context: Context, execution: Execution) => R,
  options: EventOptions<E>,
): (event: E, context?: Context) => Promise<EventResult<E, R>> {
  checkHandler("idempotentEvent", handler);
  checkOptions("idempotentEvent", options, CHECKS, ["store"]);
  const operation = options.operation ?? defaultOperation("idempotentEvent");
  const runtime = systemRuntime(options.store);
  const protection = { runtime, policy: policyOf(options, valuesOnly), requireKey: options.requireKey ?? true };
  const { key, concurrency = 10 } = options;

  const once = async (
    record: EventRecord<E>,
    known: Context,
    place: readonly string[] = [],
    beside = new Map<string, Promise<Ending>>(),
  ): Promise<unknown> => {
    const { deadline, tenantId } = readContext(known, runtime.clock.now());
    const work: Work = {
      operation,
      deadline,
      tenant: tenantId,
      work: (execution) => handler(record, known, execution),
    };
    const terms: KeyTerms = {
      operation,
      key: key === undefined ? () => deliveryKey(record) : () => key(record, known),
      keyHint: key === undefined ? unknownSourceHint(record) : "the option `key` found none in the event",
      tenant: tenantTerm(options, record, known, tenantId),
      place,
      fingerprint: fingerprintTerm(options, record, known) ?? byDelivery(record),
    };
    return deliver(await protect(protection, work, terms, { beside }));
  };

  const ownTerms = key !== undefined || options.fingerprint !== undefined;
  const byDelivery = (record: EventRecord<E>): (() => unknown) | undefined => {
    const payload = ownTerms ? undefined : deliveryFingerprint(record);
    return payload === undefined ? undefined : () => payload;
  };

  /** One request id stands for all records of an event: which of them it is says their place. */
  const placeOf = (index: number): readonly string[] => (key === (invocationId as unknown) ? [String(index)] : []);

  const wrapped = async (event: E, context?: Context): Promise<unknown> => {
    const known = context as Context;
    const { records, many } = readEvent(event);
    if (!many) return await once(event as EventRecord<E>, known);
    const { now } = runtime.clock;
    const pace = createPace(now, readContext(context, now()).remainingMs);
    const values: unknown[] = [];
    const errors = new Map<number, unknown>();
    const beside = new Map<string, Promise<Ending>>();
    await runBatch({
      lanes: Array.from(records.keys(), (index) => [index]),
      concurrency,
      hasTime: pace.hasTime,
      run: async (index) => {
        const begun = now();
        try {
          values[index] = await once(records[index] as EventRecord<E>, known, placeOf(index), beside);
          return true;
        } catch (error) {
          errors.set(index, error);
          return false;
        } finally {
          pace.took(now() - begun);
        }
      },
      failed: (index) => {
        if (!errors.has(index)) errors.set(index, notBegun(operation));
      },
    });
    if (errors.size > 1)
      throw new AggregateError(inOrder(errors), `${errors.size} of ${records.length} records failed`);
    for (const error of errors.values()) throw error;
    return values;
  };
  return wrapped as (event: E, context?: Context) => Promise<EventResult<E, R>>;
}

function notBegun(operation: string): InProgressError {
  return new InProgressError(
    `The record was not begun: it could not be finished before the deadline (operation \`${operation}\`).`,
    1,
    { operation },
  );
}

function inOrder(errors: ReadonlyMap<number, unknown>): readonly unknown[] {
  return [...errors].sort(([a], [b]) => a - b).map(([, error]) => error);
}
