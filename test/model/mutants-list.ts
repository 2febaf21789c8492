/**
 * The production code, broken in one place at a time: each rule of the protocol left out or bent. Each has to be noticed.
 *
 * `find` stands exactly once in the file, or the run fails: a mutant that no longer applies is a rule that moved.
 */
import { BODIES } from "./mutants-bodies.ts";
import { ENDS, WAITS } from "./mutants-ends.ts";

export interface Mutant {
  readonly name: string;
  /** Under `src/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** What it breaks, for the reader; the checker may name another guarantee that breaks with it. */
  readonly breaks: string;
  /** The scenario it shows in. */
  readonly scenario: string;
}

const MEMORY = "stores/memory.ts";
const LEASE = "core/lease.ts";
const TRANSITIONS = "core/transitions.ts";
const ACQUIRE = "engine/acquire.ts";
const RUNTIME = "engine/runtime.ts";

const TWO = "two calls";
const PAYLOADS = "two payloads";

/** As it is listed: name, what breaks, scenario, file, find, replace. */
export type Row = readonly [
  name: string,
  breaks: string,
  scenario: string,
  file: string,
  find: string,
  replace: string,
];

const STORE: readonly Row[] = [
  [
    "no owner in the condition of a swap",
    "G2",
    "a short life",
    MEMORY,
    "seen?.owner !== version.owner || seen.fence",
    "seen?.fence",
  ],
  ["no fence in the condition of a swap", "G2", "a short life", MEMORY, " || seen.fence !== version.fence", ""],
  ["no status in the condition of a swap", "G5", TWO, MEMORY, " || seen.status !== version.status", ""],
  [
    "no condition on a swap",
    "G2",
    TWO,
    MEMORY,
    "return { ok: false, seen };\n      }\n      records.set(next",
    "}\n      records.set(next",
  ],
  ["no condition on an insert", "G1", TWO, MEMORY, "if (seen !== undefined) return { ok: false, seen };", ""],
  [
    "a refused write does not say what is there",
    "G3",
    TWO,
    MEMORY,
    "if (seen !== undefined) return { ok: false, seen };",
    "if (seen !== undefined) return { ok: false } as never;",
  ],
];

const TERMS: readonly Row[] = [
  ["lease without margin", "G9", TWO, LEASE, "KILL_MARGIN_MS = 2_000", "KILL_MARGIN_MS = 0"],
  ["a margin shorter than Lambda takes to kill", "G9", TWO, LEASE, "KILL_MARGIN_MS = 2_000", "KILL_MARGIN_MS = 500"],
  [
    "lease without end where no time is known",
    "G24",
    "no time known",
    LEASE,
    "UNKNOWN_LEASE_MS = 900_000",
    "UNKNOWN_LEASE_MS = Number.POSITIVE_INFINITY",
  ],
  ["a deadline that has passed is believed", "G9", "no time known", LEASE, "!(remainingMs > 0) || ", ""],
  [
    "`leaseMs` shortens a lease",
    "G9",
    "a longer lease",
    LEASE,
    "Math.max(deadline + KILL_MARGIN_MS, now + (leaseMs ?? KILL_MARGIN_MS))",
    "leaseMs === undefined ? deadline + KILL_MARGIN_MS : now + leaseMs",
  ],
  ["`leaseMs` is ignored", "G9", "a longer lease", LEASE, "now + (leaseMs ?? KILL_MARGIN_MS)", "now"],
  [
    "`expires_at` before the lease ends",
    "G14",
    TWO,
    LEASE,
    "Math.ceil((leaseUntil + toleranceMs) / 1_000) + ttlSeconds",
    "Math.floor(leaseUntil / 1_000)",
  ],
  [
    "an outcome expires in milliseconds",
    "G24",
    TWO,
    LEASE,
    "return Math.ceil(now / 1_000) + ttlSeconds;",
    "return Math.ceil(now) + ttlSeconds;",
  ],
  [
    "an outcome expires a second too early",
    "G5",
    TWO,
    LEASE,
    "return Math.ceil(now / 1_000) + ttlSeconds;",
    "return Math.ceil(now / 1_000) + ttlSeconds - 1;",
  ],
];

