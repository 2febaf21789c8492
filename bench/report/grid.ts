/** Figures as tables, for a terminal and for a page. */
import { inOrder } from "../harness/bundles.ts";
import type { Metric, SectionResult } from "../harness/results.ts";
import { ratios } from "../harness/statistics.ts";
import type { Judged } from "./bounds.ts";
import { figure, spread, spreadOf } from "./format.ts";

export interface Grid {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Metrics down and variants across, or the other way round where there are more variants. */
export function sectionGrid({ metrics }: SectionResult): Grid {
  const variants = inOrder(new Set(metrics.flatMap(({ values }) => Object.keys(values))));
  if (metrics.length >= variants.length) {
    return {
      head: ["", ...variants],
      rows: metrics.map((metric) => [metric.name, ...variants.map((variant) => cell(metric, variant))]),
    };
  }
  return {
    head: ["", ...metrics.map(({ name }) => name)],
    rows: variants.map((variant) => [variant, ...metrics.map((metric) => cell(metric, variant))]),
  };
}

/** The figure, and its ratio to the baseline's round by round. */
function cell({ values, unit, baseline }: Metric, variant: string): string {
  const own = values[variant];
  if (own === undefined) return "";
  if (typeof own === "string") return own;
  const others = baseline === undefined || baseline === variant ? undefined : values[baseline];
  const text = spreadOf(own, unit);
  if (others === undefined || typeof others === "string" || others.length !== own.length) return text;
  return `${text}, ×${spreadOf(ratios(own, others), "ratio")}`;
}

export function boundsGrid(judged: readonly Judged[]): Grid {
  return {
    head: ["", "measured", "bound", ""],
    rows: judged.map(({ text, unit, measured, limit, verdict }) => [
      text,
      measured === undefined ? "" : spread(measured, unit),
      limit === undefined ? "" : figure(limit, unit),
      verdict,
    ]),
  };
}

export function toMarkdown({ head, rows }: Grid): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Columns as wide as their widest cell. */
export function toText({ head, rows }: Grid): string {
  const lines = [head, ...rows].map((cells) => cells.map((text) => text.replaceAll("**", "")));
  const widths = head.map((_, column) => Math.max(...lines.map((cells) => (cells[column] ?? "").length)));
  return lines
    .map((cells) =>
      cells
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
