/**
 * How an attempt that ran ends: its outcome is stored, or its claim is given up. Nothing here can lose what the handler
 * did or change what another attempt stored.
 *
 * Upholds G2, G4, G11 (storing is tried again within the time left; success is never released), G13 (what cannot be
 * stored is completed with a marker) and G16.
 */
import { decodeOutcome, encodeOutcome, encodeUnstorable, type Outcome } from "../core/codec.ts";
import { settledExpiry } from "../core/lease.ts";
import type { CompletedRecord, FailedRecord, InProgressRecord, ReleasedRecord, ResultData } from "../core/record.ts";
import { nameOfError, said } from "../core/said.ts";
import { completed, decideSettled, freeFrom, parked, released, type SettleDecision } from "../core/transitions.ts";
import {
  type IdempotencyError,
  isIdempotencyError,
  isResultNotStorableError,
  isStoreUnavailableError,
  OwnershipLostError,
  ResultNotStorableError,
  StoreUnavailableError,
} from "../errors.ts";
import { warn } from "../events.ts";
import type { Recalled } from "./cache.ts";
import { answerBy, ask, type Call, type Ending, type Policy, refused, shown, subjectOf, withoutCall } from "./call.ts";
import { place, textOf, writeBody } from "./results.ts";
import { ending } from "./run.ts";
import { type Runtime, sleep } from "./runtime.ts";

/** A write that fails is sent again after pauses that double from this, each up to a half longer. */
const FIRST_RETRY_MS = 50;
const MAX_TRIES = 6;

/** Kept free before the deadline, to give the caller the result in. */
const RETURN_RESERVE_MS = 200;
/** How long storing may take where the deadline is not known, or has passed without being enforced. */
const LONGEST_SETTLING_MS = 10_000;

export interface Settled {
  readonly ending: Ending;
  /** The outcome, if it is in the store. */
  readonly stored: Recalled | undefined;
}

interface Settling {
  readonly runtime: Runtime;
  readonly policy: Policy;
  readonly call: Call;
  readonly mine: InProgressRecord;
  readonly outcome: Outcome;
  readonly giveUpAt: number;
}

export async function settle(
  runtime: Runtime,
  policy: Policy,
  call: Call,
  mine: InProgressRecord,
  outcome: Outcome,
): Promise<Settled> {
  const now = runtime.clock.now();
  const enforced = call.deadline !== undefined && call.deadline > now ? call.deadline : undefined;
  const giveUpAt = answerBy(now, enforced, RETURN_RESERVE_MS) ?? now + LONGEST_SETTLING_MS;
  const s: Settling = { runtime, policy, call, mine, outcome, giveUpAt };
  return asked(policy, outcome) ? await complete(s) : await release(s);
}

/** `shouldStore`'s word. Where it has none, success is kept and failure is not. */
function asked(policy: Policy, outcome: Outcome): boolean {
  try {
    const answer: unknown = policy.shouldStore(outcome);
    if (typeof answer === "boolean") return answer;
    warn(`\`shouldStore\` must give a boolean, not ${answer instanceof Promise ? "a promise" : typeof answer}`);
    if (answer instanceof Promise) answer.catch(() => {});
  } catch (error) {
    warn("`shouldStore` threw", error);
  }
  return outcome.ok;
}

async function complete(s: Settling): Promise<Settled> {
  const { runtime, policy } = s;
  const encoded = encodeOutcome(s.outcome, policy.types);
  if (!encoded.ok) return await completeUnstorable(s, encoded.reason);
  const placed = await place(runtime, encoded.text);
  if (placed.kind === "unstorable") return await completeUnstorable(s, placed.reason);
  const result = placed.kind === "inline" ? success(placed.result) : await commitBody(s, placed.data);
  if (!result.ok) return await completeUnstorable(s, withoutCall(result.error, s.call), result.error);
  // Not after `giveUpAt`, whatever the time is: a body outlives a record that was completed by then.
  const record = completed(s.mine, result.value, Math.min(runtime.clock.now(), s.giveUpAt), policy.ttlSeconds);
  const write = await commit(s, record);
  if (write.kind === "failed" && isResultNotStorableError(write.error))
    return await completeUnstorable(s, write.error.message);
  if (write.kind === "done") {
    policy.emit({ type: "completed", ...attemptOf(s) });
    return { ending: ending(s.outcome), stored: { record, text: encoded.text } };
  }
  return await notMine(s, write);
}

