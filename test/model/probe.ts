/**
 * Liveness (G23): in every state, if everyone died now, a later call on a healthy host gets an outcome, and gets it as
 * soon as the last attempt was promised to be over.
 *
 * The probe is the production code too. It has the least helpful clock allowed: behind the
 * fastest by the whole tolerance.
 */
import { aloneUntil, callOf, type Ghost, isMarker, keysOf, knownRemaining } from "./ghost.ts";
import { at, createHost, isAboutBody, refOf, type SeenEnding } from "./host.ts";
import { textOf } from "./machine.ts";
import {
  type CallPlan,
  MAX_RESULT_BYTES,
  PROMISED_MARGIN_MS,
  PROMISED_UNKNOWN_LEASE_MS,
  type Scenario,
} from "./scenario.ts";
import type { Sut } from "./sut.ts";
import type { State } from "./world.ts";

export interface Probe {
  readonly check: (state: State) => Promise<string | undefined>;
  readonly runs: () => number;
}

export function createProbe(sut: Sut, scenario: Scenario): Probe {
  const known = new Map<string, string | undefined>();
  const keys = keysOf(scenario);

  async function checkKey(state: State, key: number): Promise<string | undefined> {
    const record = state.records[key];
    const start = claimableAt(scenario, state.ghost, state, key);
    const name = `${key},${record?.n ?? 0},${start}`;
    if (known.has(name)) return known.get(name);
    const found = await run(state, key, start);
    known.set(name, found);
    return found;
  }

  async function run(state: State, key: number, start: number): Promise<string | undefined> {
    const record = state.records[key]?.value;
    const plan: CallPlan = {
      name: "Probe",
      host: 0,
      key: at(keys, key),
      payload: record?.payloadHash,
      remainingMs: 10_000,
    };
    const alone: Scenario = { ...scenario, hosts: [{ clockOffsetMs: 0 }], calls: [plan, ...scenario.calls] };
    const host = createHost(sut, alone);
    const store = sut.memoryStore({ maxResultBytes: MAX_RESULT_BYTES });
    if (record !== undefined) await store.insert(record as never);
    const localNow = start + Math.max(...scenario.hosts.map((host) => host.clockOffsetMs)) - scenario.toleranceMs;
    let burst = await host.feed({ kind: "start", call: 0 }, localNow);
    for (let steps = 0; steps < 20; steps++) {
      const ended = burst.outputs.find((output) => output.kind === "ended");
      if (ended !== undefined) return verdict(scenario, state, key, ended.ending, localNow);
      const [op] = burst.pending;
      if (op !== undefined) {
        const { request } = op;
        const answer = isAboutBody(request)
          ? request.verb === "putBody"
            ? refOf(request.body)
            : state.ghost.bodies.find((body) => refOf(body) === request.ref)?.data
          : request.verb === "insert"
            ? await store.insert(request.next)
            : request.verb === "swap"
              ? await store.swap(request.seen, request.next)
              : await store.read(request.id);
        burst = await host.feed({ kind: "answer", op: op.op, answer }, localNow);
      } else if (burst.running.length > 0) {
        burst = await host.feed({ kind: "finish", call: 0, outcome: "success" }, localNow);
      } else break;
    }
    return `G23: a later call, once every other is dead, does not end (record ${textOf(record)})`;
  }

  return {
    runs: () => known.size,
    async check(state) {
      for (let key = 0; key < keys.length; key++) {
        const broken = await checkKey(state, key);
        if (broken !== undefined) return broken;
      }
      return undefined;
    },
  };
}

/** When the key can be claimed by whoever comes, whatever his clock: true time. */
function claimableAt(scenario: Scenario, ghost: Ghost, state: State, key: number): number {
  const record = state.records[key]?.value;
  if (record?.status !== "IN_PROGRESS") return state.now;
  const holder = callOf(scenario, record.owner);
  const plan = at(scenario.calls, holder);
  // A lease that counts from the claim began now at the latest. One that counts from the deadline ends with it, but never
  // less than the margin after the claim.
  const term = plan.leaseMs ?? (knownRemaining(plan) === undefined ? PROMISED_UNKNOWN_LEASE_MS : PROMISED_MARGIN_MS);
  const over = Math.max(aloneUntil(scenario, ghost, holder), state.now + term);
  return over + 2 * scenario.toleranceMs + 2;
}

/** The stored outcome, if there is one that has not expired, or else an outcome of its own. */
function verdict(
  scenario: Scenario,
  state: State,
  key: number,
  ending: SeenEnding,
  localNow: number,
): string | undefined {
  const record = state.records[key]?.value;
  const found = (what: string): string =>
    `G23: a later call, once every other is dead, ${what} (record ${textOf(record)})`;
  if (record?.status === "COMPLETED" && localNow < record.expiresAt * 1_000) {
    if (isMarker(record)) {
      const told = ending.kind === "refused" && ending.name === "ResultNotStorableError";
      return told ? undefined : found(`is not told that the result could not be stored: ${textOf(ending)}`);
    }
    const whose = callOf(scenario, record.owner) + 1;
    const right = (ending.kind === "returned" || ending.kind === "threw") && ending.replayed && ending.whose === whose;
    return right ? undefined : found(`does not get the stored outcome: ${textOf(ending)}`);
  }
  const ran = ending.kind === "returned" && ending.own && !ending.replayed;
  return ran ? undefined : found(`gets no outcome: ${textOf(ending)}`);
}
