/**
 * A linearizability checker: whether there is one order of steps that respects when each of them can have happened and in
 * which each of them was right. Wing and Gong's search, with the states that were visited remembered (Lowe).
 *
 * What a step means is the specification's (`once-spec.ts`); nothing here knows the library.
 */

export interface Step<S> {
  /** For people. */
  readonly name: string;
  /** It happened not before this... */
  readonly from: number;
  /** ...and not after this. A step that ends before another begins comes before it. */
  readonly to: number;
  /** It may never have happened: a request whose fate is unknown. */
  readonly optional: boolean;
  /** The state after it, or `undefined` where it cannot have happened in this one. */
  readonly apply: (state: S) => S | undefined;
}

export type Linearization =
  | { readonly ok: true; readonly order: readonly string[] }
  /** The longest order that was right, the state it led to, and the steps of which none can come next. */
  | { readonly ok: false; readonly order: readonly string[]; readonly state: string; readonly stuck: readonly string[] }
  /** Too much was open to tell. */
  | { readonly ok: undefined; readonly visited: number };

/** So many states of one history are looked at. Histories of a dozen calls need some hundreds. */
const MAX_VISITED = 200_000;

export function linearize<S>(initial: S, steps: readonly Step<S>[], maxVisited: number = MAX_VISITED): Linearization {
  const sorted = [...steps].sort((a, b) => a.from - b.from || a.to - b.to);
  const mandatory = sorted.reduce((mask, step, i) => (step.optional ? mask : mask | (1n << BigInt(i))), 0n);
  const visited = new Set<string>();
  let longest: { path: readonly number[]; state: S } = { path: [], state: initial };
  interface Node {
    readonly done: bigint;
    readonly state: S;
    readonly path: readonly number[];
  }
  const open: Node[] = [{ done: 0n, state: initial, path: [] }];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const { done, state, path } = node;
    if ((done & mandatory) === mandatory) return { ok: true, order: path.map((i) => sorted[i]?.name ?? "") };
    const name = `${done} ${JSON.stringify(state)}`;
    if (visited.has(name)) continue;
    if (visited.size >= maxVisited) return { ok: undefined, visited: visited.size };
    visited.add(name);
    if (path.length > longest.path.length) longest = { path, state };
    // Pushed in reverse, so that what came first is tried first; steps that may never have happened are tried last.
    const next = candidates(sorted, done);
    for (const optional of [true, false]) {
      for (const i of next.toReversed()) {
        const step = sorted[i];
        if (step === undefined || step.optional !== optional) continue;
        const after = step.apply(state);
        if (after !== undefined) open.push({ done: done | (1n << BigInt(i)), state: after, path: [...path, i] });
      }
    }
  }
  const done = longest.path.reduce((mask, i) => mask | (1n << BigInt(i)), 0n);
  const stuck = candidates(sorted, done).filter((i) => sorted[i]?.optional === false);
  return {
    ok: false,
    order: longest.path.map((i) => sorted[i]?.name ?? ""),
    state: JSON.stringify(longest.state),
    stuck: stuck.map((i) => sorted[i]?.name ?? ""),
  };
}

/** The steps before which nothing else must come that is still to be done. */
function candidates<S>(sorted: readonly Step<S>[], done: bigint): number[] {
  let earliestEnd = Number.POSITIVE_INFINITY;
  sorted.forEach((step, i) => {
    if (!step.optional && (done & (1n << BigInt(i))) === 0n) earliestEnd = Math.min(earliestEnd, step.to);
  });
  return sorted.flatMap((step, i) => ((done & (1n << BigInt(i))) === 0n && step.from <= earliestEnd ? [i] : []));
}
