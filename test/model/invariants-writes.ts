/**
 * What may be written: who may claim over what, with which fence, lease and expiry, and what may end an attempt.
 * G1, G2, G5, G7, G9, G11 to G14, G24, G27.
 */
import type { InProgressRecord, StoredRecord } from "../../src/core/record.ts";
import {
  aloneUntil,
  type CallGhost,
  callOf,
  type Ghost,
  isClaim,
  isExpired,
  isParking,
  keysOf,
  knownRemaining,
} from "./ghost.ts";
import { at, refOf } from "./host.ts";
import type { LogEvent } from "./log.ts";
import { storedErrorOf, storedSuccessOf } from "./outcomes.ts";
import { type CallPlan, PROMISED_MARGIN_MS, PROMISED_UNKNOWN_LEASE_MS, type Scenario } from "./scenario.ts";

type Wrote = LogEvent & { kind: "wrote" };

export function judgeWrite(scenario: Scenario, ghost: Ghost, event: Wrote, now: number): string | undefined {
  const { call, before, after } = event;
  const plan = at(scenario.calls, call);
  if (after.id !== plan.key) return `G8: call ${plan.name} writes to the record of another key`;
  if (isParking(scenario, call, after)) return judgeParking(scenario, ghost, event, now);
  if (after.payloadHash !== plan.payload) return `G7: call ${plan.name} writes a fingerprint that is not its own`;
  if (after.status === "IN_PROGRESS" && isClaim(before, after))
    return judgeClaim(scenario, ghost, event, after, now) ?? judgeTerms(scenario, ghost, event, after);
  return judgeSettling(scenario, plan, at(ghost.calls, call), event, ghost.bodies);
}

function judgeClaim(
  scenario: Scenario,
  ghost: Ghost,
  { call, before, sentAt, straggler }: Wrote,
  after: InProgressRecord,
  now: number,
): string | undefined {
  const plan = at(scenario.calls, call);
  const { name } = plan;
  const me = at(ghost.calls, call);
  const key = at(ghost.keys, keysOf(scenario).indexOf(plan.key));

  if (callOf(scenario, after.owner) !== call) return `G1: call ${name} claims with an owner that is not its own`;
  // A call claims once. It may claim again if it does not know of the first claim and that is gone. A copy that travelled
  // on may land where the record was deleted, and nowhere else.
  if (me.claim !== undefined) {
    const stale = before === undefined && after.fence <= me.claim.fence && (straggler || !me.known);
    if (stale) return undefined;
    if (me.known || !(me.overtaken || me.deleted)) return `G17: call ${name} claims a second time`;
  }

  // One owner for one fence: a fence is above every fence that the key ever had. After a deletion that is so as far as
  // clocks agree (api.md), which says nothing of a request that was under way before the deletion.
  const offset = me.startedLocal - me.startedAt;
  const overslept = key.deletedAt > 0 && sentAt - offset < key.deletedAt;
  if (after.fence <= key.topFence && !overslept)
    return `G1: call ${name} claims with fence ${after.fence}, the key has seen ${key.topFence}`;

  if (before === undefined || before.status === "RELEASED") return undefined;
  const holder = callOf(scenario, before.owner);
  const holderName = scenario.calls[holder]?.name ?? "nobody";
  const expired = isExpired(before, sentAt);
  if (before.status === "COMPLETED")
    return expired ? undefined : `G5: call ${name} replaces the outcome of call ${holderName} before it expired`;

  if (before.status === "FAILED") {
    const over = plan.maxAttempts !== undefined && before.attempts >= plan.maxAttempts && !expired;
    return over ? `maxAttempts: call ${name} runs what is parked` : undefined;
  }
  return judgeTakeover(scenario, ghost, { call, before, sentAt }, now);
}

