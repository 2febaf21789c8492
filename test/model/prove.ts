/**
 * `npm run prove`: walks every scenario and says what was walked. Ends with an error on any violation.
 *
 *   node test/model/prove.ts [--quick | --deep] [--only <part of a name>] [--faults <n>]
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { type Explored, explore } from "./explorer.ts";
import { liveMachine } from "./machine.ts";
import { crossCheck, tell } from "./replay.ts";
import type { Scenario } from "./scenario.ts";
import { brokenScenarios, type Level, scenarios } from "./scenarios.ts";
import { loadSut, PRODUCTION } from "./sut.ts";

interface Line {
  readonly explored: Explored;
  readonly ok: boolean;
  /** Processor time, which other work on the machine does not change. */
  readonly cpuMs: number;
  /** Steps of schedules that were taken at random, alive, and compared. */
  readonly compared: number;
  readonly story: readonly string[];
}

const args = process.argv.slice(2);
const level: Level = args.includes("--deep") ? "deep" : args.includes("--quick") ? "quick" : "ci";
const only = args.includes("--only") ? args[args.indexOf("--only") + 1] : undefined;
const faults = args.includes("--faults") ? Number(args[args.indexOf("--faults") + 1]) : undefined;

const chosen = [...scenarios(level), ...brokenScenarios(level)]
  .filter(({ name }) => only === undefined || name.includes(only))
  .map((scenario) => (faults === undefined ? scenario : { ...scenario, faults }));

/** Schedules of each scenario that are taken again with all hosts alive. */
const WALKS = 100;

async function one(scenario: Scenario): Promise<Line> {
  const sut = await loadSut(PRODUCTION);
  const explored = await explore(sut, scenario);
  const { violation } = explored;
  const ok =
    scenario.mustFail === undefined ? violation === undefined : !!violation?.broken.startsWith(scenario.mustFail);
  const compared = await crossCheck(sut, scenario, WALKS);
  if (violation === undefined) return { explored, ok, compared, cpuMs: cpuMs(), story: [] };
  // The trace again, with every host alive beside the others.
  const told = await tell(liveMachine(sut, scenario), scenario, violation.trace);
  return { explored, ok, compared, cpuMs: cpuMs(), story: [...told.lines, `-> ${violation.broken}`] };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Each scenario in a process of its own, as many at once as there are processors. */
function inChild(index: number): Promise<Line> {
  const flags = ["--max-old-space-size=6000", "--disable-warning=LambdaOnceWarning"];
  const child = spawn(process.execPath, [...flags, fileURLToPath(import.meta.url), ...args, "--child", String(index)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (data) => {
    text += data;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(text) as Line);
      else reject(new Error(`Exploring "${chosen[index]?.name}" ended with code ${code}`));
    });
  });
}

const number = (n: number): string => (n < 1e15 ? Math.round(n).toLocaleString("en-US") : n.toPrecision(3));
const cell = (text: string, width: number): string => text.padStart(width);

function print({ explored: e, ok, story, cpuMs: spent }: Line, scenario: Scenario): void {
  const verdict = ok
    ? scenario.mustFail === undefined
      ? "holds"
      : `breaks ${scenario.mustFail}, as it must`
    : "BROKEN";
  const figures = [
    number(e.states),
    number(e.steps),
    number(e.schedules),
    number(e.depth),
    `${(spent / 1000).toFixed(1)} s`,
  ];
  const [states, steps, schedules, depth, time] = figures as [string, string, string, string, string];
  const shape = `${scenario.calls.length} calls ${scenario.faults} faults`;
  console.log(
    `${scenario.name.padEnd(30)}${shape}${cell(states, 11)}${cell(steps, 12)}${cell(schedules, 21)}${cell(depth, 7)}${cell(time, 9)}  ${verdict}`,
  );
  if (!ok || scenario.mustFail !== undefined) for (const line of story) console.log(`    ${line}`);
}

async function all(): Promise<void> {
  const begun = performance.now();
  console.log(
    `${"".padEnd(46)}${cell("states", 11)}${cell("steps", 12)}${cell("schedules", 21)}${cell("depth", 7)}${cell("cpu", 9)}`,
  );
  const lines: Line[] = [];
  const queue = chosen.map((_, i) => i);
  const work = async (): Promise<void> => {
    for (let i = queue.shift(); i !== undefined; i = queue.shift()) {
      const line = await inChild(i);
      lines.push(line);
      print(line, chosen[i] as Scenario);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  const sum = (of: (e: Explored) => number): string => number(lines.reduce((n, { explored }) => n + of(explored), 0));
  console.log(
    `${lines.length} scenarios: ${sum((e) => e.states)} states, ${sum((e) => e.steps)} steps, ${sum((e) => e.schedules)} schedules, ${sum((e) => e.probes)} probes of liveness, ${number(lines.reduce((n, { compared }) => n + compared, 0))} steps compared, ${sum((e) => e.bursts)} runs of the engine, ${(lines.reduce((n, line) => n + line.cpuMs, 0) / 1000).toFixed(0)} s of processor time, ${((performance.now() - begun) / 1000).toFixed(0)} s`,
  );
  if (!lines.every(({ ok }) => ok)) process.exitCode = 1;
}

const child = args.indexOf("--child");
if (child < 0) await all();
else process.stdout.write(JSON.stringify(await one(chosen[Number(args[child + 1])] as Scenario)));
