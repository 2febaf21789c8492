/** Lines over steps that stand equally far apart, on a logarithmic height, since what is compared are ratios. */

import type { Metric } from "../harness/results.ts";
import { figure } from "./format.ts";
import { colourOf, escaped, picture } from "./svg.ts";

export interface Line {
  readonly label: string;
  /** Where there is no figure, the line has a gap. */
  readonly values: readonly (number | undefined)[];
}

const WIDTH = 760;
const LEFT = 90;
const RIGHT = 220;
const TOP = 48;
const HEIGHT = 220;

export function lineChart(
  title: string,
  steps: readonly string[],
  lines: readonly Line[],
  unit: Metric["unit"],
): string {
  const known = lines.flatMap(({ values }) => values.filter((value) => value !== undefined && value > 0)) as number[];
  const from = Math.floor(Math.log10(Math.min(...known)));
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...known))));
  const x = (step: number): number => round(LEFT + (step / Math.max(1, steps.length - 1)) * (WIDTH - LEFT - RIGHT));
  const y = (value: number): number => round(TOP + HEIGHT - ((Math.log10(value) - from) / (to - from)) * HEIGHT);

  const decades = Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i)).flatMap((value) => [
    `<line class="line" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}"/>`,
    `<text class="faint" x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${escaped(figure(value, unit))}</text>`,
  ]);
  const marks = steps.map(
    (step, i) =>
      `<text class="faint" x="${x(i)}" y="${TOP + HEIGHT + 20}" text-anchor="middle">${escaped(step)}</text>`,
  );
  const drawn = lines.flatMap(({ values }, nth) => {
    const points = values.flatMap((value, i) => (value === undefined ? [] : [[x(i), y(value)] as const]));
    const path = points.map(([px, py], i) => `${i === 0 ? "M" : "L"}${px} ${py}`).join("");
    return [
      `<path class="s${colourOf(nth)}" stroke-width="2" fill="none" d="${path}"/>`,
      ...points.map(([px, py]) => `<circle class="c${colourOf(nth)}" cx="${px}" cy="${py}" r="3.5"/>`),
    ];
  });
  const legend = lines.flatMap(({ label }, nth) => {
    const at = TOP + 10 + nth * 24;
    return [
      `<rect class="c${colourOf(nth)}" x="${WIDTH - RIGHT + 24}" y="${at - 9}" width="14" height="10" rx="2"/>`,
      `<text class="text" x="${WIDTH - RIGHT + 46}" y="${at}">${escaped(label)}</text>`,
    ];
  });
  return picture(WIDTH, TOP + HEIGHT + 36, title, [...decades, ...marks, ...drawn, ...legend]);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
