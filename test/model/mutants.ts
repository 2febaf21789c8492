/**
 * Runs the checker on every mutant of `mutants-list.ts`. Each must be caught, with a shortest trace.
 *
 *   node test/model/mutants.ts [--only <part of a name>] [--traces] [--write-docs]
 */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { explore, type Violation } from "./explorer.ts";
import { liveMachine } from "./machine.ts";
import { MUTANTS, type Mutant } from "./mutants-list.ts";
import { tell } from "./replay.ts";
import type { Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";
import { loadSut, PRODUCTION, type Sut } from "./sut.ts";
import { writeDocs } from "./write-docs.ts";

export interface Caught {
  readonly mutant: Mutant;
  readonly faults: number;
  readonly states: number;
  /** `undefined`: not caught. */
  readonly broken: string | undefined;
  readonly trace: readonly string[];
}

const MOST_FAULTS = 2;

const args = process.argv.slice(2);
const only = args.includes("--only") ? (args[args.indexOf("--only") + 1] ?? "") : "";
const chosen = MUTANTS.filter(({ name }) => name.includes(only));

async function hunt(mutant: Mutant): Promise<Caught> {
  const folder = mkdtempSync(join(tmpdir(), "lambda-once-mutant-"));
  try {
    cpSync(PRODUCTION, folder, { recursive: true });
    const times = patch(join(folder, mutant.file), mutant);
    if (times !== 1)
      return { mutant, faults: 0, states: 0, broken: undefined, trace: [`its text stands ${times} times in the file`] };
    return await huntIn(await loadSut(folder), mutant);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How often the text to be replaced stands in the file; it is replaced when that is once. */
function patch(path: string, { find, replace }: Mutant): number {
  const parts = readFileSync(path, "utf8").split(find);
  if (parts.length === 2) writeFileSync(path, parts.join(replace));
  return parts.length - 1;
}

/** With as few faults as it takes. */
async function huntIn(sut: Sut, mutant: Mutant): Promise<Caught> {
  const scenario = scenarios("deep").find(({ name }) => name === mutant.scenario);
  if (scenario === undefined) throw new Error(`Mutant "${mutant.name}": there is no scenario "${mutant.scenario}"`);
  let states = 0;
  for (let faults = 0; faults <= MOST_FAULTS; faults++) {
    const bounded: Scenario = { ...scenario, faults };
    const explored = await explore(sut, bounded, { maxStates: 250_000 });
    states += explored.states;
    const { violation } = explored;
    if (violation === undefined) continue;
    await checkProduction(bounded, explored.states);
    return { mutant, faults, states, broken: violation.broken, trace: await words(sut, bounded, violation) };
  }
  return { mutant, faults: MOST_FAULTS, states, broken: undefined, trace: [] };
}

/** As far as the mutant was walked, the production code itself must hold: else the catch would say nothing. */
async function checkProduction(scenario: Scenario, states: number): Promise<void> {
  const { violation } = await explore(await loadSut(PRODUCTION), scenario, { maxStates: states });
  if (violation === undefined) return;
  throw new Error(`"${scenario.name}" is broken without any mutant: ${violation.broken}`);
}

async function words(sut: Sut, scenario: Scenario, violation: Violation): Promise<readonly string[]> {
  return (await tell(liveMachine(sut, scenario), scenario, violation.trace)).lines;
}

/** Every n-th mutant from the first on, one line of JSON each. */
async function share(first: number, n: number): Promise<void> {
  for (let i = first; i < chosen.length; i += n) {
    process.stdout.write(`${JSON.stringify(await hunt(chosen[i] as Mutant))}\n`);
  }
}

function inChild(first: number, n: number, onCaught: (caught: Caught) => void): Promise<void> {
  const flags = ["--max-old-space-size=4000", "--disable-warning=LambdaOnceWarning"];
  const self = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [...flags, self, ...args, "--share", `${first}`, `${n}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let rest = "";
  child.stdout.on("data", (data) => {
    const lines = (rest + data).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onCaught(JSON.parse(line) as Caught);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`A run of mutants ended with code ${code}`)),
    );
  });
}

async function all(): Promise<void> {
  const begun = performance.now();
  const caught: Caught[] = [];
  const n = availableParallelism();
  const print = (one: Caught): void => {
    caught.push(one);
    const { mutant, broken, faults, states } = one;
    const verdict = broken === undefined ? "NOT CAUGHT" : "caught";
    console.log(
      `${verdict}  ${mutant.name.padEnd(60)}${mutant.breaks.padEnd(5)}${faults} faults ${`${states}`.padStart(8)} states  ${broken ?? one.trace.join()}`,
    );
    if (args.includes("--traces")) for (const line of one.trace) console.log(`    ${line}`);
  };
  await Promise.all(Array.from({ length: n }, (_, first) => inChild(first, n, print)));
  const missed = caught.filter(({ broken }) => broken === undefined).length;
  console.log(
    `${caught.length} mutants, ${caught.length - missed} caught, ${missed} not, ${((performance.now() - begun) / 1000).toFixed(0)} s`,
  );
  if (args.includes("--write-docs"))
    writeDocs(MUTANTS.flatMap((m) => caught.filter(({ mutant }) => mutant.name === m.name)));
  if (missed > 0 || caught.length !== chosen.length) process.exitCode = 1;
}

const shareAt = args.indexOf("--share");
if (shareAt < 0) await all();
else await share(Number(args[shareAt + 1]), Number(args[shareAt + 2]));
