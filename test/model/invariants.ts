/**
 * The guarantees, put as rules on what an outside observer may see happen next. Each broken rule is a sentence that
 * begins with its G-number; `undefined` means that all is well.
 *
 * Written from guarantees.md and api.md, not from the code: the numbers are those of the contract, and whatever the code
 * claims of itself (fences, leases, attempts, events) is held against the ghost.
 */
import { aloneUntil, callOf, type Ghost, isExpired, keysOf, knownRemaining } from "./ghost.ts";
import { at } from "./host.ts";
import { judgeEnding } from "./invariants-endings.ts";
import { judgeEvent } from "./invariants-events.ts";
import { judgeWrite } from "./invariants-writes.ts";
import type { LogEvent } from "./log.ts";
import type { Scenario } from "./scenario.ts";

/** `now`: the true time. */
export function judge(scenario: Scenario, ghost: Ghost, event: LogEvent, now: number): string | undefined {
  switch (event.kind) {
    case "wrote":
      return judgeWrite(scenario, ghost, event, now);
    case "ran":
      return judgeRun(scenario, ghost, event, now);
    case "said":
      return judgeEvent(scenario, ghost, event.call, event.event, event.localNow);
    case "ended":
      return judgeEnding(scenario, ghost, event, now);
    case "body":
      return judgeBodyRequest(scenario, ghost, event);
    case "deleted":
      return judgeDeletion(scenario, ghost, event, now);
    case "moved":
      return judgeTime(scenario, ghost, event.punctual, now);
    default:
      return undefined;
  }
}

type Ran = LogEvent & { kind: "ran" };

function judgeRun(scenario: Scenario, ghost: Ghost, { call, terms, localNow }: Ran, now: number): string | undefined {
  const me = at(ghost.calls, call);
  const plan = at(scenario.calls, call);
  const name = plan.name;
  if (me.runs > 0) return `G17: the handler of call ${name} runs a second time`;

  // keyFor: one key for one step of one record, whatever the attempt; another for another step or another record.
  for (const [i, key] of ghost.keys.entries()) {
    if (key.stepKey === "") continue;
    const same = keyNumber(scenario, call) === i;
    if (same !== (key.stepKey === terms.stepKey))
      return `G22: keyFor gives call ${name} a key that is not its record's own`;
  }
  if (terms.stepKey === terms.otherStepKey) return "G22: keyFor gives one key for two steps";

  if (!terms.protected) {
    if (plan.storeDown !== "run") return `G10: call ${name} runs without protection, and nobody asked for that`;
    if (me.known) return `G10: call ${name} holds the key and runs as if it had none`;
    if (me.last.kind === "answered") return `G10: call ${name} runs without protection although the store answers`;
    const live = me.seen?.status === "IN_PROGRESS" && localNow <= me.seen.leaseUntil + scenario.toleranceMs;
    if (live) return `G10: call ${name} runs beside an attempt that it saw running`;
    return undefined;
  }

  // No effect without a claim that the store applied and that the call knows of: acknowledged, or recognised as its own.
  if (me.claim === undefined) return `G10: call ${name} runs without a claim in the store`;
  if (!me.known) return `G10: call ${name} runs although no answer said that its claim was applied`;
  if (terms.fence !== me.claim.fence || terms.attempt !== me.claim.attempts)
    return `G1: the handler of call ${name} is told fence ${terms.fence} and attempt ${terms.attempt}, the store holds ${me.claim.fence} and ${me.claim.attempts}`;
  if (terms.leaseUntil !== me.claim.leaseUntil)
    return `G9: the handler of call ${name} is told another lease than it has`;

  // Two runs overlap never, unless the time that the earlier was promised to be alone is over while it is not done. None
  // begins on a claim that was taken over in the meantime.
  for (const [i, other] of ghost.calls.entries()) {
    const rival = at(scenario.calls, i);
    if (i === call || rival.key !== plan.key || other.runs === 0 || other.unprotected) continue;
    if (other.outcome !== undefined || other.stored !== undefined) continue;
    if (now <= aloneUntil(scenario, ghost, i))
      return `G9: the handler of call ${name} runs while that of call ${rival.name} may still be running`;
  }
  if (me.overtaken) return `G9: the handler of call ${name} begins after another call has taken the key over`;
  return undefined;
}

/** A body is asked for by one that was shown an outcome which has not expired. What takes long then is no matter. */
function judgeBodyRequest(
  scenario: Scenario,
  ghost: Ghost,
  { call, request, fares, localNow }: LogEvent & { kind: "body" },
): string | undefined {
  if (request.verb === "putBody" || fares !== "sent") return undefined;
  const { last, runs } = at(ghost.calls, call);
  const { name } = at(scenario.calls, call);
  const seen = last.kind === "answered" ? last.seen : undefined;
  if (seen?.status !== "COMPLETED") return `G6: call ${name} asks for a body that no record showed it`;
  return runs === 0 && isExpired(seen, localNow) ? `G5: call ${name} asks for an outcome that has expired` : undefined;
}

function judgeDeletion(
  scenario: Scenario,
  ghost: Ghost,
  { record }: LogEvent & { kind: "deleted" },
  now: number,
): string | undefined {
  if (record.status !== "IN_PROGRESS") return undefined;
  const holder = callOf(scenario, record.owner);
  if (now > aloneUntil(scenario, ghost, holder)) return undefined;
  return `G14: TTL deletes the record of call ${at(scenario.calls, holder).name}, which may still be running`;
}

/** A call that has not claimed, and whose host was never paused, has ended before its deadline. */
function judgeTime(scenario: Scenario, ghost: Ghost, punctual: readonly number[], now: number): string | undefined {
  for (const call of punctual) {
    const plan = at(scenario.calls, call);
    const me = at(ghost.calls, call);
    const remaining = knownRemaining(plan);
    if (me.phase !== "live" || me.runs > 0 || remaining === undefined) continue;
    if (now >= me.startedAt + remaining) return `G25: call ${plan.name} still waits at its deadline`;
  }
  return undefined;
}

function keyNumber(scenario: Scenario, call: number): number {
  return keysOf(scenario).indexOf(at(scenario.calls, call).key);
}
