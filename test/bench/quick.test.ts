/** Every section of the benchmark runs and has figures. What they are is not looked at, but for those that no clock measures. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { SECTIONS } from "../../bench/sections/index.ts";

test("a quick run measures every section", { timeout: 180_000 }, async () => {
  const env = { ...process.env, DYNAMODB_ENDPOINT: "" };
  const { stdout } = await promisify(execFile)(process.execPath, ["bench/run.ts", "--quick"], { env });
  for (const { name, title } of SECTIONS) expect(stdout).toContain(`== ${name}: ${title}`);
  expect(stdout).not.toMatch(/NaN|undefined|Infinity/);
  expect(stdout).toMatch(/round trips of a new call +2 +2 +met/);
  expect(stdout).toMatch(/round trips of a replay +1 +1 +met/);
  expect(stdout).toContain("A quick run: the figures mean nothing.");
});
