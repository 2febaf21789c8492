/** Puts a run's figures into the documents. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../../local/paths.ts";
import type { Results } from "../harness/results.ts";
import type { Section } from "../harness/section.ts";
import { charts } from "./charts.ts";
import { benchmarksPart, readmePart, withGenerated } from "./page.ts";

/** The documents as these results have them, by their paths in the repository. */
export function documents(results: Results, sections: readonly Section[]): ReadonlyMap<string, string> {
  const current = (path: string): string => readFileSync(join(repository, path), "utf8");
  const page = "docs/benchmarks.md";
  return new Map([
    [page, withGenerated(current(page), page, benchmarksPart(results, sections))],
    ["README.md", withGenerated(current("README.md"), "README.md", readmePart(results))],
    ...charts(results).map(({ file, svg }) => [`docs/${file}`, svg] as const),
  ]);
}

export function writeDocuments(results: Results, sections: readonly Section[]): void {
  for (const [path, text] of documents(results, sections)) writeFileSync(join(repository, path), text);
}
