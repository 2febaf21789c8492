/**
 * The checker's own memory: what it has to know of the log so far to judge what comes next. It is folded from the log
 * alone and shares nothing with the code under test.
 *
 * It is kept small, for it is part of a state: two states that differ in it are explored apart.
 */
import type { StoredRecord } from "../../src/core/record.ts";
import type { ResultBody } from "../../src/store.ts";
import { at, refOf, type StoreError } from "./host.ts";
import type { LogEvent } from "./log.ts";
import {
  type CallPlan,
  type HandlerOutcome,
  PROMISED_MARGIN_MS,
  PROMISED_UNKNOWN_LEASE_MS,
  type Scenario,
} from "./scenario.ts";

export interface Claim {
  readonly owner: string;
  readonly fence: number;
  readonly attempts: number;
  readonly leaseUntil: number;
  /** It replaced an attempt whose lease was over. */
  readonly tookOver: boolean;
}

/** What the last request of a call came to, as far as the call knows. */
export type Last =
  | { readonly kind: "none" | "unanswered" }
  | { readonly kind: "failed"; readonly error: StoreError }
  | { readonly kind: "answered"; readonly ok: boolean; readonly seen: StoredRecord | undefined };

export interface CallGhost {
  readonly phase: "idle" | "live" | "ended" | "dead";
  /** True time. */
  readonly startedAt: number;
  /** On its own clock. */
  readonly startedLocal: number;
  /** Its claim, as the store applied it, whether or not the call knows. */
  readonly claim: Claim | undefined;
  /** An answer told it that the claim is its own. */
  readonly known: boolean;
  readonly runs: number;
  readonly unprotected: boolean;
  readonly outcome: HandlerOutcome | undefined;
  readonly finishedAt: number;
  readonly finishedLocal: number;
  /** What of it the store holds, or held. */
  readonly stored: "outcome" | "marker" | "release" | "parked" | undefined;
  /** An answer told it that its outcome, or its release, is stored. */
  readonly settled: boolean;
  /** After its claim, another call claimed the key. */
  readonly overtaken: boolean;
  /** After its claim, TTL deleted the record. */
  readonly deleted: boolean;
  readonly last: Last;
  /** The last record that any answer showed it. */
  readonly seen: StoredRecord | undefined;
  /** An answer showed it somebody else running. */
  readonly sawBusy: boolean;
  /** What its last requests to write a body, and to read one, came to, as far as it knows. */
  readonly put: "none" | "sent" | "answered" | "failed" | "givenUp";
  readonly get: "none" | "sent" | "answered" | "failed";
  readonly erred: boolean;
  readonly saidTooLarge: boolean;
}

export interface KeyGhost {
  /** The highest fence of any claim that was ever applied. */
  readonly topFence: number;
  /** True time of the last deletion by TTL; 0: none. */
  readonly deletedAt: number;
  /** The call whose outcome was stored last; -1: none. */
  readonly lastStored: number;
  readonly stepKey: string;
}

export interface Ghost {
  readonly calls: readonly CallGhost[];
  readonly keys: readonly KeyGhost[];
  /** The bodies that are stored, in the order of their references. */
  readonly bodies: readonly ResultBody[];
}

const IDLE: CallGhost = {
  phase: "idle",
  startedAt: 0,
  startedLocal: 0,
  claim: undefined,
  known: false,
  runs: 0,
  unprotected: false,
  outcome: undefined,
  finishedAt: 0,
  finishedLocal: 0,
  stored: undefined,
  settled: false,
  overtaken: false,
  deleted: false,
  last: { kind: "none" },
  seen: undefined,
  sawBusy: false,
  put: "none",
  get: "none",
  erred: false,
  saidTooLarge: false,
};

export function keysOf(scenario: Scenario): string[] {
  return [...new Set(scenario.calls.map((call) => call.key))];
}

export function newGhost(scenario: Scenario): Ghost {
  return {
    calls: scenario.calls.map(() => IDLE),
    keys: keysOf(scenario).map(() => ({ topFence: 0, deletedAt: 0, lastStored: -1, stepKey: "" })),
    bodies: [],
  };
}

