/** What a worker can be told to do, and what it says of it. */

/** So many calls, each with a key of its own: `prefix` and a number. */
export interface CallsJob {
  readonly kind: "calls";
  readonly prefix: string;
  readonly count: number;
  readonly concurrency: number;
  /** Whether the handler must run in each of them, or in none. */
  readonly replay: boolean;
  readonly responseBytes: number;
}

export interface BatchJob {
  readonly kind: "batch";
  readonly prefix: string;
  readonly size: number;
  /** How long each record's handler waits. */
  readonly workMs: number;
}

/** As a batch, with a look at the live heap every now and then: slow. */
export interface MemoryJob {
  readonly kind: "memory";
  readonly prefix: string;
  readonly size: number;
}

export type Job = CallsJob | BatchJob | MemoryJob;

export interface Timing {
  /** User and system time of the whole process. */
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Of each call, in ascending order. */
  readonly latenciesMs: readonly number[];
}

/** Live bytes, after a collection: heap and buffers outside it. */
export interface Memory {
  readonly idleBytes: number;
  readonly eventBytes: number;
  readonly peakBytes: number;
}

export type Report<J extends Job> = J extends MemoryJob ? Memory : Timing;
