/** The proxy does what its faults are called, to a real engine: what was applied was applied, what was not was not. */
import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { engineClient, freshTable } from "../support/dynamodb.ts";
import { chance, FAULTS, type Fault, listedPlan, RATES, seededPlan } from "./fault-plan.ts";
import { startFaultProxy } from "./fault-proxy.ts";

let TableName: string;
beforeAll(async () => {
  TableName = await freshTable();
});

/** Puts an item through the proxy, whose first request meets the fault. Says what the client saw, and what the table has. */
async function put(id: string, fault: Fault | undefined, maxAttempts: number) {
  const { endpoint } = inject("dynamoDB");
  await using proxy = await startFaultProxy({ upstream: endpoint, plan: listedPlan(fault), lateMs: 500 });
  const client = engineClient({
    endpoint: proxy.endpoint,
    credentials: { accessKeyId: "p", secretAccessKey: "local" },
    maxAttempts,
    requestHandler: { requestTimeout: 250, throwOnRequestTimeout: true },
  });
  const Item = { id: { S: id } };
  const condition = {
    ConditionExpression: "attribute_not_exists(id)",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  } as const;
  const saw = await client.send(new PutItemCommand({ TableName, Item, ...condition })).then(
    ({ $metadata }) => `done after ${$metadata.attempts}`,
    (error: Error) => error.name,
  );
  const seenAtOnce =
    (await engineClient().send(new GetItemCommand({ TableName, Key: Item, ConsistentRead: true }))).Item !== undefined;
  await proxy.stop();
  const seen =
    (await engineClient().send(new GetItemCommand({ TableName, Key: Item, ConsistentRead: true }))).Item !== undefined;
  const taken = proxy.log.map(({ taken }) => taken.map(({ applied }) => (applied ? "applied" : "refused")));
  return {
    saw,
    there: seenAtOnce ? "at once" : seen ? "later" : "never",
    taken,
    delivered: proxy.log.map((e) => e.delivered?.applied),
  };
}

describe("with one attempt", () => {
  test.each<[Fault | undefined, unknown]>([
    [undefined, { saw: "done after 1", there: "at once", taken: [["applied"]], delivered: [true] }],
    ["refuse", { saw: "TimeoutError", there: "never", taken: [[]], delivered: [undefined] }],
    ["loseAnswer", { saw: "TimeoutError", there: "at once", taken: [["applied"]], delivered: [undefined] }],
    ["delayAnswer", { saw: "TimeoutError", there: "at once", taken: [["applied"]], delivered: [undefined] }],
    ["lateRequest", { saw: "TimeoutError", there: "later", taken: [["applied"]], delivered: [undefined] }],
    [
      "throttle",
      { saw: "ProvisionedThroughputExceededException", there: "never", taken: [[]], delivered: [undefined] },
    ],
    ["serverError", { saw: "InternalServerError", there: "never", taken: [[]], delivered: [undefined] }],
    ["unavailable", { saw: "ServiceUnavailable", there: "never", taken: [[]], delivered: [undefined] }],
    ["doneBut500", { saw: "InternalServerError", there: "at once", taken: [["applied"]], delivered: [undefined] }],
    ["cutBody", { saw: "Error", there: "at once", taken: [["applied"]], delivered: [undefined] }],
    ["shortBody", { saw: "SyntaxError", there: "at once", taken: [["applied"]], delivered: [undefined] }],
    [
      "duplicate",
      { saw: "ConditionalCheckFailedException", there: "at once", taken: [["applied", "refused"]], delivered: [false] },
    ],
    ["duplicateLate", { saw: "done after 1", there: "at once", taken: [["applied", "refused"]], delivered: [true] }],
  ])("%s", async (fault, expected) => {
    expect(await put(`one-${fault}`, fault, 1)).toEqual(expected);
  });
});

describe("with the SDK's retries", () => {
  test.each<[Fault, string]>([
    ["refuse", "done after 2"],
    ["throttle", "done after 2"],
    ["serverError", "done after 2"],
    ["unavailable", "done after 2"],
    ["lateRequest", "done after 2"],
    // Applied, and sent again by the SDK itself: refused by its own write.
    ["loseAnswer", "ConditionalCheckFailedException"],
    ["delayAnswer", "ConditionalCheckFailedException"],
    ["doneBut500", "ConditionalCheckFailedException"],
  ])("%s", async (fault, saw) => {
    expect(await put(`many-${fault}`, fault, 4)).toMatchObject({ saw, there: "at once" });
  });
});

describe("a plan", () => {
  const places = Array.from({ length: 20_000 }, (_, nth) => ({ lane: `p${nth % 5}`, id: `k${nth % 7}`, nth }));

  test("is the same for the same seed, whatever order it is asked in", () => {
    const forwards = places.map(seededPlan(7, RATES.storm));
    const plan = seededPlan(7, RATES.storm);
    expect(places.toReversed().map(plan).toReversed()).toEqual(forwards);
    expect(places.map(seededPlan(8, RATES.storm))).not.toEqual(forwards);
  });

  test("has every fault about as often as it says", () => {
    const drawn = places.map(seededPlan(1, RATES.storm));
    for (const fault of FAULTS) {
      const share = (drawn.filter((one) => one === fault).length / drawn.length) * 100;
      expect(Math.abs(share - (RATES.storm[fault] ?? 0)), fault).toBeLessThan(1);
    }
  });

  test("draws evenly", () => {
    const mean = places.reduce((sum, { nth }) => sum + chance(`x ${nth}`), 0) / places.length;
    expect(mean).toBeGreaterThan(0.49);
    expect(mean).toBeLessThan(0.51);
  });
});
