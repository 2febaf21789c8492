/**
 * Runs the records of a batch: lanes beside each other, the records of one lane in order, and nothing that could not be
 * finished in time.
 *
 * Upholds G19 (within a lane nothing runs after the first record that did not succeed) and G26 (no record is begun that
 * cannot be finished and stored). What a record is, and what becomes of it, is the caller's.
 */

export interface BatchTerms<T> {
  /** Records that must keep their order share a lane. */
  readonly lanes: Iterable<readonly T[]>;
  readonly concurrency: number;
  /** Whether there is time to begin another record. */
  readonly hasTime: () => boolean;
  /** Whether the record succeeded. A rejection is an error of the whole batch: no further record is begun. */
  readonly run: (record: T) => Promise<boolean>;
  /** A record that did not succeed, or was not begun. */
  readonly failed: (record: T) => void;
}

/** Ends when nothing runs any more. Rejects with the first error of the whole batch. */
export async function runBatch<T>(terms: BatchTerms<T>): Promise<void> {
  const lanes = terms.lanes[Symbol.iterator]();
  const errors: unknown[] = [];

  async function runLane(lane: readonly T[]): Promise<void> {
    let stopped = false;
    for (const record of lane) {
      stopped ||= errors.length > 0 || !terms.hasTime();
      if (stopped) terms.failed(record);
      else if (!(await terms.run(record))) {
        terms.failed(record);
        stopped = true;
      }
    }
  }

  async function work(): Promise<void> {
    for (let next = lanes.next(); !next.done; next = lanes.next()) {
      await runLane(next.value).catch((error: unknown) => void errors.push(error));
    }
  }

  await Promise.all(Array.from({ length: terms.concurrency }, work));
  if (errors.length > 0) throw errors[0];
}

/** Lanes by name, in the order of their first record; a record without a name has a lane of its own. */
export function lanesBy<T>(
  records: readonly T[],
  laneOf: (record: T) => string | undefined,
): readonly (readonly T[])[] {
  const lanes: T[][] = [];
  const named = new Map<string, T[]>();
  for (const record of records) {
    const name = laneOf(record);
    const known = name === undefined ? undefined : named.get(name);
    if (known !== undefined) {
      known.push(record);
      continue;
    }
    const lane = [record];
    lanes.push(lane);
    if (name !== undefined) named.set(name, lane);
  }
  return lanes;
}

/** Kept free at the end to store the last outcome and to answer: a quarter of the time there is, at most this. */
const LONGEST_RESERVE_MS = 1_000;

export interface Pace {
  readonly hasTime: () => boolean;
  /** Tells how long a record took. */
  readonly took: (ms: number) => void;
}

/**
 * Judges whether a record that is begun now can be finished and stored in time: it may take as long as the longest one of
 * this batch so far, and half as long again. `remainingMs` is `undefined` where there is no deadline.
 */
export function createPace(now: () => number, remainingMs: number | undefined): Pace {
  const deadline = remainingMs === undefined ? Number.POSITIVE_INFINITY : now() + remainingMs;
  const reserve = Math.min(LONGEST_RESERVE_MS, (remainingMs ?? 0) / 4);
  let longest = 0;
  return {
    hasTime: () => now() + longest * 1.5 + reserve < deadline,
    took: (ms) => {
      longest = Math.max(longest, ms);
    },
  };
}
