/**
 * How a call comes to own its key, or learns why it does not: insert, and where that is refused, what `decideClaim` says
 * of the record that is there. The handler is not touched here.
 *
 * Upholds G1 (each claim is one conditional write), G3, G9 (a claim whose answer came after its own lease does not
 * run), G10 (an unknown outcome is no claim) and G25 (a waiter ends before its own deadline).
 */
import { leaseEnd } from "../core/lease.ts";
import type { CompletedRecord, InProgressRecord, StoredRecord } from "../core/record.ts";
import { type ClaimDecision, claimed, decideClaim, freeFrom, parked } from "../core/transitions.ts";
import {
  AttemptsExhaustedError,
  type IdempotencyError,
  InProgressError,
  isStoreUnavailableError,
  PayloadMismatchError,
} from "../errors.ts";
import type { Recalled } from "./cache.ts";
import { ANSWER_RESERVE_MS, answerBy, ask, type Call, type Policy, shown, subjectOf } from "./call.ts";
import { before, type Runtime, sleep } from "./runtime.ts";

export type Acquired =
  | { readonly kind: "claimed"; readonly record: InProgressRecord }
  | { readonly kind: "replay"; readonly record: CompletedRecord }
  | { readonly kind: "refused" | "parked"; readonly error: IdempotencyError }
  /** The store is not to be had, and no running attempt was seen. */
  | { readonly kind: "storeUnavailable"; readonly error: IdempotencyError };

/** Pauses between two looks at a running attempt grow from the first to the second, each up to a half longer. */
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 1_000;

/** Each round that is lost was won by another call; so many in a row without one of them running is not contention. */
const MAX_LOST_ROUNDS = 20;

interface Acquiring {
  readonly runtime: Runtime;
  readonly policy: Policy;
  readonly call: Call;
  /** One token for this call: every claim it sends is recognised as its own (G3). */
  readonly owner: string;
  readonly giveUpAt: number | undefined;
}

export async function acquire(runtime: Runtime, policy: Policy, call: Call, waitUntil: number): Promise<Acquired> {
  const giveUpAt = answerBy(runtime.clock.now(), call.deadline, ANSWER_RESERVE_MS);
  const a: Acquiring = { runtime, policy, call, owner: runtime.uuid(), giveUpAt };
  let busy: { freeAt: number } | undefined;
  try {
    let seen: StoredRecord | undefined;
    if (call.readFirst) seen = await ask(runtime, call, giveUpAt, () => runtime.store.read(call.id));
    let pauses = 0;
    for (let lost = 0; lost < MAX_LOST_ROUNDS; ) {
      const attempt = await (seen === undefined ? insert(a) : claimOver(a, seen));
      if (attempt.kind === "claimed") {
        const late = runtime.clock.now() > attempt.record.leaseUntil;
        if (late) return inProgress(a, freeFrom(attempt.record, policy.clockToleranceMs));
        policy.emit({
          type: attempt.type,
          ...subjectOf(call),
          attempt: attempt.record.attempts,
          fence: attempt.record.fence,
        });
        return { kind: "claimed", record: attempt.record };
      }
      if (attempt.kind === "lost") {
        seen = attempt.seen;
        lost++;
        continue;
      }
      const decision = attempt.decision;
      if (decision.kind === "replay") return decision;
      if (decision.kind === "mismatch") return { kind: "refused", error: mismatch(policy, call) };
      if (decision.kind === "exhausted") return exhausted(a);
      busy = decision;
      const now = runtime.clock.now();
      if (now >= waitUntil) break;
      await sleep(runtime.clock, Math.min(pause(runtime, pauses++), waitUntil - now, decision.freeAt - now));
      seen = await ask(runtime, call, giveUpAt, () => runtime.store.read(call.id));
      lost = 0;
    }
    return inProgress(a, busy?.freeAt ?? runtime.clock.now());
  } catch (error) {
    if (busy !== undefined) return inProgress(a, busy.freeAt);
    if (isStoreUnavailableError(error)) return { kind: error.occupied ? "refused" : "storeUnavailable", error };
    throw error;
  }
}

type Attempt =
  | { readonly kind: "claimed"; readonly type: "claimed" | "takenOver"; readonly record: InProgressRecord }
  /** Another call was faster; this is what stands there now. */
  | { readonly kind: "lost"; readonly seen: StoredRecord | undefined }
  | { readonly kind: "decided"; readonly decision: Decided };

type Decided = Exclude<ClaimDecision, { kind: "mine" | "claimable" }>;