/** In half of the time left: where a body cannot be written, the record has to say so (G13). */
function commitBody(s: Settling, data: ResultData): Promise<Tried<CompletedRecord["result"]>> {
  const { runtime, policy, call, mine } = s;
  const now = runtime.clock.now();
  const recordExpiresAt = settledExpiry(s.giveUpAt, policy.ttlSeconds);
  const giveUpAt = now + (s.giveUpAt - now) / 2;
  const terms = { data, recordExpiresAt, toleranceMs: policy.clockToleranceMs };
  return tryUntil(runtime, giveUpAt, () => writeBody(runtime, call, mine, terms, giveUpAt));
}

/** The first caller gets the outcome; the record says that it cannot be replayed, so that nobody runs it again. */
async function completeUnstorable(s: Settling, reason: string, cause?: unknown): Promise<Settled> {
  const { runtime, policy } = s;
  const error = notStorable(s.call, reason, cause);
  policy.emit({ type: "completionFailed", ...attemptOf(s), error });
  const text = encodeUnstorable(reason);
  const record = completed(s.mine, text, runtime.clock.now(), policy.ttlSeconds);
  const write = await commit(s, record);
  return write.kind === "done" ? { ending: ending(s.outcome), stored: { record, text } } : await notMine(s, write);
}

function notStorable(call: Call, reason: string, cause?: unknown): ResultNotStorableError {
  return new ResultNotStorableError(
    `The handler's outcome could not be stored, so it cannot be replayed: ${reason}. It is not run again (${shown(call)}).`,
    { operation: call.operation, key: call.key, cause },
  );
}

async function release(s: Settling): Promise<Settled> {
  const { runtime, policy, mine } = s;
  const last = !s.outcome.ok && policy.maxAttempts !== undefined && mine.attempts >= policy.maxAttempts;
  const next = (last ? parked : released)(
    mine,
    s.outcome.ok ? undefined : nameOfError(s.outcome.error),
    runtime.clock.now(),
    policy.ttlSeconds,
  );
  const write = await commit(s, next);
  if (write.kind === "done") policy.emit({ type: last ? "parked" : "released", ...attemptOf(s) });
  else if (write.kind === "failed") policy.emit({ type: "completionFailed", ...attemptOf(s), error: write.error });
  else policy.emit({ type: "ownershipLost", ...attemptOf(s) });
  const own = ending(s.outcome);
  const isParked = last && write.kind === "done" && own.kind === "threw";
  return { ending: isParked ? { kind: "parked", error: own.error } : own, stored: undefined };
}

type Write = SettleDecision | { readonly kind: "failed"; readonly error: IdempotencyError };

/** The record's write. Each try carries the same version. */
async function commit(s: Settling, next: CompletedRecord | ReleasedRecord | FailedRecord): Promise<Write> {
  const { runtime, call, mine } = s;
  const swap = () => ask(runtime, call, s.giveUpAt, () => runtime.store.swap(mine, next));
  const answer = await tryUntil(runtime, s.giveUpAt, swap);
  if (!answer.ok) return { kind: "failed", error: answer.error };
  return answer.value.ok ? { kind: "done" } : decideSettled(answer.value.seen, mine, next);
}

type Tried<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: IdempotencyError };

function success<T>(value: T): Tried<T> {
  return { ok: true, value };
}

