/** Medians and their spread. A ratio is taken round by round, so that what slows a whole round slows both sides of it. */

export interface Summary {
  readonly median: number;
  readonly q1: number;
  readonly q3: number;
  readonly count: number;
}

/** The value below which a share of the values lies, between two values linearly. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

export function summarize(values: readonly number[]): Summary {
  return {
    median: quantile(values, 0.5),
    q1: quantile(values, 0.25),
    q3: quantile(values, 0.75),
    count: values.length,
  };
}

/** Round by round `over / under`, each less what both have in common in that round. */
export function ratios(
  over: readonly number[],
  under: readonly number[],
  less: readonly number[] = [],
): readonly number[] {
  if (over.length !== under.length) {
    throw new Error(`a ratio needs the same rounds on both sides, not ${over.length} and ${under.length}`);
  }
  return over.map((value, i) => (value - (less[i] ?? 0)) / ((under[i] ?? Number.NaN) - (less[i] ?? 0)));
}

/** Numbers from 0 to 1 that are the same in every run. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The same items in another order. */
export function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  const left = [...items];
  const order: T[] = [];
  while (left.length > 0) order.push(...left.splice(Math.floor(random() * left.length), 1));
  return order;
}
