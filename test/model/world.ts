/**
 * The world around the code under test: what a state of it is, and which states are one.
 *
 * A store operation travels: it is sent, evaluated, answered. Between these anything can happen, and each can go wrong
 * (`actions.ts` lists what can happen next, `step.ts` makes it happen).
 */
import { type Ghost, ghostKey, keysOf, newGhost } from "./ghost.ts";
import { at, type Request } from "./host.ts";
import { type Box, type Machine, type Place, type RecordBox, textOf } from "./machine.ts";
import { BEGIN_MS, type HandlerOutcome, type Scenario } from "./scenario.ts";

/** How a request fares. All but the first are faults. */
export type Fate =
  /** Evaluated, and its answer arrives. */
  | "answered"
  /** Evaluated; the answer is a step of its own, later. */
  | "delayed"
  /** Evaluated; the answer is lost, the caller gets an error. */
  | "answerLost"
  /** Not evaluated; the caller gets an error. */
  | "throttled"
  /** Not evaluated yet: the caller gets an error, the request travels on. */
  | "strayed"
  /** Evaluated; the answer is lost, and the SDK sends it again. */
  | "resent"
  /** The SDK sends it again, and the first copy travels on. */
  | "doubled"
  /** Refused for good. */
  | "forbidden"
  /** The store finds the result too large. */
  | "tooLarge";

export type Action =
  | { readonly do: "start"; readonly call: number }
  | { readonly do: "request"; readonly host: number; readonly op: number; readonly fate: Fate }
  | { readonly do: "deliver"; readonly host: number; readonly op: number }
  /** A copy of a request that nobody waits for arrives at the store. */
  | { readonly do: "arrive"; readonly index: number }
  | { readonly do: "fire"; readonly host: number; readonly timer: number }
  | { readonly do: "finish"; readonly call: number; readonly outcome: HandlerOutcome }
  | { readonly do: "kill"; readonly host: number }
  | { readonly do: "wait"; readonly until: number }
  | { readonly do: "delete"; readonly key: number }
  | { readonly do: "stepBack"; readonly host: number };

export interface HostState {
  readonly place: Place;
  readonly killed: boolean;
  /** It slept over a timer of its own. */
  readonly overslept: boolean;
  readonly offset: number;
}

export interface Answered {
  readonly host: number;
  readonly op: number;
  readonly answer: Box<unknown>;
}

export interface Straggler {
  readonly call: number;
  readonly request: Box<Request>;
  readonly sentAt: number;
}

export interface State {
  /** The true time. */
  readonly now: number;
  /** By key. */
  readonly records: readonly RecordBox[];
  readonly hosts: readonly HostState[];
  readonly answered: readonly Answered[];
  readonly stragglers: readonly Straggler[];
  readonly faults: number;
  readonly ghost: Ghost;
}

export function begin(machine: Machine, scenario: Scenario): State {
  return {
    now: BEGIN_MS,
    records: keysOf(scenario).map(() => undefined),
    hosts: scenario.hosts.map((plan, i) => ({
      place: machine.start(i),
      killed: false,
      overslept: false,
      offset: plan.clockOffsetMs,
    })),
    answered: [],
    stragglers: [],
    faults: 0,
    ghost: newGhost(scenario),
  };
}

export const OVER: readonly string[] = ["ended", "dead"];

/** Equal for two states in which the same can happen and the same is known. */
export function keyOf(scenario: Scenario, state: State): string {
  const { hosts, ghost } = state;
  let text = `${state.now}/${state.faults}`;
  for (const record of state.records) text += `,${record?.n ?? 0}`;
  hosts.forEach((host, i) => {
    const over = scenario.calls.every((call, c) => call.host !== i || OVER.includes(at(ghost.calls, c).phase));
    const idle = host.killed || (over && host.place.burst.timers.length === 0);
    text += idle ? "#" : `#${host.place.n}${host.overslept ? "z" : "."}${host.offset}`;
  });
  for (const { host, op, answer } of state.answered) text += `a${host}.${op}.${answer.n}`;
  for (const { request, call, sentAt } of state.stragglers) text += `s${call}.${request.n}.${sentAt}`;
  const loose = scenario.calls.map((_, call) => state.stragglers.some((straggler) => straggler.call === call));
  return `${text}=${ghostKey(ghost, loose)}`;
}

export function isAnswered(state: State, host: number, op: number): boolean {
  return state.answered.some((answer) => answer.host === host && answer.op === op);
}

/** For the wording of traces and of states that are compared. */
export function shownState(state: State): string {
  return textOf({ now: state.now, records: state.records.map((record) => record?.value) });
}