/** The remaining time where it is one that an invocation can have (api.md: not zero, not negative, not absurd). */
export function knownRemaining(plan: CallPlan): number | undefined {
  const { remainingMs } = plan;
  return typeof remainingMs === "number" && remainingMs > 0 && remainingMs <= 86_400_000 ? remainingMs : undefined;
}

/** How long after its start a call is promised to be alone once it claimed. */
export function promisedLeaseMs(plan: CallPlan): number {
  const known = knownRemaining(plan);
  if (known === undefined) return plan.leaseMs ?? PROMISED_UNKNOWN_LEASE_MS;
  return Math.max(known + PROMISED_MARGIN_MS, plan.leaseMs ?? 0);
}

/** The true time until which a call that claimed is promised to be alone. */
export function aloneUntil(scenario: Scenario, ghost: Ghost, call: number): number {
  return at(ghost.calls, call).startedAt + promisedLeaseMs(at(scenario.calls, call));
}

/** Whose token this is: tokens begin with the call's name. */
export function callOf(scenario: Scenario, owner: string): number {
  return scenario.calls.findIndex((call) => owner.startsWith(`${call.name}/`));
}

/** A new owner, or a new fence, in progress. */
export function isClaim(before: StoredRecord | undefined, after: StoredRecord): boolean {
  if (after.status !== "IN_PROGRESS") return false;
  return before?.status !== "IN_PROGRESS" || before.owner !== after.owner || before.fence !== after.fence;
}

export function isExpired(record: StoredRecord, localNow: number): boolean {
  return localNow >= record.expiresAt * 1_000;
}

export function observe(scenario: Scenario, ghost: Ghost, event: LogEvent, now: number): Ghost {
  switch (event.kind) {
    case "moved":
    case "unchanged":
      return ghost;
    case "deleted": {
      const holder = callOf(scenario, event.record.owner);
      const calls = ghost.calls.map((call, i) => (i === holder ? { ...call, deleted: true } : call));
      return { ...ghost, calls, keys: changed(ghost.keys, event.key, { deletedAt: now }) };
    }
    case "bodyStored": {
      const others = ghost.bodies.filter((body) => refOf(body) !== refOf(event.body));
      return { ...ghost, bodies: [...others, event.body].sort((a, b) => (refOf(a) < refOf(b) ? -1 : 1)) };
    }
    case "wrote":
      return observeWrite(scenario, ghost, event);
    case "ran": {
      const key = keysOf(scenario).indexOf(at(scenario.calls, event.call).key);
      const { runs } = at(ghost.calls, event.call);
      const calls = changed(ghost.calls, event.call, { runs: runs + 1, unprotected: !event.terms.protected });
      return { ...ghost, calls, keys: changed(ghost.keys, key, { stepKey: event.terms.stepKey }) };
    }
    default:
      return {
        ...ghost,
        calls: changed(ghost.calls, event.call, observeCall(at(ghost.calls, event.call), event, now)),
      };
  }
}

type CallEvent = Exclude<LogEvent, { kind: "moved" | "unchanged" | "deleted" | "bodyStored" | "wrote" | "ran" }>;

function observeCall(call: CallGhost, event: CallEvent, now: number): Partial<CallGhost> {
  switch (event.kind) {
    case "started":
      return { phase: "live", startedAt: now, startedLocal: event.localNow };
    case "sent":
      return { last: { kind: "unanswered" } };
    case "failed": {
      const { error } = event;
      return { last: { kind: "failed", error }, erred: true, saidTooLarge: call.saidTooLarge || error === "tooLarge" };
    }
    case "body":
      if (event.request.verb === "getBody") return { get: event.fares, erred: call.erred || event.fares === "failed" };
      return call.put === "givenUp" ? {} : { put: event.fares, erred: call.erred || event.fares === "failed" };
    case "told": {
      const { ok, seen, request } = event;
      const next = "next" in request ? request.next : undefined;
      const mine = ok || (seen !== undefined && seen.owner === next?.owner && seen.status === next.status);
      return {
        last: { kind: "answered", ok, seen },
        seen,
        sawBusy: call.sawBusy || (!mine && seen?.status === "IN_PROGRESS"),
        known: call.known || (next?.status === "IN_PROGRESS" && mine),
        settled: call.settled || (next !== undefined && next.status !== "IN_PROGRESS" && mine),
      };
    }
    case "finished":
      return { outcome: event.outcome, finishedAt: now, finishedLocal: event.localNow };
    case "said": {
      const open = call.put === "sent" || call.put === "failed";
      return event.event.type === "completionFailed" && open ? { put: "givenUp" } : {};
    }
    case "ended":
      return { phase: "ended" };
    case "killed":
      return { phase: "dead" };
  }
}

