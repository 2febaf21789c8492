/**
 * What can happen next. Nothing here decides what *will* happen: the explorer takes each.
 */
import { isMarker, keysOf } from "./ghost.ts";
import { at, type PendingOp } from "./host.ts";
import { moments } from "./moments.ts";
import type { Scenario } from "./scenario.ts";
import { type Action, type Fate, type HostState, isAnswered, OVER, type State } from "./world.ts";

export function actions(scenario: Scenario, state: State): Action[] {
  const { hosts, ghost } = state;
  const list: Action[] = [];
  const left = scenario.faults - state.faults;
  scenario.calls.forEach((plan, call) => {
    if (at(ghost.calls, call).phase === "idle" && !at(hosts, plan.host).killed && mayStart(scenario, state, call))
      list.push({ do: "start", call });
  });
  hosts.forEach(({ place, killed, offset }, host) => {
    if (killed) return;
    const { burst } = place;
    for (const op of burst.pending) {
      if (isAnswered(state, host, op.op)) list.push({ do: "deliver", host, op: op.op });
      else for (const fate of fates(scenario, op, left)) list.push({ do: "request", host, op: op.op, fate });
    }
    const timer = burst.timers[0];
    if (timer !== undefined && timer.due <= state.now + offset) list.push({ do: "fire", host, timer: timer.timer });
    for (const call of burst.running)
      for (const outcome of scenario.outcomes) list.push({ do: "finish", call, outcome });
    if (left > 0 && burst.live.length > 0) list.push({ do: "kill", host });
    const back = at(scenario.hosts, host).stepBackMs;
    const open = scenario.calls.some((call, c) => call.host === host && !OVER.includes(at(ghost.calls, c).phase));
    if (back !== undefined && open && burst.timers.length === 0 && offset === at(scenario.hosts, host).clockOffsetMs)
      list.push({ do: "stepBack", host });
  });
  for (const index of state.stragglers.keys()) list.push({ do: "arrive", index });
  state.records.forEach((record, key) => {
    if (record !== undefined && state.now >= record.value.expiresAt * 1_000 && concerns(scenario, state, key))
      list.push({ do: "delete", key });
  });
  const later = moments(scenario, state);
  for (const until of later) {
    const cost = disturbed(state, until).length;
    if (cost === 0 ? until === later[0] : cost <= left) list.push({ do: "wait", until });
  }
  return list;
}

function mayStart(scenario: Scenario, { ghost, hosts }: State, call: number): boolean {
  const { after = [] } = at(scenario.calls, call);
  return scenario.calls.every((plan, i) => {
    const { phase } = at(ghost.calls, i);
    return !after.includes(plan.name) || phase === "ended" || phase === "dead" || at(hosts, plan.host).killed;
  });
}

function fates(scenario: Scenario, { request }: PendingOp, left: number): Fate[] {
  if (left <= 0) return ["answered"];
  const { fatal, tooLarge } = scenario.extras ?? {};
  const list: Fate[] = ["answered", "delayed", "throttled"];
  const writes = request.verb !== "read" && request.verb !== "getBody";
  if (writes) list.push("answerLost", "resent");
  if (writes && scenario.strays) list.push("strayed", "doubled");
  if (fatal) list.push("forbidden");
  if (tooLarge && request.verb === "swap" && request.next.status === "COMPLETED" && !isMarker(request.next))
    list.push("tooLarge");
  return list;
}

/** Whether anything that can still happen could meet the record of this key. */
export function concerns(scenario: Scenario, { ghost, stragglers, hosts }: State, key: number): boolean {
  const name = keysOf(scenario)[key];
  const open = (plan: { host: number; key: string }, call: number): boolean => {
    const { phase } = at(ghost.calls, call);
    return plan.key === name && !at(hosts, plan.host).killed && (phase === "idle" || phase === "live");
  };
  return scenario.calls.some(open) || stragglers.some(({ call }) => at(scenario.calls, call).key === name);
}

/**
 * The hosts for which it is a fault if time goes on until then: a request of theirs is not answered meanwhile, or they
 * sleep over a timer of theirs. One pause of whatever length is one fault.
 */
export function disturbed({ hosts }: State, until: number): number[] {
  return hosts.flatMap((host, i) => {
    const waits = host.place.burst.pending.length > 0;
    return !host.killed && (waits || sleepsOver(host, until)) ? [i] : [];
  });
}

export function sleepsOver({ place, killed, offset }: HostState, until: number): boolean {
  const timer = place.burst.timers[0];
  return !killed && timer !== undefined && timer.due < until + offset;
}
