/** What a caller may get. G3, G4, G6, G7, G10, G11, G13, G16, G20, G25. */
import { type CallGhost, callOf, type Ghost, isExpired, keysOf, knownRemaining } from "./ghost.ts";
import { at, type SeenEnding } from "./host.ts";
import { isLate } from "./invariants-events.ts";
import { differ } from "./invariants-writes.ts";
import type { LogEvent } from "./log.ts";
import type { CallPlan, Scenario } from "./scenario.ts";

/** The call's side of its ending. */
interface Mine {
  readonly scenario: Scenario;
  readonly ghost: Ghost;
  readonly call: number;
  readonly plan: CallPlan;
  readonly me: CallGhost;
  readonly now: number;
  readonly localNow: number;
}

export function judgeEnding(
  scenario: Scenario,
  ghost: Ghost,
  { call, ending, localNow }: LogEvent & { kind: "ended" },
  now: number,
): string | undefined {
  const mine: Mine = {
    scenario,
    ghost,
    call,
    plan: at(scenario.calls, call),
    me: at(ghost.calls, call),
    now,
    localNow,
  };
  if (ending.kind === "broke") return `G16: call ${mine.plan.name} ends with an error nobody declared: ${ending.said}`;
  const late = ending.kind === "refused" && ending.name === "InProgressError" && isLate(mine.me, localNow);
  if (late && mine.me.known && mine.me.runs === 0) return undefined;
  if (mine.me.known && mine.me.runs === 0) return `G3: call ${mine.plan.name} holds the key and ends without running`;
  if (ending.kind === "refused") return judgeRefusal(mine, ending);
  if (ending.kind === "parked") return judgeParked(mine, ending);
  return (ending.replayed ? judgeReplay : judgeOwn)(mine, ending);
}

type Given = SeenEnding & { kind: "returned" | "threw" };

/** Success is to be stored always in this model, errors where the plan says so. */
function keeps({ plan, me }: Mine): boolean {
  return me.outcome !== "error" || (plan.keepsErrors === true && plan.shouldStoreThrows !== true);
}

function judgeOwn(mine: Mine, ending: Given): string | undefined {
  const { plan, me } = mine;
  const { name } = plan;
  if (me.runs === 0) return `G6: call ${name} gets an outcome that is not marked as a replay, and never ran`;
  if (!ending.own) return `G16: call ${name} gets something else than what its own handler gave`;
  if ((ending.kind === "threw") !== (me.outcome === "error")) return `G16: call ${name} gets its outcome the wrong way`;
  if (me.unprotected || me.settled) return undefined;
  if (me.outcome === "error" && !keeps(mine)) return undefined;
  const stored = me.last.kind === "answered" ? me.last.seen : undefined;
  if (me.outcome !== "error" && stored !== undefined)
    return `G2: call ${name} lost the key, and its caller gets an outcome that is not the stored one`;
  if (plan.completionFails === "throw" && me.outcome !== "error")
    return `G11: call ${name} returns although its outcome is not stored and the caller asked to be told`;
  if (me.last.kind === "answered" && me.last.ok)
    return `G11: call ${name} returns and never tried to store its outcome`;
  if (me.last.kind === "failed" && me.last.error === "tooLarge")
    return `G13: call ${name} leaves no marker for a result that the store found too large`;
  return judgePersistence(mine);
}

/** While there is time, storing is tried again: so few faults cannot use up all tries. */
function judgePersistence({ plan, me, now, ghost, call }: Mine): string | undefined {
  if (me.last.kind !== "failed" || me.last.error !== "unavailable") return undefined;
  const deadline = at(ghost.calls, call).startedAt + (knownRemaining(plan) ?? 0);
  const until = deadline > me.finishedAt ? deadline : me.finishedAt + 10_000;
  if (now + 1_000 >= until) return undefined;
  return `G11: call ${plan.name} gives up storing its outcome with ${until - now} ms left`;
}

