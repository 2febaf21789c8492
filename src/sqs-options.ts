/** The options of `idempotentSqs`. */
import type { Context, SQSRecord } from "aws-lambda";
import { booleanCheck, type Checks, COMMON_CHECKS, type CommonOptions, functionCheck, wholeCheck } from "./options.ts";
import type { VisibilityClient } from "./sqs-deferral.ts";

/** A record with what `parse` made of it. */
export type ParsedRecord<T> = SQSRecord & { readonly parsed: T };

interface RecordOptions<T> extends CommonOptions<ParsedRecord<T>> {
  /**
   * What identifies the work. Default: `messageId`, which is the same on every redelivery, and different when the producer
   * sends again: name a key of the body's to catch those too.
   */
  readonly key?: (record: ParsedRecord<T>, context: Context) => unknown;
  /** How many records (of a FIFO queue: groups) are in work at once. Default: 10. */
  readonly concurrency?: number;
  /**
   * An `SQSClient`: a record that runs elsewhere is hidden until the running attempt's lease ends before it is reported
   * back, so that waiting does not use up its receives. The function needs `sqs:ChangeMessageVisibility`.
   */
  readonly deferWith?: VisibilityClient;
  /** Whether what the handler returns is stored. Default: `false`: only that it succeeded. */
  readonly storeResult?: boolean;
  /** After so many attempts that failed or died a record is poison: parked as `FAILED` and not run again. Default: no limit. */
  readonly maxAttempts?: number;
  /**
   * What becomes of poison: `"fail"` (default) reports it back, so that the queue's redrive policy moves it to the
   * dead-letter queue; `"acknowledge"` deletes it; a function decides.
   */
  readonly onPoison?:
    | "fail"
    | "acknowledge"
    | ((record: SQSRecord, error: unknown) => PoisonChoice | Promise<PoisonChoice>);
  /** Told of each record's error, since the batch does not throw it. Default: `console.error`. */
  readonly onRecordError?: (error: unknown, record: SQSRecord) => void;
}

type PoisonChoice = "fail" | "acknowledge";

interface Parsing<T> {
  /** The body as the handler wants it: `record.parsed`. What it throws fails that record alone. */
  readonly parse: (record: SQSRecord) => T | Promise<T>;
}

/** With a type for the body there must be a `parse` that gives it. */
export type SqsOptions<T> = RecordOptions<T> & ([T] extends [undefined] ? Partial<Parsing<T>> : Parsing<T>);

const isClient = (value: unknown): string | undefined =>
  typeof (value as { send?: unknown } | null)?.send === "function" ? undefined : "an SQSClient";

export const SQS_CHECKS: Checks = {
  ...COMMON_CHECKS,
  key: functionCheck,
  concurrency: wholeCheck(1, 1_000, "records"),
  deferWith: isClient,
  storeResult: booleanCheck,
  maxAttempts: wholeCheck(1, 1_000, "attempts"),
  onPoison: (value) =>
    value === "fail" || value === "acknowledge" || typeof value === "function"
      ? undefined
      : '"fail", "acknowledge" or a function',
  onRecordError: functionCheck,
  parse: functionCheck,
};
