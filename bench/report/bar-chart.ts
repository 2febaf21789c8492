/** Bars from the left, with a line over each from the first quartile to the third. */
import type { Summary } from "../harness/statistics.ts";
import { colourOf, escaped, picture } from "./svg.ts";

export interface Bar {
  readonly label: string;
  readonly summary: Summary;
  readonly shown: string;
  /** Bars of one kind have one colour. */
  readonly kind: number;
}

const WIDTH = 760;
const LEFT = 270;
const RIGHT = 150;
const ROW = 26;
const TOP = 44;

export function barChart(title: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ summary }) => Math.max(summary.median, summary.q3)));
  const x = (value: number): number => round(LEFT + (value / most) * (WIDTH - LEFT - RIGHT));
  const parts = bars.flatMap(({ label, summary, shown, kind }, i) => {
    const y = TOP + i * ROW;
    const middle = y + 9;
    return [
      `<text class="text" x="${LEFT - 10}" y="${middle + 4}" text-anchor="end">${escaped(label)}</text>`,
      `<rect class="c${colourOf(kind)}" x="${LEFT}" y="${y}" width="${round(x(summary.median) - LEFT)}" height="18" rx="2"/>`,
      ...(summary.q1 === summary.q3
        ? []
        : [
            `<path class="mark" stroke-width="1.5" fill="none" d="M${x(summary.q1)} ${middle}H${x(summary.q3)}M${x(summary.q1)} ${y + 5}v8M${x(summary.q3)} ${y + 5}v8"/>`,
          ]),
      `<text class="text" x="${round(Math.max(x(summary.median), x(summary.q3)) + 8)}" y="${middle + 4}">${escaped(shown)}</text>`,
    ];
  });
  return picture(WIDTH, TOP + bars.length * ROW + 10, title, parts);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
