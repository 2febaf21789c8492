/** What a worker of the chaos run is told. */
export interface WorkerTerms {
  readonly name: string;
  readonly endpoint: string;
  readonly tableName: string;
  /** Its own file. */
  readonly ledger: string;
  /** Where the library is, from the worker's file. */
  readonly library: string;
  readonly extension: "ts" | "js";
  readonly keys: number;
  /** So many keys are in use at a time. */
  readonly window: number;
  /** Epoch milliseconds. */
  readonly startsAt: number;
  readonly endsAt: number;
  readonly leaseMs: number;
  readonly toleranceMs: number;
  /** How many calls it makes at once, the longest pause between two, and how long most of them work. */
  readonly atOnce: number;
  readonly idleMs: number;
  readonly workMs: number;
  readonly mayFail: boolean;
  /** Keys that a killed process was on. */
  readonly redelivered: readonly string[];
  /** Set when it completes what is left instead: its share of the keys, out of `shares`. */
  readonly finishes?: number;
  readonly shares: number;
}
