/**
 * How an attempt that ran ends: its outcome is stored, or its claim is given up. Nothing here can lose what the handler
 * did or change what another attempt stored.
 *
 * Upholds G2, G4, G11 (storing is tried again within the time left; success is never released), G13 (what cannot be
 * stored is completed with a marker) and G16.
 */
import { decodeOutcome, type Encoded, encodeOutcome, encodeUnstorable, type Outcome } from "../core/codec.ts";
import type { CompletedRecord, FailedRecord, InProgressRecord, ReleasedRecord } from "../core/record.ts";
import { nameOfError, said } from "../core/said.ts";
import { completed, decideSettled, freeFrom, parked, released, type SettleDecision } from "../core/transitions.ts";
import {
  type IdempotencyError,
  isResultNotStorableError,
  isStoreUnavailableError,
  OwnershipLostError,
  ResultNotStorableError,
  StoreUnavailableError,
} from "../errors.ts";
import { warn } from "../events.ts";
import { answerBy, ask, type Call, type Ending, type Policy, refused, shown, subjectOf } from "./call.ts";
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
  /** The outcome's text, if it is in the store. */
  readonly stored: string | undefined;
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
  const encoded = fitting(encodeOutcome(s.outcome, policy.types), runtime.store.maxResultBytes);
  if (!encoded.ok) return await completeUnstorable(s, encoded.reason);
  const write = await commit(s, completed(s.mine, encoded.text, runtime.clock.now(), policy.ttlSeconds));
  if (write.kind === "failed" && isResultNotStorableError(write.error))
    return await completeUnstorable(s, write.error.message);
  if (write.kind === "done") {
    policy.emit({ type: "completed", ...attemptOf(s) });
    return { ending: ending(s.outcome), stored: encoded.text };
  }
  return notMine(s, write);
}

function fitting(encoded: Encoded, maxBytes: number): Encoded {
  if (!encoded.ok) return encoded;
  const bytes = Buffer.byteLength(encoded.text);
  return bytes <= maxBytes ? encoded : { ok: false, reason: `it is ${bytes} bytes, and the store holds ${maxBytes}` };
}

/** The first caller gets the outcome; the record says that it cannot be replayed, so that nobody runs it again. */
async function completeUnstorable(s: Settling, reason: string): Promise<Settled> {
  const { runtime, policy } = s;
  const error = notStorable(s.call, reason);
  policy.emit({ type: "completionFailed", ...attemptOf(s), error });
  const text = encodeUnstorable(reason);
  const write = await commit(s, completed(s.mine, text, runtime.clock.now(), policy.ttlSeconds));
  return write.kind === "done" ? { ending: ending(s.outcome), stored: text } : notMine(s, write);
}

function notStorable(call: Call, reason: string): ResultNotStorableError {
  return new ResultNotStorableError(
    `The handler's outcome could not be stored, so it cannot be replayed: ${reason}. It is not run again (${shown(call)}).`,
    call,
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

/** One write, sent again while it fails and there is time (G11). Each try carries the same version. */
async function commit(s: Settling, next: CompletedRecord | ReleasedRecord | FailedRecord): Promise<Write> {
  const { runtime, call, mine } = s;
  for (let nth = 1; ; nth++) {
    try {
      const answer = await ask(runtime, call, s.giveUpAt, () => runtime.store.swap(mine, next));
      return answer.ok ? { kind: "done" } : decideSettled(answer.seen, mine, next);
    } catch (error) {
      if (isResultNotStorableError(error)) return { kind: "failed", error };
      if (!isStoreUnavailableError(error)) throw error;
      const pause = FIRST_RETRY_MS * 2 ** (nth - 1) * (1 + runtime.random() / 2);
      if (!error.transient || nth >= MAX_TRIES || runtime.clock.now() + pause >= s.giveUpAt)
        return { kind: "failed", error };
      await sleep(runtime.clock, pause);
    }
  }
}

/** The outcome of a handler that ran, when the store holds something else than that. */
function notMine(s: Settling, write: Exclude<Write, { kind: "done" }>): Settled {
  const { policy, call, outcome } = s;
  if (write.kind === "failed" || write.kind === "gone") {
    const error = write.kind === "failed" ? write.error : gone(call);
    policy.emit({ type: "completionFailed", ...attemptOf(s), error });
    const tell = outcome.ok && policy.whenCompletionFails === "throw";
    return { ending: tell ? refused(error) : ending(s.outcome), stored: undefined };
  }
  policy.emit({ type: "ownershipLost", ...attemptOf(s) });
  if (!outcome.ok) return { ending: ending(s.outcome), stored: undefined };
  if (write.kind === "superseded")
    return { ending: replayed(s.policy, call, write.record.result), stored: write.record.result };
  const freeAt = write.record.status === "IN_PROGRESS" ? freeFrom(write.record, policy.clockToleranceMs) : 0;
  const message = `The handler ended after its lease, and another attempt has taken the key over: ask again for its outcome (${shown(call)}).`;
  return {
    ending: refused(new OwnershipLostError(message, Math.max(1, freeAt - s.runtime.clock.now()), call)),
    stored: undefined,
  };
}

function gone(call: Call): StoreUnavailableError {
  return new StoreUnavailableError(
    `The outcome could not be stored: the record was deleted while the handler ran (${shown(call)}).`,
    call,
  );
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