function judgeReplay(mine: Mine, ending: Given): string | undefined {
  const { scenario, ghost, call, plan } = mine;
  const { name } = plan;
  const from = ending.whose;
  if (ending.own || from === call) return `G6: call ${name} gets its own outcome marked as a replay`;
  if (from < 0) return `G6: call ${name} gets an outcome that no handler gave`;
  const other = at(scenario.calls, from);
  const source = at(ghost.calls, from);
  if (other.key !== plan.key) return `G20: call ${name} gets the outcome of another key`;
  if (differ(other.payload, plan.payload)) return `G7: call ${name} gets the outcome of another payload`;
  if (source.stored !== "outcome") return `G6: call ${name} gets an outcome of call ${other.name} that is not stored`;
  if ((ending.kind === "threw") !== (source.outcome === "error")) return `G6: call ${name} gets a replay the wrong way`;
  return judgeSource(mine, from);
}

/** Where a replay may come from: the record that this call was shown last, or a call of its own host that it waited for. */
function judgeSource({ scenario, ghost, plan, me, localNow }: Mine, from: number): string | undefined {
  const { name } = plan;
  const seen = me.last.kind === "answered" ? me.last.seen : undefined;
  if (seen?.status === "COMPLETED" && callOf(scenario, seen.owner) === from) {
    if (me.runs === 0 && me.get === "none" && isExpired(seen, localNow))
      return `G5: call ${name} gets an outcome that has expired`;
    if (me.runs > 0 && !me.overtaken) return `G6: call ${name} ran and gets another outcome`;
    if (me.runs > 0 && me.outcome === "error") return `G16: call ${name} threw, and its caller is given something else`;
    return undefined;
  }
  if (me.runs > 0 || me.last.kind !== "none") return `G6: call ${name} gets an outcome that the store did not show it`;
  if (plan.waitMs === undefined) return `G6: call ${name} did not wait and gets an outcome without asking the store`;
  const key = at(ghost.keys, keysOf(scenario).indexOf(plan.key));
  return key.lastStored === from ? undefined : `G6: call ${name} gets an outcome that is not the stored one`;
}

/** Its own error, if its own attempt was the last; else that there were as many attempts as there may be. */
function judgeParked({ plan, me }: Mine, ending: SeenEnding & { kind: "parked" }): string | undefined {
  const { name } = plan;
  if (me.runs > 0) {
    if (!ending.own || me.outcome !== "error")
      return `G16: call ${name} gets something else than its handler's own error`;
    return me.settled && (me.stored === "parked" || me.overtaken)
      ? undefined
      : `G4: call ${name} is told that it is parked, and it is not`;
  }
  if (ending.name !== "AttemptsExhaustedError") return `G16: call ${name} is parked with ${ending.name}`;
  const parked = me.last.kind === "answered" && (me.last.ok || me.last.seen?.status === "FAILED");
  return parked ? undefined : `maxAttempts: call ${name} is told that the work is parked, and it is not`;
}

type Refusal = SeenEnding & { kind: "refused" };

function judgeRefusal(mine: Mine, { name: error, retryAfterMs }: Refusal): string | undefined {
  const { plan, me } = mine;
  const { name } = plan;
  if (me.outcome === "error") return `G16: the handler of call ${name} threw, and its caller gets ${error}`;
  if (retryAfterMs !== undefined && !(retryAfterMs >= 1 && Number.isFinite(retryAfterMs)))
    return `G25: call ${name} is told to come back after ${retryAfterMs} ms`;
  switch (error) {
    case "InProgressError":
      return judgeInProgress(mine);
    case "PayloadMismatchError":
      return judgeMismatch(mine);
    case "ResultNotStorableError":
      return judgeMarker(mine);
    case "OwnershipLostError":
      return judgeLost(mine);
    case "StoreUnavailableError":
      return judgeUnavailable(mine);
    default:
      return `G16: call ${name} is refused with ${error}, which is not for this`;
  }
}

