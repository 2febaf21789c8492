/**
 * To when time may go on: the moments at which anything could come out differently.
 *
 * Between two such moments every comparison with a clock has the same answer, so no schedule is lost by skipping what
 * lies between. The moments: a timer of a host; a deadline; and for each clock that may still meet a record, the end of
 * its lease with the tolerance (where "after" begins one millisecond later) and its expiry; for TTL, the expiry in true
 * time.
 */

import { concerns } from "./actions.ts";
import { keysOf, knownRemaining } from "./ghost.ts";
import { at } from "./host.ts";
import type { Scenario } from "./scenario.ts";
import type { State } from "./world.ts";

/** The moments to come, the next one first. */
export function moments(scenario: Scenario, state: State): number[] {
  const { now, hosts, ghost } = state;
  const found = new Set<number>();
  const consider = (moment: number): void => {
    if (moment > now && Number.isFinite(moment)) found.add(moment);
  };
  hosts.forEach(({ place, killed, offset }) => {
    if (!killed) for (const { due } of place.burst.timers) consider(due - offset);
  });
  scenario.calls.forEach((plan, call) => {
    const { phase, startedAt, runs, outcome } = at(ghost.calls, call);
    const { killed, offset } = at(hosts, plan.host);
    if (killed || (phase !== "idle" && phase !== "live")) return;
    const remaining = knownRemaining(plan);
    if (phase === "live" && outcome === undefined && remaining !== undefined) consider(startedAt + remaining);
    const record = state.records[keysOf(scenario).indexOf(plan.key)]?.value;
    if (record === undefined || (phase === "live" && runs > 0)) return;
    if (record.status === "IN_PROGRESS") {
      consider(record.leaseUntil + scenario.toleranceMs - offset);
      consider(record.leaseUntil + scenario.toleranceMs + 1 - offset);
    }
    consider(record.expiresAt * 1_000 - offset);
  });
  state.records.forEach((record, key) => {
    if (record !== undefined && concerns(scenario, state, key)) consider(record.value.expiresAt * 1_000);
  });
  return [...found].sort((a, b) => a - b);
}