/** A write, sent again while it fails and there is time (G11). */
async function tryUntil<T>(runtime: Runtime, giveUpAt: number, write: () => Promise<T>): Promise<Tried<T>> {
  for (let nth = 1; ; nth++) {
    try {
      return success(await write());
    } catch (error) {
      if (isResultNotStorableError(error)) return { ok: false, error };
      if (!isStoreUnavailableError(error)) throw error;
      const pause = FIRST_RETRY_MS * 2 ** (nth - 1) * (1 + runtime.random() / 2);
      if (!error.transient || nth >= MAX_TRIES || runtime.clock.now() + pause >= giveUpAt) return { ok: false, error };
      await sleep(runtime.clock, pause);
    }
  }
}

/** The outcome of a handler that ran, when the store holds something else than that. */
async function notMine(s: Settling, write: Exclude<Write, { kind: "done" }>): Promise<Settled> {
  const { policy, call, outcome } = s;
  if (write.kind === "failed" || write.kind === "gone") {
    const error = write.kind === "failed" ? write.error : gone(call);
    policy.emit({ type: "completionFailed", ...attemptOf(s), error });
    const tell = outcome.ok && policy.whenCompletionFails === "throw";
    return { ending: tell ? refused(error) : ending(s.outcome), stored: undefined };
  }
  policy.emit({ type: "ownershipLost", ...attemptOf(s) });
  if (!outcome.ok) return { ending: ending(s.outcome), stored: undefined };
  if (write.kind === "superseded") return await superseded(s, write.record);
  const freeAt = write.record.status === "IN_PROGRESS" ? freeFrom(write.record, policy.clockToleranceMs) : 0;
  return { ending: refused(lost(s, "has taken the key over", freeAt)), stored: undefined };
}

/** What cannot be read now is asked for again: an error of the store would say that nothing ran. */
async function superseded(s: Settling, record: CompletedRecord): Promise<Settled> {
  const recalled = await recall(s.runtime, s.policy, s.call, record, s.giveUpAt);
  const unread = recalled.ending.kind === "refused" && isStoreUnavailableError(recalled.ending.error);
  return unread ? { ending: refused(lost(s, "has completed", 0)), stored: undefined } : recalled;
}

function lost({ runtime, call }: Settling, what: string, freeAt: number): OwnershipLostError {
  const message = `The handler ended after its lease, and another attempt ${what}: ask again for its outcome (${shown(call)}).`;
  return new OwnershipLostError(message, Math.max(1, freeAt - runtime.clock.now()), call);
}

function gone(call: Call): StoreUnavailableError {
  return new StoreUnavailableError(
    `The outcome could not be stored: the record was deleted while the handler ran (${shown(call)}).`,
    call,
  );
}

/** The stored outcome of a record that was met. Where its text cannot be had, nothing is run: there is an outcome. */
export async function recall(
  runtime: Runtime,
  policy: Policy,
  call: Call,
  record: CompletedRecord,
  giveUpAt: number | undefined,
): Promise<Settled> {
  try {
    const text = await textOf(runtime, call, record.result, giveUpAt);
    return { ending: replayed(policy, call, text), stored: { record, text } };
  } catch (error) {
    if (!isIdempotencyError(error)) throw error;
    return { ending: refused(error), stored: undefined };
  }
}

/** A stored outcome as the ending of a call. Each call gets objects of its own (G6). */
export function replayed(policy: Policy, call: Call, text: string): Ending {
  const decoded = decode(policy, call, text);
  if ("unstorable" in decoded) return refused(notStorable(call, decoded.unstorable));
  if (decoded.ok) return { kind: "returned", value: decoded.value, replayed: true };
  return { kind: "threw", error: decoded.error, replayed: true };
}

function decode(policy: Policy, call: Call, text: string): ReturnType<typeof decodeOutcome> {
  try {
    return decodeOutcome(text, policy.types);
  } catch (error) {
    return { unstorable: `the stored outcome cannot be read: ${said(error)} (${call.id})` };
  }
}

function attemptOf(s: Settling): { operation: string; id: string; key: string; attempt: number; fence: number } {
  return { ...subjectOf(s.call), attempt: s.mine.attempts, fence: s.mine.fence };
}
