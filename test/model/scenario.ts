/**
 * What is put before the checker: hosts with clocks, calls with their options, and how much may go wrong.
 *
 * Literal times throughout. No default of the library is taken over: what a plan does not say is said here, in numbers.
 */

/** How a handler can end. Each is a step of its own, so that everything can happen between an effect and its outcome. */
export type HandlerOutcome = "success" | "error" | "unstorable" | "tooLarge";

/** One process. Its calls share what calls of one process share, and die together. */
export interface HostPlan {
  /** What its clock shows more than the true time, in milliseconds. */
  readonly clockOffsetMs: number;
  /** Once, while none of its timers run (those do not follow the clock), its clock may be set back by so much. */
  readonly stepBackMs?: number;
}

export interface CallPlan {
  readonly name: string;
  /** Index into the scenario's hosts. */
  readonly host: number;
  /** The record's id. */
  readonly key: string;
  /** The fingerprint. `undefined`: the check is off. */
  readonly payload: string | undefined;
  /** What the context says of the remaining time: anything. */
  readonly remainingMs: unknown;
  readonly leaseMs?: number;
  /** Absent: refuse at once. */
  readonly waitMs?: number;
  /** Looks before it claims. */
  readonly readsFirst?: boolean;
  /** After so many attempts that failed or died the work is parked. */
  readonly maxAttempts?: number;
  readonly storeDown?: "run";
  readonly completionFails?: "throw";
  /** `shouldStore` keeps errors too. */
  readonly keepsErrors?: boolean;
  /** `shouldStore` throws: values are kept, errors are not. */
  readonly shouldStoreThrows?: boolean;
  /** The handler asks for its signal. */
  readonly asksForSignal?: boolean;
  /** Starts only when these calls have ended, were killed or never will start: a client's retry. */
  readonly after?: readonly string[];
}

/** What can go wrong beside crashes, pauses, lost and late answers, throttling, resending and TTL, which always can. */
export interface Extras {
  /** The store refuses for good (no table, no access). */
  readonly fatal?: boolean;
  /** The store finds a result too large that was measured as fitting. */
  readonly tooLarge?: boolean;
}

export interface Scenario {
  readonly name: string;
  /** What it is there for, with the G-numbers. */
  readonly why: string;
  readonly hosts: readonly HostPlan[];
  readonly calls: readonly CallPlan[];
  readonly outcomes: readonly HandlerOutcome[];
  readonly ttlSeconds: number;
  readonly toleranceMs: number;
  /** So many faults in one schedule, of whatever kind. */
  readonly faults: number;
  /** Requests that nobody waits for any more may arrive later: after an error, beside a second copy, after a death. */
  readonly strays?: boolean;
  /** Every outcome is stored in a body beside its record. */
  readonly bodies?: boolean;
  readonly extras?: Extras;
  /** What is assumed does not hold here: the checker must find this guarantee broken. */
  readonly mustFail?: string;
}

/** The true time at which every schedule begins: a whole second, so that expiry arithmetic can be read. */
export const BEGIN_MS = 1_000_000;

/** Lambda was seen running an invocation 0.7 s past its deadline before it killed it (facts.md). */
export const KILLED_WITHIN_MS = 700;

/** What the contract promises as a lease where no time is known, and beyond a known deadline (api.md). */
export const PROMISED_UNKNOWN_LEASE_MS = 900_000;
export const PROMISED_MARGIN_MS = 2_000;

/** The store under test takes results of so many bytes. */
export const MAX_RESULT_BYTES = 400;

/** No copy of a request travels for longer. */
export const LONGEST_TRAVEL_MS = 60_000;
