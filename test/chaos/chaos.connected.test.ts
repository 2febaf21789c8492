/**
 * A short chaos run: processes of their own on one table, killed and paused at random, and an account of every key. G1, G2,
 * G5, G9, G12, G17 and G23. The long run is `npm run chaos`.
 */
import { expect, inject, test } from "vitest";
import { runChaos } from "./run.ts";

test("processes that are killed and paused at random break no promise", { timeout: 180_000 }, async () => {
  const verdict = await runChaos({
    endpoint: inject("dynamoDB").endpoint,
    workers: 3,
    keys: 120,
    seconds: 10,
    everyMs: 500,
    leaseMs: 800,
    toleranceMs: 200,
    library: "../../src",
  });
  const { violations, recoveryAfterKillMs: _kill, recoveryAfterLeaseMs: _lease, ...counts } = verdict;
  console.log(JSON.stringify(counts));
  expect(violations).toEqual([]);
  expect(verdict).toMatchObject({
    keys: 120,
    duplicatesPerFence: 0,
    overlaps: 0,
    outcomesThatDiffer: 0,
    neverCompleted: 0,
    notLinearizable: 0,
  });
  expect(verdict.kills).toBeGreaterThan(0);
  expect(verdict.pauses).toBeGreaterThan(0);
  expect(verdict.effects).toBeGreaterThanOrEqual(120);
});