function observeWrite(scenario: Scenario, ghost: Ghost, event: LogEvent & { kind: "wrote" }): Ghost {
  const { call, before, after, sentAt } = event;
  const key = keysOf(scenario).indexOf(after.id);
  if (isParking(scenario, call, after)) {
    const holder = callOf(scenario, after.owner);
    return holder < 0 ? ghost : { ...ghost, calls: changed(ghost.calls, holder, { overtaken: true }) };
  }
  if (!isClaim(before, after)) {
    const stored = STORED[after.status] ?? (isMarker(after) ? "marker" : "outcome");
    const keys = after.status === "COMPLETED" ? changed(ghost.keys, key, { lastStored: call }) : ghost.keys;
    return { ...ghost, calls: changed(ghost.calls, call, { stored }), keys };
  }
  const { owner, fence, attempts, leaseUntil } = after;
  const tookOver = before?.status === "IN_PROGRESS" && !isExpired(before, sentAt);
  const calls = ghost.calls.map((other, i) => {
    if (i === call && fence <= (other.claim?.fence ?? 0)) return other;
    if (i === call) return { ...other, claim: { owner, fence, attempts, leaseUntil, tookOver }, overtaken: false };
    return at(scenario.calls, i).key === after.id && other.claim !== undefined ? { ...other, overtaken: true } : other;
  });
  const topFence = Math.max(at(ghost.keys, key).topFence, fence);
  return { ...ghost, calls, keys: changed(ghost.keys, key, { topFence }) };
}

const STORED: Partial<Record<StoredRecord["status"], "release" | "parked">> = { RELEASED: "release", FAILED: "parked" };

/** Writes down that the last attempt of another call was the last there may be. */
export function isParking(scenario: Scenario, call: number, after: StoredRecord): boolean {
  return after.status === "FAILED" && callOf(scenario, after.owner) !== call;
}

export function isMarker(record: StoredRecord): boolean {
  return record.status === "COMPLETED" && String(record.result).startsWith('{"$unstorable":');
}

function changed<T>(items: readonly T[], index: number, change: Partial<T>): T[] {
  return items.map((item, i) => (i === index ? { ...item, ...change } : item));
}

/**
 * What of the ghost tells states apart, as text. What a living call saw and did is not in it: the place of its host says
 * that already. Of a call that is over only what can still matter is told apart: until when it is promised to be alone
 * while it holds the key, and what it stored; if copies of its requests still travel (`loose`), what judging them takes.
 */
export function ghostKey(ghost: Ghost, loose: readonly boolean[]): string {
  let text = "";
  for (const body of ghost.bodies) text += `${refOf(body)}:${body.expiresAt};`;
  for (const key of ghost.keys) text += `${key.topFence},${key.deletedAt},${key.lastStored};`;
  ghost.calls.forEach((c, i) => {
    text += `|${c.phase[0]}`;
    if (c.phase === "idle") return;
    const holds = c.claim !== undefined && c.stored === undefined && !c.overtaken && !c.deleted;
    if (c.phase === "live" || loose[i]) {
      text += `${c.startedAt},${c.claim?.fence},${Number(c.overtaken)}${Number(c.deleted)}${Number(c.saidTooLarge)}`;
      text += `${c.outcome ?? ""}${c.finishedAt}${c.stored ?? ""}`;
    } else if (holds) text += `${c.startedAt}${c.runs > 0 ? (c.outcome ?? "runs") : ""}`;
    else if (c.stored !== undefined) text += c.stored + (c.stored === "outcome" ? c.outcome : "");
  });
  return text;
}