/** On the claimant's clock after lease and tolerance, and in truth after the time the holder was promised. */
function judgeTakeover(
  scenario: Scenario,
  ghost: Ghost,
  { call, before, sentAt }: { call: number; before: StoredRecord; sentAt: number },
  now: number,
): string | undefined {
  const plan = at(scenario.calls, call);
  const { name } = plan;
  const holder = callOf(scenario, before.owner);
  const holderName = scenario.calls[holder]?.name ?? "nobody";
  if (sentAt <= before.leaseUntil + scenario.toleranceMs)
    return `G9: call ${name} takes over at ${sentAt} on its clock, the lease with the tolerance ends at ${before.leaseUntil + scenario.toleranceMs}`;
  if (holder >= 0 && now <= aloneUntil(scenario, ghost, holder))
    return `G9: call ${name} takes over while call ${holderName} may still be running`;
  if (!isExpired(before, sentAt) && differ(before.payloadHash, plan.payload))
    return `G7: call ${name} takes over an attempt at another payload`;
  return undefined;
}

/** What a claim has to say of itself. */
function judgeTerms(
  scenario: Scenario,
  ghost: Ghost,
  { call, before, sentAt }: Wrote,
  after: InProgressRecord,
): string | undefined {
  const plan = at(scenario.calls, call);
  const { name } = plan;
  const me = at(ghost.calls, call);
  const { leaseUntil, expiresAt, attempts, createdAt } = after;

  if (!Number.isFinite(leaseUntil)) return `G24: the lease of call ${name} never ends`;
  if (!Number.isFinite(expiresAt)) return `G24: the record of call ${name} never expires`;
  const known = knownRemaining(plan);
  const offset = me.startedLocal - me.startedAt;
  const earliest = aloneUntil(scenario, ghost, call) + offset;
  const ownTerm = sentAt + (plan.leaseMs ?? (known === undefined ? PROMISED_UNKNOWN_LEASE_MS : PROMISED_MARGIN_MS));
  const latest = Math.max(known === undefined ? 0 : me.startedLocal + known + PROMISED_MARGIN_MS, ownTerm) + 1;
  if (leaseUntil < earliest)
    return `G9: the lease of call ${name} ends at ${leaseUntil}, promised is ${earliest} at least`;
  if (leaseUntil > latest) return `G23: the lease of call ${name} ends at ${leaseUntil}, promised is ${latest} at most`;
  if (expiresAt * 1_000 <= leaseUntil)
    return `G14: the record of call ${name} expires at ${expiresAt} s, its lease ends at ${leaseUntil} ms`;
  if (expiresAt * 1_000 > leaseUntil + scenario.toleranceMs + scenario.ttlSeconds * 1_000 + 1_000)
    return `G14: the record of call ${name} is kept until ${expiresAt} s, longer than its lease and the TTL`;

  const fresh = before === undefined || isExpired(before, sentAt);
  const expected = fresh ? 1 : before.attempts + 1;
  if (attempts !== expected)
    return `G1: the claim of call ${name} counts as attempt ${attempts}, it is attempt ${expected}`;
  if (createdAt !== (fresh ? sentAt : before.createdAt))
    return `G1: the claim of call ${name} forgets when the first was made`;
  return undefined;
}

/** Parks what failed, or died, as often as is allowed: nothing else of the record changes but its expiry. */
function judgeParking(
  scenario: Scenario,
  ghost: Ghost,
  { call, before, after, sentAt }: Wrote,
  now: number,
): string | undefined {
  const plan = at(scenario.calls, call);
  const { name } = plan;
  if (before === undefined || !sameClaim(before, after) || before.payloadHash !== after.payloadHash)
    return `G2: call ${name} parks something else than what it saw`;
  if (isExpired(before, sentAt)) return `maxAttempts: call ${name} parks a record that has expired`;
  if (plan.maxAttempts === undefined || before.attempts < plan.maxAttempts)
    return `maxAttempts: call ${name} parks what may be tried again`;
  if (before.status === "RELEASED") return undefined;
  if (before.status !== "IN_PROGRESS") return `G5: call ${name} parks what has an outcome`;
  return judgeTakeover(scenario, ghost, { call, before, sentAt }, now);
}