async function insert(a: Acquiring): Promise<Attempt> {
  const { runtime, call } = a;
  const record = claim(a, { attempts: 1, createdAt: runtime.clock.now() }, undefined);
  const answer = await ask(runtime, call, a.giveUpAt, () => runtime.store.insert(record));
  return answer.ok ? { kind: "claimed", type: "claimed", record } : { kind: "lost", seen: answer.seen };
}

async function claimOver(a: Acquiring, seen: StoredRecord): Promise<Attempt> {
  const { runtime, policy, call } = a;
  const me = {
    owner: a.owner,
    payloadHash: call.payloadHash,
    now: runtime.clock.now(),
    toleranceMs: policy.clockToleranceMs,
    maxAttempts: policy.maxAttempts,
  };
  const decision = decideClaim(seen, me);
  if (decision.kind === "mine") return { kind: "claimed", type: "claimed", record: decision.record };
  if (decision.kind === "exhausted" && !decision.parked) return await park(a, seen, decision);
  if (decision.kind !== "claimable") return { kind: "decided", decision };
  const type = decision.takeover ? "takenOver" : "claimed";
  const record = claim(a, decision, seen.fence);
  const answer = await ask(runtime, call, a.giveUpAt, () => runtime.store.swap(seen, record));
  if (answer.ok) return { kind: "claimed", type, record };
  const now = answer.seen;
  if (now?.status === "IN_PROGRESS" && now.owner === a.owner) return { kind: "claimed", type, record: now };
  return { kind: "lost", seen: now };
}

function claim(
  a: Acquiring,
  terms: { attempts: number; createdAt: number },
  seenFence: number | undefined,
): InProgressRecord {
  const { runtime, policy, call } = a;
  const now = runtime.clock.now();
  return claimed({
    id: call.id,
    owner: a.owner,
    fence: runtime.shared.fences.next(call.id, now, seenFence),
    attempts: terms.attempts,
    createdAt: terms.createdAt,
    leaseUntil: leaseEnd(now, call.deadline, policy.leaseMs),
    payloadHash: call.payloadHash,
    toleranceMs: policy.clockToleranceMs,
    ttlSeconds: policy.ttlSeconds,
  });
}

/** Writes down that an attempt which died, or was released under another limit, was the last. */
async function park(a: Acquiring, seen: StoredRecord, decision: Decided): Promise<Attempt> {
  const { runtime, policy, call } = a;
  const errorName = "errorName" in seen ? seen.errorName : undefined;
  const record = parked(seen, errorName, runtime.clock.now(), policy.ttlSeconds);
  const answer = await ask(runtime, call, a.giveUpAt, () => runtime.store.swap(seen, record));
  if (!answer.ok) return { kind: "lost", seen: answer.seen };
  policy.emit({ type: "parked", ...subjectOf(call), attempt: seen.attempts, fence: seen.fence });
  return { kind: "decided", decision };
}

function pause(runtime: Runtime, nth: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** nth, LONGEST_PAUSE_MS) * (1 + runtime.random() / 2);
}

function exhausted(a: Acquiring): Acquired {
  const message = `The work failed as often as \`maxAttempts\` allows and is parked (${shown(a.call)}).`;
  return { kind: "parked", error: new AttemptsExhaustedError(message, a.call) };
}

export function mismatch(policy: Policy, call: Call): PayloadMismatchError {
  policy.emit({ type: "mismatch", ...subjectOf(call) });
  const message = `This idempotency key was used before with another payload: use a new key for a new request (${shown(call)}).`;
  return new PayloadMismatchError(message, call);
}

function inProgress(a: Acquiring, freeAt: number): Acquired {
  const retryAfterMs = Math.max(1, freeAt - a.runtime.clock.now());
  a.policy.emit({ type: "rejected", ...subjectOf(a.call), retryAfterMs });
  const message = `The first call with this idempotency key is still running: ask again later (${shown(a.call)}).`;
  return { kind: "refused", error: new InProgressError(message, retryAfterMs, a.call) };
}

/**
 * Single flight: while another call of this process has the same key, waits for it instead of asking the store. Gives
 * what it stored, or `undefined` when it stored nothing or took too long.
 */
export async function joinFlight(runtime: Runtime, call: Call, waitUntil: number): Promise<Recalled | undefined> {
  for (;;) {
    const flight = runtime.shared.flights.get(call.id);
    if (flight === undefined || flight.payloadHash !== call.payloadHash) return undefined;
    const landed = await before(runtime.clock, waitUntil, flight.stored);
    if (!landed.inTime) return undefined;
    if (landed.value !== undefined) return landed.value;
  }
}
