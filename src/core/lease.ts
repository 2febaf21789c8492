/**
 * How long an unfinished attempt blocks others, and how long a record is kept.
 *
 * Upholds G9 (a lease outlives the invocation and the time Lambda takes to kill it), G14 (`expires_at` lies after the
 * lease) and G24 (a lease is always finite).
 */

/** Lambda was seen running an invocation 0.7 s past its deadline before killing it; the lease ends later than that. */
export const KILL_MARGIN_MS = 2_000;

/** Lambda's longest time-out. The lease where the remaining time is not known. */
export const UNKNOWN_LEASE_MS = 900_000;

/** A remaining time above this is not one that Lambda gives: it counts as unknown. */
const LONGEST_REMAINING_MS = 86_400_000;

/**
 * The moment the invocation ends, from its remaining time. `undefined` where that is unknown: not a finite number, or
 * implausibly long. Zero and negative values mean that the deadline has passed without being enforced (Lambda Managed
 * Instances): how long the code goes on is then unknown too.
 */
export function deadlineFrom(now: number, remainingMs: unknown): number | undefined {
  if (typeof remainingMs !== "number" || !(remainingMs > 0) || remainingMs > LONGEST_REMAINING_MS) return undefined;
  return now + remainingMs;
}

/** The end of the lease of an attempt that is claimed `now`. `leaseMs` lengthens it, never shortens it. */
export function leaseEnd(now: number, deadline: number | undefined, leaseMs: number | undefined): number {
  if (deadline === undefined) return Math.ceil(now + (leaseMs ?? UNKNOWN_LEASE_MS));
  return Math.ceil(Math.max(deadline + KILL_MARGIN_MS, now + (leaseMs ?? KILL_MARGIN_MS)));
}

/** Epoch seconds at which a record without an outcome yet may be deleted: always after its lease. */
export function inProgressExpiry(leaseUntil: number, toleranceMs: number, ttlSeconds: number): number {
  return Math.ceil((leaseUntil + toleranceMs) / 1_000) + ttlSeconds;
}

/** Epoch seconds at which an outcome, or a release, stored `now` expires. */
export function settledExpiry(now: number, ttlSeconds: number): number {
  return Math.ceil(now / 1_000) + ttlSeconds;
}
