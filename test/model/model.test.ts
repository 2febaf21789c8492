/**
 * The model checker, as `npm test` runs it: every scenario with few faults, and every mutant. `npm run prove` walks more.
 *
 * Both run in processes of their own, on the source as Node reads it, with as many at once as there are processors.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { scenarios } from "./scenarios.ts";

const run = promisify(execFile);
const TIMEOUT_MS = 180_000;

async function node(file: string, ...args: string[]): Promise<string> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  try {
    return (await run(process.execPath, [path, ...args], { maxBuffer: 10_000_000 })).stdout;
  } catch (error) {
    return (error as { stdout?: string }).stdout || String(error);
  }
}

test("every schedule upholds every guarantee, and clocks too far apart break G9", { timeout: TIMEOUT_MS }, async () => {
  const printed = await node("prove.ts", "--quick");
  expect(printed).not.toContain("BROKEN");
  expect(printed.match(/ {2}holds$/gm)).toHaveLength(scenarios("quick").length);
  expect(printed).toContain("breaks G9, as it must");
});

test("every mutant of the protocol is caught", { timeout: TIMEOUT_MS }, async () => {
  const printed = await node("mutants.ts");
  expect(printed).not.toContain("NOT CAUGHT");
  const [, mutants = "0", missed = ""] = /(\d+) mutants, \d+ caught, (\d+) not/.exec(printed) ?? [printed];
  expect(missed).toBe("0");
  expect(Number(mutants)).toBeGreaterThanOrEqual(60);
});
