/** What the library tells about itself (`onEvent`) has to be true when it says so. G3, G4, G6, G7, G9, G11. */
import type { IdempotencyEvent } from "../../src/events.ts";
import type { CallGhost, Ghost } from "./ghost.ts";
import { at } from "./host.ts";
import { differ } from "./invariants-writes.ts";
import type { CallPlan, Scenario } from "./scenario.ts";

export function judgeEvent(
  scenario: Scenario,
  ghost: Ghost,
  call: number,
  event: IdempotencyEvent,
  localNow: number,
): string | undefined {
  const plan = at(scenario.calls, call);
  const me = at(ghost.calls, call);
  const said = `call ${plan.name} says \`${event.type}\``;
  if (event.id !== plan.key) return `G20: ${said} of another record`;
  const another = event.type === "parked" && me.claim === undefined;
  if ("fence" in event && !another && (event.fence !== me.claim?.fence || event.attempt !== me.claim.attempts))
    return `G1: ${said} with fence ${event.fence} and attempt ${event.attempt}, which its claim does not have`;
  const untrue = untrueOf(plan, me, event, localNow);
  return untrue === undefined ? undefined : `${untrue[0]}: ${said}, ${untrue[1]}`;
}

/** Its claim became known to it only after the lease of that claim: it does not hold the key any more (G9). */
export function isLate(me: CallGhost, localNow: number): boolean {
  return me.claim !== undefined && localNow > me.claim.leaseUntil;
}

function untrueOf(
  plan: CallPlan,
  me: CallGhost,
  event: IdempotencyEvent,
  localNow: number,
): readonly [string, string] | undefined {
  switch (event.type) {
    case "claimed":
    case "takenOver":
      if (!me.known || me.runs > 0) return ["G10", "but no answer gave it the key"];
      // Of a claim that it only recognised, a call need not know what it replaced.
      if (me.last.kind !== "answered" || !me.last.ok) return undefined;
      if ((event.type === "takenOver") !== (me.claim?.tookOver === true))
        return ["G9", "but it is the other of the two"];
      return undefined;
    case "completed":
      return me.settled && me.stored === "outcome"
        ? undefined
        : ["G4", "but no answer said that its outcome is stored"];
    case "released":
      return me.settled && me.stored === "release" ? undefined : ["G4", "but no answer said that it is released"];
    case "parked":
      if (me.runs === 0)
        return me.last.kind === "answered" && me.last.ok ? undefined : ["maxAttempts", "but it is not"];
      return me.settled && (me.stored === "parked" || me.overtaken)
        ? undefined
        : ["G4", "but no answer said that it is parked"];
    case "ownershipLost":
      return me.overtaken || me.deleted ? undefined : ["G4", "but nobody took the key from it"];
    case "completionFailed":
      if (me.outcome === "unstorable" || me.outcome === "tooLarge" || me.erred) return undefined;
      return me.deleted || me.overtaken || me.last.kind === "unanswered" || me.put === "sent"
        ? undefined
        : ["G11", "but nothing failed"];
    case "rejected":
      if (!(event.retryAfterMs >= 1)) return ["G25", "with no time to come back after"];
      if (me.known) return isLate(me, localNow) ? undefined : ["G3", "but the key is its own"];
      return me.sawBusy ? undefined : ["G3", "but it saw nobody running"];
    case "mismatch":
      return differ(me.seen?.payloadHash, plan.payload) ? undefined : ["G7", "but the payloads do not differ"];
    case "replayed":
      return me.runs === 0 && !me.known ? undefined : ["G6", "but it is the first call"];
    case "unprotected":
      return me.known ? ["G10", "but it holds the key"] : undefined;
    default:
      return ["G16", "which has no place here"];
  }
}
