/**
 * What an execution needs from the world outside: time, chance, and what calls of one process share.
 *
 * It arrives as an argument, so that tests can drive the engine with a clock and a scheduler of their own.
 */
import { randomUUID } from "node:crypto";
import type { Store } from "../store.ts";
import type { OutcomeCache, Recalled } from "./cache.ts";

export interface Clock {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Calls back after so many milliseconds, unless the function it returns was called first. */
  readonly timer: (ms: number, fire: () => void) => () => void;
}

/** Calls of one process on one store know of each other through this, and through nothing else (G20). */
export interface Shared {
  /** The running calls by record id, for single flight: each ends with what is stored, if anything is. */
  readonly flights: Map<string, Flight>;
  /** By operation, where its outcomes are cached: wrappers that name the same operation share its keys. */
  readonly caches: Map<string, OutcomeCache>;
  readonly fences: Fences;
}

export interface Flight {
  readonly payloadHash: string | undefined;
  readonly stored: Promise<Recalled | undefined>;
}

export interface Runtime {
  readonly store: Store;
  readonly clock: Clock;
  readonly uuid: () => string;
  /** As `Math.random`. */
  readonly random: () => number;
  readonly shared: Shared;
}

/** `setTimeout` fires at once above this. */
const LONGEST_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  timer: (ms, fire) => {
    const handle = setTimeout(fire, Math.min(Math.max(ms, 0), LONGEST_TIMER_MS));
    return () => clearTimeout(handle);
  },
};

const sharedByStore = new WeakMap<Store, Shared>();

/** Of all stores together: two of them may be on one table. */
const fencesOfProcess = createFences();

/** The runtime of production. */
export function systemRuntime(store: Store): Runtime {
  const shared = sharedByStore.get(store) ?? createShared(fencesOfProcess);
  sharedByStore.set(store, shared);
  return { store, clock: systemClock, uuid: randomUUID, random: Math.random, shared };
}

export function createShared(fences: Fences = createFences()): Shared {
  return { flights: new Map(), caches: new Map(), fences };
}

export interface Fences {
  /** A fence for a claim of this id that is above the one seen, and above all that were given for this id before. */
  readonly next: (id: string, now: number, seen: number | undefined) => number;
}

/** So many ids are remembered whose fence ran ahead of the others; the fences of all rise above the ones forgotten. */
const MAX_AHEAD = 1_000;

/**
 * Fences start from the clock, so that they go on rising after a record was deleted (G1), as far as clocks agree. Within
 * this process they rise strictly, also when the clock steps back or another host's clock was ahead.
 */
export function createFences(): Fences {
  let last = 0;
  const ahead = new Map<string, number>();
  return {
    next(id, now, seen) {
      last = Math.max(now, last + 1);
      const fence = Math.max(last, (seen ?? 0) + 1, (ahead.get(id) ?? 0) + 1);
      ahead.delete(id);
      if (fence > last) {
        ahead.set(id, fence);
        const [oldest] = ahead.size > MAX_AHEAD ? ahead : [];
        if (oldest !== undefined) {
          ahead.delete(oldest[0]);
          last = Math.max(last, oldest[1]);
        }
      }
      return fence;
    },
  };
}

export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.timer(ms, resolve));
}

/** What came first: the promise, or the moment. A promise that comes too late is left alone. */
export function before<T>(
  clock: Clock,
  at: number | undefined,
  work: Promise<T>,
): Promise<{ readonly inTime: true; readonly value: T } | { readonly inTime: false }> {
  return new Promise((resolve, reject) => {
    const cancel = at === undefined ? undefined : clock.timer(at - clock.now(), () => resolve({ inTime: false }));
    work.then(
      (value) => {
        cancel?.();
        resolve({ inTime: true, value });
      },
      (error: unknown) => {
        cancel?.();
        reject(error);
      },
    );
  });
}
