/**
 * The state machine: what a record that was met means for the one who met it, and how the next version of it looks.
 *
 * Pure: time, owner and fence arrive as arguments. Upholds G2 to G5, G7, G9 and G14; the engine only carries out what is
 * decided here.
 */
import { inProgressExpiry, settledExpiry } from "./lease.ts";
import type { CompletedRecord, FailedRecord, InProgressRecord, ReleasedRecord, StoredRecord } from "./record.ts";

/** One who wants to claim. */
export interface Claimant {
  readonly owner: string;
  readonly payloadHash: string | undefined;
  /** Epoch milliseconds on the claimant's clock. */
  readonly now: number;
  /** The clock error allowed for (eps), in milliseconds. */
  readonly toleranceMs: number;
  /** How many attempts there may be; `undefined` for any number. */
  readonly maxAttempts?: number | undefined;
}

export type ClaimDecision =
  /** My earlier write arrived, its answer was lost (G3). */
  | { readonly kind: "mine"; readonly record: InProgressRecord }
  /** Nothing stands in the way: swap what was seen for a claim of mine. */
  | { readonly kind: "claimable"; readonly takeover: boolean; readonly attempts: number; readonly createdAt: number }
  | { readonly kind: "mismatch" }
  | { readonly kind: "replay"; readonly record: CompletedRecord }
  /** There were as many attempts as there may be. `parked`: the record says so already. */
  | { readonly kind: "exhausted"; readonly parked: boolean }
  /** Someone is running. `freeAt`: from when on it can be taken over, epoch milliseconds. */
  | { readonly kind: "busy"; readonly freeAt: number };

/** What a record that refused my claim means for me. The order of the checks is the rule. */
export function decideClaim(seen: StoredRecord, me: Claimant): ClaimDecision {
  if (seen.status === "IN_PROGRESS" && seen.owner === me.owner) return { kind: "mine", record: seen };
  const freeAt = freeFrom(seen, me.toleranceMs);
  if (isExpired(seen, me)) return { kind: "claimable", takeover: false, attempts: 1, createdAt: me.now };
  const exhausted = me.maxAttempts !== undefined && seen.attempts >= me.maxAttempts;
  const next = { attempts: seen.attempts + 1, createdAt: seen.createdAt };
  if (seen.status === "RELEASED" || seen.status === "FAILED") {
    return exhausted
      ? { kind: "exhausted", parked: seen.status === "FAILED" }
      : { kind: "claimable", takeover: false, ...next };
  }
  if (!samePayload(seen, me.payloadHash)) return { kind: "mismatch" };
  if (seen.status === "COMPLETED") return { kind: "replay", record: seen };
  if (me.now < freeAt) return { kind: "busy", freeAt };
  return exhausted ? { kind: "exhausted", parked: false } : { kind: "claimable", takeover: true, ...next };
}

/** The first millisecond strictly after the lease and the clock error allowed for (G9). */
export function freeFrom(seen: StoredRecord, toleranceMs: number): number {
  return seen.leaseUntil + toleranceMs + 1;
}

/** An expired record counts as none. One that is in progress also has to be past its lease, whatever its TTL says. */
function isExpired(seen: StoredRecord, me: Claimant): boolean {
  if (me.now < seen.expiresAt * 1_000) return false;
  return seen.status !== "IN_PROGRESS" || me.now >= freeFrom(seen, me.toleranceMs);
}

function samePayload(seen: StoredRecord, payloadHash: string | undefined): boolean {
  return seen.payloadHash === undefined || payloadHash === undefined || seen.payloadHash === payloadHash;
}

export type SettleDecision =
  /** It is stored: an earlier try arrived, its answer was lost (G4). */
  | { readonly kind: "done" }
  /** Another attempt's outcome stands there, for the same payload. */
  | { readonly kind: "superseded"; readonly record: CompletedRecord }
  /** Another attempt owns the key. */
  | { readonly kind: "lost"; readonly record: StoredRecord }
  /** Deleted by TTL or by a person. */
  | { readonly kind: "gone" };

/** What it means that my completion or release was refused, by what stands there now. Never a reason to overwrite (G2). */
export function decideSettled(
  seen: StoredRecord | undefined,
  mine: InProgressRecord,
  next: CompletedRecord | ReleasedRecord | FailedRecord,
): SettleDecision {
  if (seen === undefined) return { kind: "gone" };
  if (seen.owner === mine.owner && seen.status === next.status) return { kind: "done" };
  if (seen.status === "COMPLETED" && samePayload(seen, mine.payloadHash)) return { kind: "superseded", record: seen };
  return { kind: "lost", record: seen };
}

export interface ClaimTerms {
  readonly id: string;
  readonly owner: string;
  readonly fence: number;
  readonly attempts: number;
  readonly createdAt: number;
  readonly leaseUntil: number;
  readonly payloadHash: string | undefined;
  readonly toleranceMs: number;
  readonly ttlSeconds: number;
}

/** The record of a claim. */
export function claimed(terms: ClaimTerms): InProgressRecord {
  return {
    id: terms.id,
    status: "IN_PROGRESS",
    owner: terms.owner,
    fence: terms.fence,
    attempts: terms.attempts,
    leaseUntil: terms.leaseUntil,
    expiresAt: inProgressExpiry(terms.leaseUntil, terms.toleranceMs, terms.ttlSeconds),
    ...(terms.payloadHash === undefined ? {} : { payloadHash: terms.payloadHash }),
    createdAt: terms.createdAt,
  };
}

/** My claim, with its outcome. */
export function completed(
  mine: InProgressRecord,
  result: CompletedRecord["result"],
  now: number,
  ttlSeconds: number,
): CompletedRecord {
  return { ...mine, status: "COMPLETED", result, completedAt: now, expiresAt: settledExpiry(now, ttlSeconds) };
}

/** My claim, given up: the next one may try at once. */
export function released(
  mine: InProgressRecord,
  errorName: string | undefined,
  now: number,
  ttlSeconds: number,
): ReleasedRecord {
  return {
    ...mine,
    status: "RELEASED",
    expiresAt: settledExpiry(now, ttlSeconds),
    ...(errorName === undefined ? {} : { errorName }),
  };
}

/** An attempt that failed, or died, and was the last there may be. What was seen keeps its owner and fence. */
export function parked(
  seen: StoredRecord,
  errorName: string | undefined,
  now: number,
  ttlSeconds: number,
): FailedRecord {
  const { id, owner, fence, attempts, leaseUntil, payloadHash, createdAt } = seen;
  return {
    id,
    status: "FAILED",
    owner,
    fence,
    attempts,
    leaseUntil,
    expiresAt: settledExpiry(now, ttlSeconds),
    ...(payloadHash === undefined ? {} : { payloadHash }),
    createdAt,
    ...(errorName === undefined ? {} : { errorName }),
  };
}
