/**
 * The public wrappers on a real engine, with a network that breaks in every way between the two: whatever is lost, late,
 * cut, doubled, throttled or refused, and whatever the SDK does about it, the promises hold, and once it is over every key
 * can be completed. G1 to G7, G9 to G14, G16, G17, G22, G23 and G25.
 *
 * Scenarios and fault plans are a function of the seed, which is printed; `FAULTS_SEED` and `FAULTS_ONLY` (the number of
 * one scenario) make the same again, `FAULTS_SCENARIOS` more of them. What is not the same is how long things take.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, inject, test } from "vitest";
import type { Store } from "../../src/store.ts";
import { dynamoDBStore } from "../../src/stores/dynamodb.ts";
import { leanDynamoDBStore } from "../../src/stores/lean.ts";
import { engineClient, freshTable } from "../support/dynamodb.ts";
import { seedOf } from "../support/seeds.ts";
import { DIRECTED, runScenario, scenario, stopwatchOf } from "./scenario.ts";

/** At least so many, and more until everything below was met. */
const SCENARIOS = Number(process.env["FAULTS_SCENARIOS"] ?? 36);
const ONLY = process.env["FAULTS_ONLY"];
/** So many run beside each other: most of their time is waiting. */
const AT_ONCE = 12;

/** What every run of this suite must have met: what was never met was not tested. */
const MET = [
  "own value",
  "replayed value",
  "own threw",
  "event takenOver",
  "event released",
  "event ownershipLost",
  "superseded",
  "event completionFailed",
  "InProgressError",
  "PayloadMismatchError",
  "ResultNotStorableError",
  "StoreUnavailableError",
  "fault loseAnswer",
  "fault refuse",
  "fault delayAnswer",
  "fault lateRequest",
  "fault throttle",
  "fault doneBut500",
  "fault cutBody",
  "fault shortBody",
  "fault duplicate",
  "fault duplicateLate",
];

/** A store of a process's own, on a client of its own. */
type MakeStore = (
  tableName: string,
  client: { readonly endpoint: string; readonly lane: string; readonly timeoutMs: number },
) => Store;

const onSdk =
  (retries: { readonly maxAttempts?: number }, results: { readonly inlineLimit?: number } = {}): MakeStore =>
  (tableName, { endpoint, lane, timeoutMs }) => {
    const requestHandler = { connectionTimeout: timeoutMs, requestTimeout: timeoutMs, throwOnRequestTimeout: true };
    const credentials = { accessKeyId: lane, secretAccessKey: "local" };
    const client = engineClient({ endpoint, credentials, requestHandler, ...retries });
    return dynamoDBStore({ tableName, client, ...results });
  };

const onLean: MakeStore = (tableName, { endpoint, lane, timeoutMs }) =>
  leanDynamoDBStore({
    tableName,
    endpoint,
    region: "us-east-1",
    credentials: async () => ({ accessKeyId: lane, secretAccessKey: "local" }),
    connectionTimeoutMs: timeoutMs,
    requestTimeoutMs: timeoutMs,
  });

const BESIDE = "every result beside its record";

describe.each<[string, MakeStore]>([
  ["the SDK and its default retries", onSdk({})],
  ["the SDK and one attempt for each request", onSdk({ maxAttempts: 1 })],
  [`the SDK, and ${BESIDE}`, onSdk({}, { inlineLimit: 0 })],
  ["the store without the SDK", onLean],
])("with %s", (name, makeStore) => {
  let tableName: string;
  beforeAll(async () => {
    tableName = await freshTable();
  });

  test("every promise holds, and every key can be completed afterwards", { timeout: 3_600_000 }, async () => {
    const seed = seedOf("FAULTS_SEED", name);
    const all = [...DIRECTED, ...fc.sample(scenario, { seed, numRuns: SCENARIOS * 4 })].entries();
    const queue = ONLY === undefined ? all : [...all].filter(([i]) => String(i) === ONLY).values();
    const { endpoint } = inject("dynamoDB");
    const slowness = stopwatchOf(endpoint);
    const resultsLieBeside = name.endsWith(BESIDE);
    const environment = {
      endpoint,
      tableName,
      slowness,
      resultsLieBeside,
      makeStore: makeStore.bind(undefined, tableName),
    };
    const totals: Record<string, number> = {};
    const failed: string[] = [];
    const work = async (): Promise<void> => {
      for (const [i, one] of queue) {
        const { violations, counts } = await runScenario(`s${i}`, one, environment);
        for (const [what, count] of Object.entries(counts)) totals[what] = (totals[what] ?? 0) + count;
        if (violations.length > 0) failed.push([`FAULTS_ONLY=${i} ${JSON.stringify(one)}`, ...violations].join("\n  "));
        if (failed.length > 0 || (i >= DIRECTED.length + SCENARIOS - AT_ONCE && MET.every((what) => what in totals)))
          return;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    console.log(
      `${name}: ${Object.entries(totals)
        .sort()
        .map(([what, count]) => `${what} ${count}`)
        .join(", ")}`,
    );
    expect(failed.join("\n\n"), `FAULTS_SEED=${seed}`).toBe("");
    if (ONLY === undefined) expect(Object.keys(totals)).toEqual(expect.arrayContaining(MET));
  });
});