/** Everything that is no claim has to be the end of the writer's own attempt. */
function judgeSettling(
  scenario: Scenario,
  plan: CallPlan,
  me: CallGhost,
  { before, after, sentAt }: Wrote,
  bodies: Ghost["bodies"],
): string | undefined {
  const { name } = plan;
  if (me.claim === undefined) return `G2: call ${name} writes without ever having claimed`;
  if (before === undefined) return `G2: call ${name} writes its outcome where no record is`;
  if (before.status !== "IN_PROGRESS" || before.owner !== me.claim.owner || before.fence !== me.claim.fence)
    return before.status === "COMPLETED" && !isExpired(before, sentAt)
      ? `G5: call ${name} overwrites an outcome`
      : `G2: call ${name} writes although the key is not its own any more`;
  if (!sameClaim(before, after)) return `G2: call ${name} changes its claim as it ends`;
  if (after.status === "IN_PROGRESS") return `G2: call ${name} writes to its claim while it runs`;

  const { outcome } = me;
  if (outcome === undefined)
    return `${after.status === "COMPLETED" ? "G2" : "G12"}: call ${name} ends its attempt while its handler runs`;
  const keep = outcome !== "error" || (plan.keepsErrors === true && plan.shouldStoreThrows !== true);
  if (after.status !== "COMPLETED") {
    const last = plan.maxAttempts !== undefined && after.attempts >= plan.maxAttempts;
    if ((after.status === "FAILED") !== last)
      return `maxAttempts: call ${name} is ${after.status} after ${after.attempts} attempts`;
    if (keep) return `G11: call ${name} throws its outcome away by a release`;
  } else {
    if (!keep) return `G12: call ${name} stores an outcome that is not to be stored`;
    const text = outcome === "success" ? storedSuccessOf(name) : outcome === "error" ? storedErrorOf(name) : "";
    const marked = String(after.result).startsWith('{"$unstorable":');
    const mayMark = text === "" || me.saidTooLarge || (scenario.bodies === true && me.put !== "answered");
    if (marked && mayMark && text !== "" && !me.saidTooLarge && sentAt + 1_200 < halfOfTheRest(plan, me))
      return `G11: call ${name} gives up storing its outcome in a body with time left`;
    const ref = typeof after.result === "object" && "ref" in after.result ? after.result.ref : undefined;
    const body = bodies.find((stored) => refOf(stored) === ref);
    if (ref !== undefined && body === undefined) return `G27: call ${name} refers to a body that is not stored`;
    if (body !== undefined && !(body.expiresAt * 1_000 > after.expiresAt * 1_000 + scenario.toleranceMs))
      return `G27: the body of call ${name} may be deleted before its record expires`;
    const result = body === undefined ? after.result : body.data;
    if (result !== text && !(marked && mayMark)) return `G6: call ${name} stores something else than its outcome`;
  }

  // What is kept is kept for as long as was asked for, from when it was there, to the second.
  const kept = after.expiresAt * 1_000;
  if (kept < me.finishedLocal + scenario.ttlSeconds * 1_000) return `G5: the outcome of call ${name} expires too early`;
  if (!(kept <= sentAt + scenario.ttlSeconds * 1_000 + 1_000))
    return `G24: the outcome of call ${name} expires too late`;
  return undefined;
}

/** A body is tried for in half of the time that its call has left; so few faults cannot use up all tries. */
function halfOfTheRest(plan: CallPlan, { startedLocal, finishedLocal }: CallGhost): number {
  const deadline = startedLocal + (knownRemaining(plan) ?? 0);
  return finishedLocal + (deadline > finishedLocal ? (deadline - finishedLocal) / 2 : 5_000);
}

function sameClaim(before: StoredRecord, after: StoredRecord): boolean {
  return (
    before.owner === after.owner &&
    before.fence === after.fence &&
    before.attempts === after.attempts &&
    before.leaseUntil === after.leaseUntil &&
    before.createdAt === after.createdAt
  );
}

/** Two fingerprints that are both there and are not the same. */
export function differ(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}
