/**
 * Takes schedules again: to tell a trace in words, and to check the memory of `machine.ts` against hosts that are alive
 * beside each other on one store, which is what happens in production.
 */

import { actions } from "./actions.ts";
import { liveMachine, type Machine, rememberingMachine, textOf } from "./machine.ts";
import type { Scenario } from "./scenario.ts";
import { step } from "./step.ts";
import type { Sut } from "./sut.ts";
import { wordStep } from "./wording.ts";
import { type Action, begin, shownState } from "./world.ts";

interface Told {
  readonly lines: readonly string[];
  readonly broken: string | undefined;
  /** Everything that was seen. */
  readonly seen: string;
}

export async function tell(machine: Machine, scenario: Scenario, trace: readonly Action[]): Promise<Told> {
  let state = begin(machine, scenario);
  const lines: string[] = [];
  let seen = "";
  for (const action of trace) {
    const { state: next, log, broken } = await step(machine, scenario, state, action);
    lines.push(...wordStep(scenario, action, log, state.now, next.now));
    seen += `${textOf(log)}\n${shownState(next)}\n`;
    if (broken !== undefined) return { lines, broken, seen };
    state = next;
  }
  return { lines, broken: undefined, seen };
}

/** Walks at random, from a seed, and compares what the two machines saw. Gives the number of steps, or throws. */
export async function crossCheck(sut: Sut, scenario: Scenario, walks: number): Promise<number> {
  const chance = seeded(20_261_124);
  const machine = rememberingMachine(sut, scenario);
  let steps = 0;
  for (let walk = 0; walk < walks; walk++) {
    const trace: Action[] = [];
    let state = begin(machine, scenario);
    for (let options = actions(scenario, state); options.length > 0; options = actions(scenario, state)) {
      const action = options[Math.floor(chance() * options.length)] as Action;
      trace.push(action);
      state = (await step(machine, scenario, state, action)).state;
    }
    const remembered = await tell(machine, scenario, trace);
    const alive = await tell(liveMachine(sut, scenario), scenario, trace);
    if (remembered.seen !== alive.seen)
      throw new Error(
        `What is remembered is not what happens:\n${alive.lines.join("\n")}\n--\n${remembered.lines.join("\n")}`,
      );
    steps += trace.length;
  }
  return steps;
}

/** Numbers from 0 to 1, the same ones for a seed (mulberry32). */
function seeded(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
