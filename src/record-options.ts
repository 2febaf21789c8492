/** The options common to the wrappers that take a batch apart: `idempotentSqs`, `idempotentStream`, `idempotentEvent`. */
import type { Context } from "aws-lambda";
import { InvalidOptionsError } from "./errors.ts";
import { booleanCheck, type Checks, COMMON_CHECKS, type CommonOptions, functionCheck, wholeCheck } from "./options.ts";
import { invocationId } from "./sources/event.ts";

/** A record with what `parse` made of it. */
export type Parsed<R, T> = R & { readonly parsed: T };

type PoisonChoice = "fail" | "acknowledge";

interface RecordOptionsBase<R, T> extends CommonOptions<Parsed<R, T>> {
  /** What identifies the work. Default: what identifies the delivery, which is the same when it is delivered again. */
  readonly key?: (record: Parsed<R, T>, context: Context) => unknown;
  /** How many records (where order counts: groups or partitions) are in work at once. Default: 10. */
  readonly concurrency?: number;
  /** Whether what the handler returns is stored. Default: `false`: only that it succeeded. */
  readonly storeResult?: boolean;
  /** After so many attempts that failed or died a record is poison: parked as `FAILED` and not run again. Default: no limit. */
  readonly maxAttempts?: number;
  /**
   * What becomes of poison: `"fail"` (default) reports it back, so that the source's own limit sends it to a dead-letter
   * queue or destination; `"acknowledge"` lets it pass; a function decides.
   */
  readonly onPoison?: PoisonChoice | ((record: R, error: unknown) => PoisonChoice | Promise<PoisonChoice>);
  /** Told of each record's error, since the batch does not throw it. Default: `console.error`. */
  readonly onRecordError?: (error: unknown, record: R) => void;
}

interface Parsing<R, T> {
  /** The payload as the handler wants it: `record.parsed`. What it throws fails that record alone. */
  readonly parse: (record: R) => T | Promise<T>;
}

/** With a type for the payload there must be a `parse` that gives it. */
export type RecordOptions<R, T> = RecordOptionsBase<R, T> &
  ([T] extends [undefined] ? Partial<Parsing<R, T>> : Parsing<R, T>);

export const RECORD_CHECKS: Checks = {
  ...COMMON_CHECKS,
  key: functionCheck,
  concurrency: wholeCheck(1, 1_000, "records"),
  storeResult: booleanCheck,
  maxAttempts: wholeCheck(1, 1_000, "attempts"),
  onPoison: (value) =>
    value === "fail" || value === "acknowledge" || typeof value === "function"
      ? undefined
      : '"fail", "acknowledge" or a function',
  onRecordError: functionCheck,
  parse: functionCheck,
};

interface Related {
  readonly key?: unknown;
  readonly onPoison?: unknown;
  readonly maxAttempts?: unknown;
}

/** What no check of a single option can see. */
export function checkRelated(wrapper: string, options: Related): void {
  const fail = (what: string): InvalidOptionsError => new InvalidOptionsError(`${wrapper}: ${what}.`);
  if (options.onPoison !== undefined && options.maxAttempts === undefined) {
    throw fail("`onPoison` needs `maxAttempts`, which says when a record is poison");
  }
  if (options.key === invocationId) {
    throw fail(
      "`key: invocationId` would take all records of a batch for one: leave `key` out, or name a part of the record",
    );
  }
}
