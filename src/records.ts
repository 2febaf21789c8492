/**
 * One record of a batch as one protected call, and what becomes of it.
 *
 * Shared by the wrappers that take a batch apart. Records of one batch with the same key and payload share their fate (G18,
 * by protect.ts).
 */
import type { Context } from "aws-lambda";
import { createPace, runBatch } from "./batch.ts";
import { ANSWER_RESERVE_MS, answerBy, type Ending, type Policy } from "./engine/call.ts";
import type { Execution } from "./engine/execution.ts";
import type { Work } from "./engine/run.ts";
import { before, type Runtime, systemRuntime } from "./engine/runtime.ts";
import {
  isInProgressError,
  isOwnershipLostError,
  isResultNotStorableError,
  isStoreUnavailableError,
} from "./errors.ts";
import { warn } from "./events.ts";
import { type Checks, checkHandler, checkOptions, defaultOperation, policyOf } from "./options.ts";
import { fingerprintTerm, type KeyTerms, readContext, tenantTerm } from "./prepare.ts";
import { protect } from "./protect.ts";
import { checkRelated, type Parsed, type RecordOptions } from "./record-options.ts";
import { valuesOnly } from "./should-store.ts";

export type RecordHandler<R, T> = (record: Parsed<R, T>, context: Context, execution: Execution) => unknown;

/** What a source says of its records. */
export interface RecordSource<R> {
  /** The wrapper, for errors. */
  readonly wrapper: string;
  /** What identifies the delivery; missing parts make the key missing. */
  readonly deliveryKey: (record: R) => unknown;
  /** What else keeps the keys of deliveries apart, such as the stream's ARN. */
  readonly place?: (record: R) => readonly string[];
  readonly keyHint: string;
  /** How an error names a record. */
  readonly shown: (record: R) => string;
  /** Whether the record was delivered before: a stored outcome is then likely. */
  readonly redelivered?: (record: R) => boolean;
  /** Called before a record that runs elsewhere is reported back. */
  readonly defer?: ((record: R, ms: number) => Promise<void>) | undefined;
}

/** Runs the lanes of one batch. Gives the records that are to come back, those that were not begun among them. */
export type BatchRunner<R> = (lanes: Iterable<readonly R[]>, context: Context | undefined) => Promise<readonly R[]>;

/** What became of a record. */
type Fate =
  | { readonly kind: "done" }
  | { readonly kind: "failed" | "parked"; readonly error: unknown }
  | { readonly kind: "running"; readonly error: unknown; readonly retryAfterMs: number };

/** Checks the options, and gives what runs a batch. */
export function recordRunner<R extends object, T>(
  source: RecordSource<R>,
  handler: RecordHandler<R, T>,
  options: RecordOptions<R, T>,
  checks: Checks,
): BatchRunner<R> {
  const { wrapper } = source;
  checkHandler(wrapper, handler);
  checkOptions(wrapper, options, checks, ["store"]);
  checkRelated(wrapper, options);
  const operation = options.operation ?? defaultOperation(wrapper);
  const policy = policyOf(options, valuesOnly, options.maxAttempts);
  const runtime = systemRuntime(options.store);
  const terms: Terms<R, T> = { source, handler, options, operation, policy, runtime };
  const { concurrency = 10 } = options;

  return async (lanes, context) => {
    const { now } = runtime.clock;
    const pace = createPace(now, readContext(context, now()).remainingMs);
    const beside = new Map<string, Promise<Ending>>();
    const back: R[] = [];
    const run = async (record: R): Promise<boolean> => {
      const begun = now();
      const fate = await attempt(terms, record, context as Context, beside);
      const succeeded = await conclude(terms, record, context as Context, fate);
      pace.took(now() - begun);
      return succeeded;
    };
    await runBatch({ lanes, concurrency, hasTime: pace.hasTime, run, failed: (record) => back.push(record) });
    return back;
  };
}

interface Terms<R, T> {
  readonly source: RecordSource<R>;
  readonly handler: RecordHandler<R, T>;
  readonly options: RecordOptions<R, T>;
  readonly operation: string;
  readonly policy: Policy;
  readonly runtime: Runtime;
}

