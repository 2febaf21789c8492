/** Cold: from the start of a process to the first response of the bundled handler. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { build } from "esbuild";
import { repository } from "../../local/paths.ts";
import { bundle, type Format, NAMES } from "../harness/bundles.ts";
import { functionEnvironment, withEngine } from "../harness/engines.ts";
import type { Metric } from "../harness/results.ts";
import { createTally, type Section } from "../harness/section.ts";
import { shuffled } from "../harness/statistics.ts";

const PEERS = [
  [NAMES.nothing, "nothing"],
  [NAMES.floor, "floor"],
  [NAMES.lean, "lean"],
  [NAMES.byHand, "by-hand"],
  [NAMES.sdk, "sdk"],
  [NAMES.powertools, "powertools"],
] as const;
const FORMATS: readonly (readonly [name: string, format: Format])[] = [
  ["ESM", "esm"],
  ["CommonJS", "cjs"],
];

export const cold: Section = {
  name: "cold",
  title: "Cold start",
  method:
    "A fresh `node` loads the minified bundle from a driver, as Lambda's runtime does (`import` for ES modules, `require` for CommonJS), " +
    "and answers one API Gateway v2 event with a new key against a running engine. Wall time is taken outside, from before the process is " +
    "started to its answer; CPU is user and system time of the process until then. All variants load `node:https`, as they do in " +
    "Lambda, and speak plain HTTP to the engine, so that no variant's figure has a TLS handshake in it. No compile cache, no flags. " +
    "Every round starts each variant once, in another order.",

  async measure({ quick, random, say }) {
    const driver = await bundledDriver();
    const variants: { readonly name: string; readonly format: string; readonly file: string }[] = [];
    for (const [format, kind] of FORMATS) {
      for (const [name, peer] of PEERS) variants.push({ name, format, file: (await bundle(peer, kind)).file });
    }
    const tally = createTally();
    await withEngine(async ({ engine, name: table }) => {
      const env = functionEnvironment(engine.endpoint, table);
      const rounds = quick ? 1 : 25;
      // The first round warms the page cache and is thrown away.
      for (let round = 0; round <= rounds; round++) {
        say(`round ${round} of ${rounds}`);
        for (const { name, format, file } of shuffled(variants, random)) {
          const { wallMs, cpuMs } = await startOnce(driver, file, `cold-${round}-${name}-${format}`, env);
          if (round === 0) continue;
          tally.add(`wall, ${format}`, name, wallMs);
          tally.add(`CPU, ${format}`, name, cpuMs);
        }
      }
    });
    const metric = (name: string): Metric => ({
      name,
      unit: "ms",
      baseline: NAMES.powertools,
      values: tally.values(name),
    });
    return {
      metrics: FORMATS.flatMap(([format]) => [metric(`wall, ${format}`), metric(`CPU, ${format}`)]),
      notes: [],
    };
  },
};

/** The driver is JavaScript: Node.js would otherwise load what strips types. */
async function bundledDriver(): Promise<string> {
  const outfile = join(repository, ".build", "bench", "cold-start.mjs");
  const entry = join(repository, "bench", "harness", "cold-start.ts");
  await build({ entryPoints: [entry], outfile, bundle: true, platform: "node", target: "node24", format: "esm" });
  return outfile;
}

function startOnce(
  driver: string,
  file: string,
  key: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly wallMs: number; readonly cpuMs: number }> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn(process.execPath, [driver, file, key], { env, stdio: ["ignore", "pipe", "pipe"] });
    let wallMs = Number.NaN;
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      if (said === "") wallMs = performance.now() - begun;
      said += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", () => {
      const cpuMs = Number(/^201 ([\d.]+)$/.exec(said)?.[1]);
      if (Number.isNaN(cpuMs)) reject(new Error(`${file} was to answer 201 and said: ${said}`));
      else resolve({ wallMs, cpuMs });
    });
  });
}
