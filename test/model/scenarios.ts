/**
 * What is explored. Each scenario is walked in full: every schedule of its calls with at most so many faults.
 *
 * Faults are bounded since every fault can be met by one more of the same: without a bound there is no longest schedule.
 * Two calls and two faults are where the rules of the protocol meet (a lost answer and a pause, a pause and a death, two
 * lost answers of one call); `deep` adds one. The scenarios split the options, which do not meet in the code, so that no
 * two of them multiply each other.
 */
import type { CallPlan, HostPlan, Scenario } from "./scenario.ts";

export type Level = "quick" | "ci" | "deep";

interface Entry extends Omit<Scenario, "faults" | "ttlSeconds" | "toleranceMs" | "hosts" | "outcomes"> {
  /** Faults at each level; -1: not explored there. */
  readonly bounds: readonly [quick: number, ci: number, deep: number];
  readonly hosts?: readonly HostPlan[];
  readonly outcomes?: Scenario["outcomes"];
  readonly ttlSeconds?: number;
  readonly toleranceMs?: number;
}

const HOST: HostPlan = { clockOffsetMs: 0 };
const AHEAD: HostPlan = { clockOffsetMs: 1_000 };

/** An invocation with 10 s left and a payload, on a host of its own. */
function call(name: string, more: Partial<CallPlan> = {}): CallPlan {
  return { name, host: "ABC".indexOf(name), key: "pay#1", payload: "p", remainingMs: 10_000, ...more };
}