async function attempt<R extends object, T>(
  { source, handler, options, operation, policy, runtime }: Terms<R, T>,
  given: R,
  context: Context,
  beside: Map<string, Promise<Ending>>,
): Promise<Fate> {
  const { parse, key, requireKey = true, storeResult = false } = options;
  let record = given as Parsed<R, T>;
  if (parse !== undefined) {
    try {
      record = { ...given, parsed: await parse(given) };
    } catch (error) {
      return { kind: "failed", error };
    }
  }
  const { deadline, tenantId } = readContext(context, runtime.clock.now());
  const terms: KeyTerms = {
    operation,
    key: key === undefined ? () => source.deliveryKey(given) : () => key(record, context),
    keyHint: key === undefined ? source.keyHint : "the option `key` found none in the record",
    tenant: tenantTerm(options, record, context, tenantId),
    place: key === undefined ? (source.place?.(given) ?? []) : [],
    fingerprint: fingerprintTerm(options, record, context),
  };
  const work: Work = {
    operation,
    deadline,
    tenant: tenantId,
    work: async (execution) => {
      const value = await handler(record, context, execution);
      return storeResult ? value : undefined;
    },
  };
  const readFirst = source.redelivered?.(given) ?? false;
  return fateOf(await protect({ runtime, policy, requireKey }, work, terms, { beside, readFirst }));
}

/** Whether the record succeeded, as far as its source is concerned. */
async function conclude<R, T>(terms: Terms<R, T>, record: R, context: Context, fate: Fate): Promise<boolean> {
  const { source, options, operation } = terms;
  if (fate.kind === "done") return true;
  if (fate.kind === "running") await defer(terms, record, context, fate.retryAfterMs);
  else report(source, options, operation, record, fate.error);
  if (fate.kind !== "parked") return false;
  const { onPoison = "fail" } = options;
  if (typeof onPoison !== "function") return onPoison === "acknowledge";
  try {
    return (await onPoison(record, fate.error)) === "acknowledge";
  } catch (error) {
    warn("`onPoison` threw, so the record is reported back", error);
    return false;
  }
}

/** A courtesy that may not cost the batch its deadline (G26). */
const LONGEST_DEFERRAL_MS = 1_000;

async function defer<R, T>({ source, runtime }: Terms<R, T>, record: R, context: Context, ms: number): Promise<void> {
  if (source.defer === undefined) return;
  const now = runtime.clock.now();
  const { deadline } = readContext(context, now);
  const giveUpAt = Math.min(
    now + LONGEST_DEFERRAL_MS,
    answerBy(now, deadline, ANSWER_RESERVE_MS) ?? Number.POSITIVE_INFINITY,
  );
  const { inTime } = await before(runtime.clock, giveUpAt, source.defer(record, ms));
  if (!inTime) warn(`${source.shown(record)} runs elsewhere and could not be hidden in time`);
}

function report<R, T>(
  source: RecordSource<R>,
  options: RecordOptions<R, T>,
  operation: string,
  record: R,
  error: unknown,
): void {
  if (options.onRecordError === undefined) {
    console.error(`lambda-once: ${source.shown(record)} of operation \`${operation}\` failed:`, error);
    return;
  }
  try {
    options.onRecordError(error, record);
  } catch (thrown) {
    warn("`onRecordError` threw", thrown);
  }
}

/** Rejects where no record is to blame, so that the whole batch comes back. */
function fateOf(ending: Ending): Fate {
  switch (ending.kind) {
    case "returned":
      return { kind: "done" };
    case "parked":
      return { kind: "parked", error: ending.error };
    case "threw":
      return { kind: "failed", error: ending.error };
    case "refused": {
      const { error } = ending;
      if (isStoreUnavailableError(error)) throw error;
      if (isResultNotStorableError(error)) return { kind: "done" };
      if (isInProgressError(error) || isOwnershipLostError(error)) {
        return { kind: "running", error, retryAfterMs: error.retryAfterMs };
      }
      return { kind: "failed", error };
    }
  }
}
