/** What a section of the benchmark is given, and what it is. */
import type { SectionResult } from "./results.ts";

export interface Run {
  /** A smoke run: everything once or twice, for nobody to look at the figures. */
  readonly quick: boolean;
  /** The same order in every run. */
  readonly random: () => number;
  /** Says what is being measured. */
  readonly say: (text: string) => void;
}

export interface Section {
  readonly name: string;
  readonly title: string;
  /** How it is measured, for the page. */
  readonly method: string;
  readonly measure: (run: Run) => Promise<SectionResult>;
}

/** Collects a value a round for each metric and variant. */
export function createTally(): {
  readonly add: (metric: string, variant: string, value: number) => void;
  readonly values: (metric: string) => Record<string, number[]>;
} {
  const metrics = new Map<string, Record<string, number[]>>();
  return {
    add(metric, variant, value) {
      const variants = metrics.get(metric) ?? {};
      variants[variant] = [...(variants[variant] ?? []), value];
      metrics.set(metric, variants);
    },
    values: (metric) => metrics.get(metric) ?? {},
  };
}
