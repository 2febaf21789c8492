// Why: the demo needs trouble on request. Nothing here belongs in a real consumer, which asks it one question.

import { setTimeout as sleep } from "node:timers/promises";

/**
 * All strike after the effect, where it is hardest to get right.
 * `slow`: takes its time, so that a copy meets it running, or a SIGKILL hits it.
 * `fail-once`, `fail-twice`: the first attempts fail.
 * `poison`: every attempt fails.
 */
export const troubles = ["slow", "fail-once", "fail-twice", "poison"] as const;
export type Trouble = (typeof troubles)[number];

const failures = { slow: 0, "fail-once": 1, "fail-twice": 2, poison: Number.POSITIVE_INFINITY };

export function isTrouble(value: unknown): value is Trouble {
  return troubles.some((trouble) => trouble === value);
}

/** Makes the trouble that was asked for, in this attempt. */
export async function strike(trouble: Trouble | undefined, attempt: number): Promise<void> {
  if (trouble === undefined) return;
  if (trouble === "slow") await sleep(400);
  if (attempt <= failures[trouble]) throw new Error(`Simulated failure (${trouble}, attempt ${attempt}).`);
}