function judgeInProgress({ scenario, plan, me, now, call, ghost }: Mine): string | undefined {
  const { name } = plan;
  if (me.runs > 0) return `G11: call ${name} ran, and is told that another one runs`;
  const shown = me.last.kind === "answered" ? me.last.seen : undefined;
  if (!me.sawBusy || (me.last.kind === "answered" && shown?.status !== "IN_PROGRESS"))
    return `G25: call ${name} is told that another one runs, and saw none`;
  if (shown !== undefined && callOf(scenario, shown.owner) === call)
    return `G3: call ${name} takes its own claim for another's`;
  if (differ(shown?.payloadHash, plan.payload)) return `G7: call ${name} has another payload and is not told so`;
  if (plan.waitMs === undefined || me.erred) return undefined;

  // One that waits does so for as long as it was asked to, or until half a second before its deadline; half of what is
  // left where that is less.
  const { startedAt } = at(ghost.calls, call);
  const remaining = knownRemaining(plan);
  const until =
    startedAt + Math.min(plan.waitMs, remaining === undefined ? Infinity : remaining - Math.min(500, remaining / 2));
  if (me.last.kind === "unanswered" || now >= until) return undefined;
  return `G25: call ${name} gives up ${until - now} ms before it has to`;
}

function judgeMismatch({ plan, me, localNow }: Mine): string | undefined {
  const { name } = plan;
  if (me.runs > 0) return `G11: call ${name} ran, and is told of another payload`;
  const { seen } = me;
  if (
    seen === undefined ||
    seen.status === "RELEASED" ||
    seen.status === "FAILED" ||
    !differ(seen.payloadHash, plan.payload)
  )
    return `G7: call ${name} is told of another payload, and there is none`;
  if (seen.status === "COMPLETED" && isExpired(seen, localNow))
    return `G7: call ${name} is refused by an expired record`;
  return undefined;
}

function judgeMarker({ scenario, ghost, call, plan, me }: Mine): string | undefined {
  const { name } = plan;
  const shown = me.last.kind === "answered" ? me.last.seen : undefined;
  const key = keysOf(scenario).indexOf(plan.key);
  const from = shown === undefined ? at(ghost.keys, key).lastStored : callOf(scenario, shown.owner);
  if (from === call) return `G13: call ${name} does not get its own result, since that cannot be stored`;
  if (from < 0 || at(ghost.calls, from).stored !== "marker")
    return `G13: call ${name} is refused a result that is stored`;
  if (differ(at(scenario.calls, from).payload, plan.payload))
    return `G7: call ${name} meets the outcome of another payload`;
  if (me.runs > 0 && !me.overtaken) return `G13: call ${name} ran and does not get its result`;
  return undefined;
}

/** It was shown an outcome whose body it asked for in vain. */
function cannotRead(me: CallGhost): boolean {
  const seen = me.last.kind === "answered" ? me.last.seen : undefined;
  return seen?.status === "COMPLETED" && (me.get === "failed" || me.get === "sent");
}

function judgeLost({ plan, me }: Mine): string | undefined {
  const { name } = plan;
  if (me.runs === 0) return `G2: call ${name} lost what it never had`;
  if (!me.overtaken && !me.deleted) return `G4: call ${name} is told that it lost the key, and nobody took it`;
  const seen = me.last.kind === "answered" ? me.last.seen : undefined;
  if (seen === undefined) return `G2: call ${name} is told that it lost the key, and no answer showed that`;
  if (seen.status === "COMPLETED" && !differ(seen.payloadHash, plan.payload) && !cannotRead(me))
    return `G6: call ${name} does not get the outcome that stands for it`;
  return undefined;
}

function judgeUnavailable(mine: Mine): string | undefined {
  const { plan, me } = mine;
  const { name } = plan;
  const answered = me.last.kind === "answered" || me.last.kind === "none";
  if (me.runs === 0) {
    if (cannotRead(me)) return undefined;
    if (answered) return `G10: call ${name} is told that the store is unavailable, and it answered`;
    if (plan.storeDown === "run" && me.seen?.status !== "IN_PROGRESS")
      return `G10: call ${name} asked to run all the same`;
    return undefined;
  }
  if (me.settled) return `G4: call ${name} is told that its outcome is not stored, and it is`;
  if (plan.completionFails !== "throw") return `G11: the caller of call ${name} asked for its result all the same`;
  if (answered && !(me.last.kind === "answered" && !me.last.ok && me.last.seen === undefined))
    return `G11: call ${name} is told that storing failed, and it did not`;
  return judgePersistence(mine);
}
