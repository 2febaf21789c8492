/** What a run leaves: figures by section, metric, variant and round, and the machine that they come from. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { repository } from "../../local/paths.ts";

/** One value a round. A text says why there is no figure. */
export type Values = readonly number[] | string;

export interface Metric {
  readonly name: string;
  readonly unit: "ms" | "us" | "bytes" | "units" | "usd" | "count" | "perSecond" | "ratio";
  readonly values: Readonly<Record<string, Values>>;
  /** The variant that the others are compared with. */
  readonly baseline?: string;
}

export interface SectionResult {
  readonly metrics: readonly Metric[];
  /** What a reader has to know of this run, beyond the figures. */
  readonly notes: readonly string[];
}

export interface Environment {
  readonly date: string;
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** Processes that wanted a core, on average over a minute, before the run and after it. */
  readonly load: readonly [before: number, after: number];
  readonly packages: Readonly<Record<string, string>>;
}

export interface Results {
  readonly environment: Environment;
  readonly sections: Readonly<Record<string, SectionResult>>;
}

export const resultsFile: string = join(repository, "bench", "results.json");

const PACKAGES = ["@aws-lambda-powertools/idempotency", "@aws-sdk/client-dynamodb", "esbuild"];

export function environmentOf(load: Environment["load"], now: Date): Environment {
  return {
    date: now.toISOString().slice(0, 10),
    commit: commit(),
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${type()} ${release().split(".", 2).join(".")}`,
    node: process.version,
    load,
    packages: Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
  };
}

export function loadNow(): number {
  return loadavg()[0] ?? 0;
}

function versionOf(name: string): string {
  const text = readFileSync(join(repository, "node_modules", name, "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

function commit(): string {
  try {
    const git = (...args: string[]): string => execFileSync("git", args, { cwd: repository, encoding: "utf8" }).trim();
    const changed = git("status", "--porcelain", "--", "src") === "" ? "" : " with changes in src";
    return `${git("rev-parse", "--short", "HEAD")}${changed}`;
  } catch {
    return "unknown";
  }
}

export function readResults(): Results {
  return JSON.parse(readFileSync(resultsFile, "utf8")) as Results;
}

export function writeResults(results: Results): void {
  writeFileSync(resultsFile, `${JSON.stringify(results, rounded, 1)}\n`);
}

/** Five digits are more than any of these measurements is good for. */
function rounded(_name: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}

/** The rounds of a variant. Throws where there are none. */
export function rounds(section: SectionResult | undefined, metric: string, variant: string): readonly number[] {
  const values = section?.metrics.find(({ name }) => name === metric)?.values[variant];
  if (values === undefined || typeof values === "string") {
    throw new Error(`the results hold no figures of "${metric}" for "${variant}": ${values ?? "not measured"}`);
  }
  return values;
}
