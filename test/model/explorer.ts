/**
 * Walks every schedule of a scenario, breadth first: the first violation met is one with the fewest steps.
 *
 * A state that was met before is not walked again: from it on, everything is the same. What was met makes a graph without
 * cycles, since every step uses something up; the schedules are the ways through it, counted at the end.
 */

import { actions } from "./actions.ts";
import { type Machine, rememberingMachine } from "./machine.ts";
import { createProbe, type Probe } from "./probe.ts";
import type { Scenario } from "./scenario.ts";
import { step } from "./step.ts";
import type { Sut } from "./sut.ts";
import { type Action, begin, keyOf, type State } from "./world.ts";

export interface Violation {
  /** Begins with the G-number. */
  readonly broken: string;
  readonly trace: readonly Action[];
}

export interface Explored {
  readonly scenario: string;
  readonly states: number;
  readonly steps: number;
  /** Ways from the beginning to an end. Exact up to 2^53, then rounded. */
  readonly schedules: number;
  readonly ends: number;
  /** The steps of the longest schedule. */
  readonly depth: number;
  readonly ms: number;
  /** What of it the code under test ran for. */
  readonly bursts: number;
  readonly probes: number;
  readonly violation: Violation | undefined;
  /** Whether everything was walked. */
  readonly complete: boolean;
}

export interface Limits {
  readonly maxStates?: number;
}

interface Graph {
  readonly parents: number[];
  readonly ways: (Action | undefined)[];
  /** Pairs: from, to. */
  readonly edges: number[];
  readonly ends: number[];
}

export async function explore(sut: Sut, scenario: Scenario, limits: Limits = {}): Promise<Explored> {
  const begun = performance.now();
  Error.stackTraceLimit = 0; // errors are made by the million here, and nobody reads where
  const machine = rememberingMachine(sut, scenario);
  const probe = createProbe(sut, scenario);
  const graph: Graph = { parents: [-1], ways: [undefined], edges: [], ends: [] };
  const first = begin(machine, scenario);
  const numbers = new Map([[keyOf(scenario, first), 0]]);
  let frontier: { state: State; n: number }[] = [{ state: first, n: 0 }];
  let violation: Violation | undefined;
  let complete = true;

  walk: while (frontier.length > 0) {
    const next: typeof frontier = [];
    for (const { state, n } of frontier) {
      const options = actions(scenario, state);
      if (options.length === 0) graph.ends.push(n);
      const broken = (options.length === 0 ? stuck(scenario, state) : undefined) ?? (await probe.check(state));
      if (broken !== undefined) {
        violation = { broken, trace: traceTo(graph, n) };
        break walk;
      }
      for (const action of options) {
        const after = await step(machine, scenario, state, action);
        if (after.broken !== undefined) {
          violation = { broken: after.broken, trace: [...traceTo(graph, n), action] };
          break walk;
        }
        const key = keyOf(scenario, after.state);
        let number = numbers.get(key);
        if (number === undefined) {
          number = graph.parents.length;
          numbers.set(key, number);
          graph.parents.push(n);
          graph.ways.push(action);
          next.push({ state: after.state, n: number });
        }
        graph.edges.push(n, number);
      }
      if (numbers.size > (limits.maxStates ?? Number.POSITIVE_INFINITY)) {
        complete = false;
        break walk;
      }
    }
    frontier = next;
  }
  if (violation !== undefined) complete = false;
  return report(scenario, graph, machine, probe, { violation, complete, ms: performance.now() - begun });
}

/** An end at which a call has neither ended nor been killed, though nothing can happen any more. */
function stuck(scenario: Scenario, state: State): string | undefined {
  const call = state.ghost.calls.findIndex(({ phase }) => phase === "live");
  if (call < 0) return undefined;
  return `G25: call ${scenario.calls[call]?.name} never ends`;
}

function traceTo(graph: Graph, n: number): Action[] {
  const trace: Action[] = [];
  for (let at = n; at > 0; at = graph.parents[at] as number) trace.push(graph.ways[at] as Action);
  return trace.reverse();
}

function report(
  scenario: Scenario,
  graph: Graph,
  machine: Machine,
  probe: Probe,
  rest: Pick<Explored, "violation" | "complete" | "ms">,
): Explored {
  const { schedules, depth, circle } = countWays(graph);
  if (circle !== undefined) {
    const violation = {
      broken: "G25: the calls go round in a circle that need not end",
      trace: traceTo(graph, circle),
    };
    rest = { ...rest, violation: rest.violation ?? violation };
  }
  return {
    scenario: scenario.name,
    states: graph.parents.length,
    steps: graph.edges.length / 2,
    schedules,
    depth,
    ends: graph.ends.length,
    bursts: machine.runs.bursts,
    probes: probe.runs(),
    ...rest,
  };
}

/** The number of ways to an end and the longest of them, in topological order. */
function countWays({ parents, edges, ends }: Graph): { schedules: number; depth: number; circle: number | undefined } {
  const count = parents.length;
  const missing = new Int32Array(count);
  const firstEdge = new Int32Array(count + 1);
  for (let e = 0; e < edges.length; e += 2) {
    const [from, to] = [edges[e] as number, edges[e + 1] as number];
    firstEdge[from + 1] = (firstEdge[from + 1] as number) + 1;
    missing[to] = (missing[to] as number) + 1;
  }
  for (let n = 0; n < count; n++) firstEdge[n + 1] = (firstEdge[n + 1] as number) + (firstEdge[n] as number);
  const targets = new Int32Array(edges.length / 2);
  const fill = firstEdge.slice();
  for (let e = 0; e < edges.length; e += 2) {
    const from = edges[e] as number;
    const slot = fill[from] as number;
    targets[slot] = edges[e + 1] as number;
    fill[from] = slot + 1;
  }
  const ways = new Float64Array(count);
  const longest = new Int32Array(count);
  ways[0] = 1;
  const ready = [0];
  let walked = 0;
  while (ready.length > 0) {
    const n = ready.pop() as number;
    walked++;
    for (let e = firstEdge[n] as number; e < (firstEdge[n + 1] as number); e++) {
      const to = targets[e] as number;
      ways[to] = (ways[to] as number) + (ways[n] as number);
      longest[to] = Math.max(longest[to] as number, (longest[n] as number) + 1);
      missing[to] = (missing[to] as number) - 1;
      if (missing[to] === 0) ready.push(to);
    }
  }
  const circle = walked === count ? undefined : missing.findIndex((n) => n > 0);
  return {
    circle,
    schedules: ends.reduce((sum, n) => sum + (ways[n] as number), 0),
    depth: ends.reduce((most, n) => Math.max(most, longest[n] as number), 0),
  };
}
