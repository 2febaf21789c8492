/** Which figures are drawn, by section, and how. */
import { inOrder } from "../harness/bundles.ts";
import { type Metric, type Results, rounds, type SectionResult, type Values } from "../harness/results.ts";
import { summarize } from "../harness/statistics.ts";
import { wallOf } from "../sections/batch.ts";
import { SIZES } from "../sections/capacity.ts";
import { RECORDS } from "../sections/growth.ts";
import { CONCURRENCIES } from "../sections/load.ts";
import { type Bar, barChart } from "./bar-chart.ts";
import { FORMATS } from "./bounds.ts";
import { spread } from "./format.ts";
import { lineChart } from "./line-chart.ts";

export interface Chart {
  readonly section: string;
  readonly file: string;
  readonly title: string;
  readonly svg: string;
}

/** A bar for each variant and metric, the metrics of one variant together. */
function bars(section: SectionResult, metrics: readonly string[], shortened: readonly string[]): readonly Bar[] {
  const first = section.metrics.find(({ name }) => name === metrics[0]);
  const variants = inOrder(Object.keys(first?.values ?? {}));
  return variants.flatMap((variant) =>
    metrics.map((metric, kind): Bar => {
      const summary = summarize(rounds(section, metric, variant));
      const unit: Metric["unit"] = first?.unit ?? "ms";
      return { label: `${variant}, ${shortened[kind]}`, summary, shown: spread(summary, unit), kind };
    }),
  );
}

/** A line for each variant over metrics that stand for steps. */
function lines(
  section: SectionResult,
  title: string,
  steps: readonly (readonly [label: string, metric: string])[],
): string {
  const metrics = steps.map(([, name]) => section.metrics.find((metric) => metric.name === name));
  const variants = inOrder(new Set(metrics.flatMap((metric) => Object.keys(metric?.values ?? {}))));

  const median = (values: Values | undefined): number | undefined =>
    values === undefined || typeof values === "string" ? undefined : summarize(values).median;
  return lineChart(
    title,
    steps.map(([label]) => label),
    variants.map((label) => ({ label, values: metrics.map((metric) => median(metric?.values[label])) })),
    metrics[0]?.unit ?? "ms",
  );
}

const DRAWINGS: readonly {
  readonly section: string;
  readonly title: string;
  readonly draw: (section: SectionResult, title: string) => string;
}[] = [
  {
    section: "cold",
    title: "Process start to first response, wall time",
    draw: (section, title) =>
      barChart(
        title,
        bars(
          section,
          FORMATS.map((format) => `wall, ${format}`),
          FORMATS,
        ),
      ),
  },
  {
    section: "engine",
    title: "CPU of a call over an engine",
    draw: (section, title) => barChart(title, bars(section, ["CPU, new call", "CPU, replay"], ["new", "replay"])),
  },
  {
    section: "capacity",
    title: "Dollars for a million replays, by the size of the response",
    draw: (section, title) =>
      lines(
        section,
        title,
        SIZES.map(([size]) => [size, `USD, replay, ${size}`]),
      ),
  },
  {
    section: "batch",
    title: "Wall time of an SQS batch whose handler does nothing, by its records",
    draw: (section, title) =>
      lines(
        section,
        title,
        [1, 10, 100, 1_000, 10_000].map((size) => [String(size), wallOf(size, false)]),
      ),
  },
  {
    section: "load",
    title: "New calls a second in one process, by calls at once",
    draw: (section, title) =>
      lines(
        section,
        title,
        CONCURRENCIES.map((n) => [String(n), `calls a second, ${n} at once`]),
      ),
  },
  {
    section: "growth",
    title: "Wall time of a new call, by records in the table",
    draw: (section, title) =>
      lines(
        section,
        title,
        RECORDS.map((n) => [String(n), `new call, ${n} records`]),
      ),
  },
];

/** The charts of the sections that the results hold. */
export function charts({ sections }: Results): readonly Chart[] {
  return DRAWINGS.flatMap(({ section, title, draw }) => {
    const result = sections[section];
    if (result === undefined) return [];
    return [{ section, title, file: `benchmarks-${section}.svg`, svg: draw(result, title) }];
  });
}
