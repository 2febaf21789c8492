// Why: the demo needs trouble on request. Nothing here belongs in a real service; the handler asks it two questions.

/**
 * `slow`: the provider answers late, after the charge was made, so there is time to meet or kill a running payment.
 * `fail-once`: the first attempt fails after its charge.
 */
export const troubles = ["slow", "fail-once"] as const;
export type Trouble = (typeof troubles)[number];

export function isTrouble(value: unknown): value is Trouble {
  return troubles.some((trouble) => trouble === value);
}

export function answerDelayMs(trouble: Trouble | undefined): number {
  return trouble === "slow" ? 2_000 : 0;
}

export function shouldFail(trouble: Trouble | undefined, attempt: number): boolean {
  return trouble === "fail-once" && attempt === 1;
}