const ENTRIES: readonly Entry[] = [
  {
    name: "two calls",
    why: "two deliveries of one event on two hosts: G1 to G7, G9 to G12, G16, G17, G23",
    calls: [call("A"), call("B")],
    bounds: [1, 2, 3],
  },
  {
    name: "two calls, stray requests",
    why: "copies of requests that arrive after an error, beside a second copy, after a death: G1 to G5, G10",
    calls: [call("A"), call("B")],
    strays: true,
    bounds: [-1, 1, 2],
  },
  {
    name: "two payloads",
    why: "one key used for two things: G7",
    calls: [call("A"), call("B", { payload: "q" })],
    bounds: [0, 1, 2],
  },
  {
    name: "a clock ahead",
    why: "the host of the second call is ahead by the whole tolerance: G9, G1",
    hosts: [HOST, AHEAD],
    calls: [call("A"), call("B")],
    bounds: [0, 1, 2],
  },
  {
    name: "a clock behind",
    why: "the host of the second call is behind by the whole tolerance: G9, G5, G1",
    hosts: [AHEAD, HOST],
    calls: [call("A"), call("B")],
    bounds: [0, 1, 2],
  },
  {
    name: "an answer after the lease",
    why: "the claim's answer comes when the lease is over, the other host is ahead by the whole tolerance: G9",
    hosts: [HOST, AHEAD],
    calls: [call("A"), call("B")],
    outcomes: ["success"],
    bounds: [0, 2, 3],
  },
  {
    name: "a waiter",
    why: "the second call waits, for longer than its deadline allows: G25, G6",
    calls: [call("A"), call("B", { waitMs: 60_000, remainingMs: 1_500 })],
    outcomes: ["success", "error"],
    bounds: [0, 1, 2],
  },
  {
    name: "a short wait",
    why: "the second call waits for 60 ms and then is refused, its deadline far away: G25",
    calls: [call("A"), call("B", { waitMs: 60 })],
    outcomes: ["success", "error"],
    bounds: [0, 1, 2],
  },
  {
    name: "one host, both wait",
    why: "single flight: what a running call of the same host stored is shared, and nothing else: G6, G20",
    hosts: [HOST],
    calls: [call("A", { host: 0, waitMs: 25 }), call("B", { host: 0, waitMs: 25 })],
    outcomes: ["success", "error"],
    bounds: [-1, 1, 1],
  },
  {
    name: "one host, two payloads",
    why: "single flight does not share over payloads: G7, G20",
    hosts: [HOST],
    calls: [call("A", { host: 0, waitMs: 25 }), call("B", { host: 0, waitMs: 25, payload: "q" })],
    bounds: [0, 0, 1],
  },
  {
    name: "one host, two keys",
    why: "calls of one host that have nothing to do with each other: G8, G20, G22",
    hosts: [HOST],
    calls: [call("A", { host: 0, waitMs: 25, asksForSignal: true }), call("B", { host: 0, waitMs: 25, key: "pay#2" })],
    bounds: [-1, 0, 1],
  },
  {
    name: "no time known",
    why: "no remaining time, and one that is over without being enforced: G24, G23, G9",
    calls: [call("A", { remainingMs: undefined }), call("B", { remainingMs: -5 })],
    bounds: [0, 1, 2],
  },
  {
    name: "a longer lease",
    why: "`leaseMs` lengthens and does not shorten: G9, G24",
    calls: [call("A", { leaseMs: 20_000 }), call("B", { leaseMs: 1 })],
    bounds: [0, 1, 2],
  },
  {
    name: "a short life",
    why: "outcomes expire after 2 s, while the other call may be running, and are deleted or not: G5, G14, G1",
    calls: [call("A"), call("B")],
    ttlSeconds: 2,
    strays: true,
    bounds: [0, 1, 2],
  },
  {
    name: "what cannot be stored",
    why: "no text, too large, found too large by the store: G13",
    calls: [call("A"), call("B")],
    outcomes: ["success", "unstorable", "tooLarge"],
    extras: { tooLarge: true },
    bounds: [0, 1, 2],
  },
  {
    name: "a body beside the record",
    why: "every outcome lies in a body of its own, which has to be there before the record says so: G27, G11, G13, G6",
    calls: [call("A"), call("B")],
    bodies: true,
    bounds: [0, 1, 2],
  },
  {
    name: "a body, stray requests",
    why: "copies of a body's write that arrive late, and an outcome that cannot be read now: G27, G10",
    calls: [call("A", { storeDown: "run" }), call("B", { storeDown: "run", waitMs: 60 })],
    outcomes: ["success"],
    bodies: true,
    strays: true,
    bounds: [-1, 1, 2],
  },
  {
    name: "every outcome is kept",
    why: "`shouldStore` keeps errors: they are replayed as errors: G6, G11, G16",
    calls: [call("A", { keepsErrors: true }), call("B", { keepsErrors: true, shouldStoreThrows: true })],
    bounds: [0, 1, 2],
  },
  {
    name: "the caller wants to know",
    why: "`whenCompletionFails: throw`, and a store that may refuse for good: G11, G16",
    calls: [call("A", { completionFails: "throw" }), call("B", { completionFails: "throw" })],
    extras: { fatal: true },
    bounds: [0, 1, 2],
  },
  {
    name: "run all the same",
    why: "`whenStoreUnavailable: run`: unprotected only when it was asked for and nobody is known to run: G10",
    calls: [call("A", { storeDown: "run" }), call("B", { storeDown: "run", waitMs: 60 })],
    bounds: [0, 1, 2],
  },
  {
    name: "as often as allowed",
    why: "`maxAttempts: 1`: an attempt that failed or died is parked by whoever finds it, and nothing runs: G2, G4, G9",
    calls: [call("A", { maxAttempts: 1 }), call("B", { maxAttempts: 1, readsFirst: true })],
    bounds: [0, 1, 2],
  },
  {
    name: "a redelivery that looks first",
    why: "both calls read before they claim: what they read is old when they claim: G1, G2, G9",
    calls: [call("A", { readsFirst: true }), call("B", { readsFirst: true })],
    bounds: [0, 1, 2],
  },
  {
    name: "a clock set back",
    why: "one host, its clock set back by 5 s, the record deleted in between: fences rise all the same: G1",
    hosts: [{ clockOffsetMs: 3_000, stepBackMs: 5_000 }],
    calls: [call("A", { host: 0 }), call("B", { host: 0, after: ["A"] })],
    ttlSeconds: 1,
    toleranceMs: 5_000,
    bounds: [0, 0, 1],
  },
  {
    name: "a retry beside another call",
    why: "three calls: the client of A sends it again once A has ended or died, while B may run: G6, G11, G23",
    calls: [call("A"), call("B"), call("C", { host: 2, after: ["A"] })],
    outcomes: ["success", "error"],
    bounds: [-1, 0, 1],
  },
  {
    name: "a retry with another payload",
    why: "three calls, one after the other, the last with another payload: G7, G5",
    calls: [call("A"), call("B", { after: ["A"] }), call("C", { after: ["B"], payload: "q" })],
    outcomes: ["success", "error"],
    bounds: [0, 1, 2],
  },
  {
    name: "three hosts",
    why: "three deliveries of one event on three hosts: G1, G2, G9, G17",
    calls: [call("A"), call("B"), call("C")],
    outcomes: ["success", "error"],
    bounds: [-1, 0, 1],
  },
  {
    name: "three on two hosts",
    why: "two waiting calls share a host, a third is elsewhere: G6, G20, G25",
    hosts: [HOST, HOST],
    calls: [call("A", { host: 0, waitMs: 25 }), call("B", { host: 0, waitMs: 25 }), call("C", { host: 1 })],
    outcomes: ["success", "error"],
    bounds: [-1, -1, 0],
  },
];

/** The assumptions, broken on purpose: the checker has to notice. */
const BROKEN: readonly Entry[] = [
  {
    name: "clocks too far apart",
    why: "ahead by one millisecond more than the tolerance: a lease is taken over before it ended",
    hosts: [HOST, { clockOffsetMs: 1_001 }],
    calls: [call("A"), call("B")],
    outcomes: ["success"],
    mustFail: "G9",
    bounds: [0, 0, 0],
  },
];

export function scenarios(level: Level): Scenario[] {
  return of(ENTRIES, level);
}

export function brokenScenarios(level: Level): Scenario[] {
  return of(BROKEN, level);
}

function of(entries: readonly Entry[], level: Level): Scenario[] {
  const column = { quick: 0, ci: 1, deep: 2 }[level];
  return entries.flatMap(({ bounds, ...entry }) => {
    const faults = bounds[column] ?? -1;
    if (faults < 0) return [];
    const hosts = entry.hosts ?? entry.calls.map(() => HOST);
    const defaults = { hosts, outcomes: ["success", "error"] as const, ttlSeconds: 60, toleranceMs: 1_000 };
    return [{ ...defaults, ...entry, faults }];
  });
}
