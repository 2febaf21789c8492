/** Figures as people read them. */
import type { Metric } from "../harness/results.ts";
import { type Summary, summarize } from "../harness/statistics.ts";

type Unit = Metric["unit"];

const SUFFIX: Readonly<Record<Unit, string>> = {
  ms: " ms",
  us: " µs",
  bytes: "",
  units: "",
  usd: " USD",
  count: "",
  perSecond: "/s",
  ratio: "",
};

/** Three digits, thousands apart. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  const digits = size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  const [whole = "", fraction] = value.toFixed(digits).split(".");
  const apart = whole.replace(/\B(?=(\d{3})+$)/g, "\u2009");
  return fraction === undefined || (Number.isInteger(value) && size < 100) ? apart : `${apart}.${fraction}`;
}

export function figure(value: number, unit: Unit): string {
  if (unit === "ratio") return value.toFixed(2);
  if (unit === "bytes") return bytes(value);
  return `${number(value)}${SUFFIX[unit]}`;
}

function bytes(value: number): string {
  if (Math.abs(value) < 1_024) return `${Math.round(value)} B`;
  return value < 1_048_576 ? `${number(value / 1_024)} KB` : `${number(value / 1_048_576)} MB`;
}

/** The median, and between which values the middle half of the rounds lies. */
export function spread({ median, q1, q3, count }: Summary, unit: Unit): string {
  if (count < 3 || q1 === q3) return figure(median, unit);
  const bare = (value: number): string => (unit === "bytes" || unit === "ratio" ? figure(value, unit) : number(value));
  return `${figure(median, unit)} (${bare(q1)}–${bare(q3)})`;
}

export function spreadOf(values: readonly number[], unit: Unit): string {
  return spread(summarize(values), unit);
}
