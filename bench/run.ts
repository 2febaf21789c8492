/**
 * The benchmark: one run, side by side.
 *
 * npm run bench                   all sections; writes bench/results.json, docs/benchmarks.md, its charts and the README's lines
 * npm run bench -- cold engine    these sections, printed only
 * npm run bench -- --quick        everything once, to see that it runs: the figures mean nothing
 * npm run bench -- --docs         the documents again, from bench/results.json
 */
import { parseArgs } from "node:util";
import { exitOnSignals } from "../local/signals.ts";
import {
  environmentOf,
  loadNow,
  type Results,
  readResults,
  type SectionResult,
  writeResults,
} from "./harness/results.ts";
import { seeded } from "./harness/statistics.ts";
import { judge } from "./report/bounds.ts";
import { boundsGrid, sectionGrid, toText } from "./report/grid.ts";
import { writeDocuments } from "./report/write.ts";
import { SECTIONS } from "./sections/index.ts";

const SEED = 20_261_124;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false }, docs: { type: "boolean", default: false } },
});
exitOnSignals();
if (values.docs) writeDocuments(readResults(), SECTIONS);
else await main(values.quick, positionals);

async function main(quick: boolean, names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => !SECTIONS.some((section) => section.name === name));
  if (unknown !== undefined) {
    throw new Error(`There is no section "${unknown}"; there are ${SECTIONS.map(({ name }) => name).join(", ")}.`);
  }
  const before = loadNow();
  const random = seeded(SEED);
  const measured: Record<string, SectionResult> = {};
  for (const section of SECTIONS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    console.log(`\n== ${section.name}: ${section.title}\n`);
    const result = await section.measure({ quick, random, say: progress });
    progress("");
    measured[section.name] = result;
    console.log(toText(sectionGrid(result)));
    for (const note of result.notes) console.log(`- ${note}`);
  }
  const results: Results = { environment: environmentOf([before, loadNow()], new Date()), sections: measured };
  console.log(`\n== bounds\n\n${toText(boundsGrid(judge(results)))}`);
  if (quick) console.log("\nA quick run: the figures mean nothing.");
  else if (names.length === 0) {
    writeResults(results);
    writeDocuments(readResults(), SECTIONS);
    console.log("\nWritten: bench/results.json, docs/benchmarks.md and its charts, README.md");
  }
}

/** One line that changes, where somebody looks on. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}