const CLAIMS: readonly Row[] = [
  ["takeover without tolerance", "G9", TWO, TRANSITIONS, "seen.leaseUntil + toleranceMs + 1", "seen.leaseUntil + 1"],
  [
    "takeover at equality",
    "G9",
    TWO,
    TRANSITIONS,
    "seen.leaseUntil + toleranceMs + 1",
    "seen.leaseUntil + toleranceMs",
  ],
  ["takeover at once", "G9", TWO, TRANSITIONS, 'if (me.now < freeAt) return { kind: "busy", freeAt };', ""],
  ["takeover never", "G23", TWO, TRANSITIONS, "if (me.now < freeAt) return", "return"],
  [
    "takeover of the version that is there, not of the one seen",
    "G9",
    TWO,
    ACQUIRE,
    'runtime.store.swap(seen, record));\n  if (answer.ok) return { kind: "claimed", type, record };',
    'runtime.store.read(call.id).then((there) => runtime.store.swap(there ?? seen, record)));\n  if (answer.ok) return { kind: "claimed", type, record };',
  ],
  [
    "own claim not recognised",
    "G3",
    TWO,
    TRANSITIONS,
    'if (seen.status === "IN_PROGRESS" && seen.owner === me.owner) return { kind: "mine", record: seen };',
    "",
  ],
  [
    "a new owner with each request",
    "G1",
    TWO,
    ACQUIRE,
    "    owner: a.owner,\n    fence",
    "    owner: runtime.uuid(),\n    fence",
  ],
  ["an owner that all calls share", "G1", TWO, ACQUIRE, "owner: runtime.uuid()", "owner: call.key"],
  [
    "whatever is in progress is taken for one's own",
    "G10",
    TWO,
    TRANSITIONS,
    'seen.status === "IN_PROGRESS" && seen.owner === me.owner',
    'seen.status === "IN_PROGRESS"',
  ],
  [
    "another's claim that was faster is taken for one's own",
    "G10",
    "three hosts",
    ACQUIRE,
    'now?.status === "IN_PROGRESS" && now.owner === a.owner',
    'now?.status === "IN_PROGRESS"',
  ],
  [
    "a claim that is unknown counts as made",
    "G10",
    TWO,
    ACQUIRE,
    "() => runtime.store.insert(record));",
    "() => runtime.store.insert(record)).catch(() => ({ ok: true as const }));",
  ],
  [
    "a takeover that is unknown counts as made",
    "G10",
    TWO,
    ACQUIRE,
    '() => runtime.store.swap(seen, record));\n  if (answer.ok) return { kind: "claimed", type, record };',
    '() => runtime.store.swap(seen, record)).catch(() => ({ ok: true as const }));\n  if (answer.ok) return { kind: "claimed", type, record };',
  ],
  [
    "a claim that was refused counts as made",
    "G10",
    TWO,
    ACQUIRE,
    'return answer.ok ? { kind: "claimed", type: "claimed", record } : { kind: "lost", seen: answer.seen };',
    'return { kind: "claimed", type: "claimed", record };',
  ],
  [
    "a claim whose answer came after its lease runs all the same",
    "G9",
    TWO,
    ACQUIRE,
    "const late = runtime.clock.now() > attempt.record.leaseUntil;",
    "const late = false;",
  ],
  ["expiry not checked", "G5", TWO, TRANSITIONS, "if (me.now < seen.expiresAt * 1_000) return false;", "return false;"],
  ["expiry in milliseconds where it is seconds", "G5", TWO, TRANSITIONS, "seen.expiresAt * 1_000", "seen.expiresAt"],
  [
    "fingerprint checked after COMPLETED",
    "G7",
    PAYLOADS,
    TRANSITIONS,
    'if (!samePayload(seen, me.payloadHash)) return { kind: "mismatch" };\n  if (seen.status === "COMPLETED") return { kind: "replay", record: seen };',
    'if (seen.status === "COMPLETED") return { kind: "replay", record: seen };\n  if (!samePayload(seen, me.payloadHash)) return { kind: "mismatch" };',
  ],
  [
    "fingerprint ignored on takeover",
    "G7",
    PAYLOADS,
    TRANSITIONS,
    "if (!samePayload(seen, me.payloadHash)) return",
    'if (seen.status === "COMPLETED" && !samePayload(seen, me.payloadHash)) return',
  ],
  [
    "fingerprint of a released attempt still binds",
    "G7",
    PAYLOADS,
    TRANSITIONS,
    'if (seen.status === "RELEASED" || seen.status === "FAILED") {',
    'if ((seen.status === "RELEASED" && samePayload(seen, me.payloadHash)) || seen.status === "FAILED") {',
  ],
  [
    "fingerprint not written",
    "G7",
    PAYLOADS,
    ACQUIRE,
    "    payloadHash: call.payloadHash,\n    toleranceMs",
    "    payloadHash: undefined,\n    toleranceMs",
  ],
  ["attempts not carried", "G1", TWO, TRANSITIONS, "attempts: seen.attempts + 1", "attempts: 1"],
  [
    "what is parked runs again",
    "maxAttempts",
    "as often as allowed",
    TRANSITIONS,
    "seen.attempts >= me.maxAttempts",
    "seen.attempts > me.maxAttempts",
  ],
  [
    "a running attempt is parked",
    "G9",
    "as often as allowed",
    TRANSITIONS,
    'if (me.now < freeAt) return { kind: "busy", freeAt };',
    'if (me.now < freeAt && !exhausted) return { kind: "busy", freeAt };',
  ],
  [
    "fence not above the one that was seen",
    "G1",
    "a clock behind",
    ACQUIRE,
    "const record = claim(a, decision, seen.fence);",
    "const record = claim(a, decision, undefined);",
  ],
  [
    "fence counted from the record alone",
    "G1",
    "a short life",
    RUNTIME,
    "const fence = Math.max(last, (seen ?? 0) + 1, (ahead.get(id) ?? 0) + 1);",
    "const fence = (seen ?? 0) + 1;",
  ],
  ["fence follows the clock back", "G1", "a clock set back", RUNTIME, "last = Math.max(now, last + 1);", "last = now;"],
];

export const MUTANTS: readonly Mutant[] = [...STORE, ...TERMS, ...CLAIMS, ...WAITS, ...ENDS, ...BODIES].map(
  ([name, breaks, scenario, file, find, replace]) => ({ name, breaks, scenario, file, find, replace }),
);
