/** The bounds that the project set itself, held against the figures of one run. */
import { inOrder, NAMES } from "../harness/bundles.ts";
import { type Metric, type Results, rounds } from "../harness/results.ts";
import { ratios, type Summary, summarize } from "../harness/statistics.ts";
import { growthOf, heapOf, wallOf } from "../sections/batch.ts";
import { EXTERNAL } from "../sections/size.ts";

export interface Judged {
  readonly text: string;
  readonly unit: Metric["unit"];
  readonly measured: Summary | undefined;
  /** Absent: a figure to know, without a bound. */
  readonly limit?: number;
  readonly verdict: string;
}

interface Bound {
  readonly text: string;
  readonly limit?: number;
  readonly unit?: Metric["unit"];
  /** A value a round. Throws where the results do not hold what it needs. */
  readonly of: (results: Results) => readonly number[];
}

export const FORMATS = ["ESM", "CommonJS"] as const;

/** The wall time of a cold start in the module format in which this variant is faster. */
function fastest(results: Results, variant: string): readonly number[] {
  const both = FORMATS.map((format) => rounds(results.sections["cold"], `wall, ${format}`, variant));
  return both.toSorted((a, b) => summarize(a).median - summarize(b).median)[0] ?? [];
}

const cold =
  (over: string, under: string, lessNode = false) =>
  (results: Results): readonly number[] =>
    ratios(fastest(results, over), fastest(results, under), lessNode ? fastest(results, NAMES.nothing) : []);

/** One metric of a section, of one variant against another; or of one metric against another. */
const against =
  (
    section: string,
    over: readonly [metric: string, variant: string],
    under: readonly [metric: string, variant: string],
  ) =>
  ({ sections }: Results): readonly number[] =>
    ratios(rounds(sections[section], ...over), rounds(sections[section], ...under));

const plain =
  (section: string, metric: string, variant: string) =>
  ({ sections }: Results): readonly number[] =>
    rounds(sections[section], metric, variant);

const { lean, sdk, powertools, floor, byHand } = NAMES;

const BOUNDS: readonly Bound[] = [
  { text: "cold start, lean, against Powertools", limit: 0.5, of: cold(lean, powertools) },
  { text: "cold start, with the SDK, against Powertools", limit: 1, of: cold(sdk, powertools) },
  { text: "cold start, lean, against the bare floor", limit: 1.3, of: cold(lean, floor) },
  { text: "... lean, against Powertools, less Node's own start", of: cold(lean, powertools, true) },
  { text: "... with the SDK, against Powertools, less Node's own start", of: cold(sdk, powertools, true) },
  { text: "... lean, against the floor, less Node's own start", of: cold(lean, floor, true) },
  {
    text: "the wrapper's own CPU, new call, against Powertools",
    limit: 0.5,
    of: against("own", ["new call", sdk], ["new call", powertools]),
  },
  {
    text: "the wrapper's own CPU, replay, against Powertools",
    limit: 0.5,
    of: against("own", ["replay", sdk], ["replay", powertools]),
  },
  {
    text: "CPU of a new call over an engine, lean, against Powertools",
    limit: 0.6,
    of: against("engine", ["CPU, new call", lean], ["CPU, new call", powertools]),
  },
  {
    text: "... a replay, lean, against Powertools",
    of: against("engine", ["CPU, replay", lean], ["CPU, replay", powertools]),
  },
  {
    text: "... a new call, with the SDK, against Powertools",
    of: against("engine", ["CPU, new call", sdk], ["CPU, new call", powertools]),
  },
  {
    text: "... a new call, with the SDK, against the same writes by hand",
    of: against("engine", ["CPU, new call", sdk], ["CPU, new call", byHand]),
  },
  {
    text: "round trips of a new call",
    limit: 2,
    unit: "count",
    of: plain("wire", "round trips, new call", lean),
  },
  { text: "round trips of a replay", limit: 1, unit: "count", of: plain("wire", "round trips, replay", lean) },
  {
    text: "round trips of a cached replay",
    limit: 0,
    unit: "count",
    of: plain("wire", "round trips, replay from the cache", lean),
  },
  {
    text: "dollars for replaying 40 KB, against Powertools",
    limit: 0.15,
    of: against("capacity", ["USD, replay, 40 KB", lean], ["USD, replay, 40 KB", powertools]),
  },
  {
    text: "size of http + dynamodb + core, minified and gzipped, SDK external",
    limit: 8_192,
    unit: "bytes",
    of: plain("size", "gzip", sdk + EXTERNAL),
  },
  {
    text: "SQS batch of 10, wall, against one record (handler takes 50 ms)",
    limit: 1.5,
    of: against("batch", [wallOf(10, true), lean], [wallOf(1, true), lean]),
  },
  {
    text: "SQS batch of 10, wall, against one record (handler does nothing)",
    limit: 1.5,
    of: against("batch", [wallOf(10, false), lean], [wallOf(1, false), lean]),
  },
  {
    text: "live heap in a batch of 10 000 against 100, less the events",
    limit: 1.5,
    of: against("batch", [heapOf(10_000), lean], [heapOf(100), lean]),
  },
  {
    text: "... and less what the idle process has",
    limit: 1.5,
    of: against("batch", [growthOf(10_000), lean], [growthOf(100), lean]),
  },
];

/** Every bound, also those for which there is no figure. */
export function judge(results: Results): readonly Judged[] {
  return BOUNDS.map(({ text, limit, unit = "ratio", of }): Judged => {
    const bound = limit === undefined ? {} : { limit };
    try {
      const measured = summarize(of(results));
      return { text, unit, measured, ...bound, verdict: verdictOf(measured.median, limit) };
    } catch (error) {
      const why = (error as Error).message.split(": ").at(-1) ?? "";
      return { text, unit, measured: undefined, ...bound, verdict: limit === undefined ? why : `**missed**: ${why}` };
    }
  });
}

export function verdictOf(median: number, limit: number | undefined): string {
  if (limit === undefined) return "";
  if (median <= limit) return "met";
  return limit === 0 ? `**missed** by ${median}` : `**missed** by ${Math.round((median / limit - 1) * 100)} %`;
}

/** CommonJS against ES modules, of each variant's cold start. */
export function formatRatios(results: Results): readonly { readonly variant: string; readonly ratio: Summary }[] {
  const section = results.sections["cold"];
  const variants = Object.keys(section?.metrics[0]?.values ?? {});
  return inOrder(variants).map((variant) => ({
    variant,
    ratio: summarize(ratios(rounds(section, "wall, CommonJS", variant), rounds(section, "wall, ESM", variant))),
  }));
}
