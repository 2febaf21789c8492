/** Whether a call takes longer when the table holds more records. */
import { hash } from "node:crypto";
import { BatchWriteItemCommand, type WriteRequest } from "@aws-sdk/client-dynamodb";
import { localClient } from "../../local/tables.ts";
import { bundle, NAMES } from "../harness/bundles.ts";
import { createTable, functionEnvironment, withEngine } from "../harness/engines.ts";
import type { Metric } from "../harness/results.ts";
import { createTally, type Section } from "../harness/section.ts";
import { withWorkers } from "../harness/workers.ts";
import { callRounds } from "./calls.ts";

export const RECORDS: readonly number[] = [1_000, 10_000, 100_000];

export const growth: Section = {
  name: "growth",
  title: "Growth of the table",
  method:
    "Three tables on one embedded engine, filled with records of 0.6 KB before; each round runs all of them in turn. The figures are wall time, " +
    "which has the engine in it: what is asked here is whether the protocol, one item by its key, depends on the size of the table.",

  async measure(run) {
    const count = run.quick ? 5 : 200;
    const tally = createTally();
    const sizes = run.quick ? [100, 200] : RECORDS;
    await withEngine(async ({ engine }) => {
      const variants = [];
      for (const records of sizes) {
        run.say(`filling a table with ${records} records`);
        const table = await createTable(engine);
        await fill(engine.endpoint, table, records);
        const env = functionEnvironment(engine.endpoint, table);
        for (const [name, peer] of [
          [NAMES.lean, "lean"],
          [NAMES.powertools, "powertools"],
        ] as const) {
          variants.push({ name: `${name}|${records}`, bundle: (await bundle(peer)).file, env });
        }
      }
      await withWorkers(variants, async (workers) => {
        const terms = { rounds: run.quick ? 1 : 11, count, warmUp: run.quick ? 0 : 2 };
        await callRounds(workers, terms, run, (both, calls, replays) => {
          const [name = "", records = ""] = both.split("|");
          tally.add(`new call, ${records} records`, name, (calls.wallMs / count) * 1_000);
          tally.add(`replay, ${records} records`, name, (replays.wallMs / count) * 1_000);
        });
      });
    });
    const metric = (name: string): Metric => ({
      name,
      unit: "us",
      baseline: NAMES.powertools,
      values: tally.values(name),
    });
    return {
      metrics: ["new call", "replay"].flatMap((kind) => sizes.map((records) => metric(`${kind}, ${records} records`))),
      notes: [],
    };
  },
};

async function fill(endpoint: string, table: string, records: number): Promise<void> {
  const client = localClient(endpoint);
  const expires_at = { N: "1999999999" };
  const result = { S: "r".repeat(400) };
  try {
    for (let from = 0; from < records; from += 25) {
      const requests = Array.from({ length: Math.min(25, records - from) }, (_, i): WriteRequest => {
        const id = { S: `filler#${hash("sha256", String(from + i))}` };
        return { PutRequest: { Item: { id, status: { S: "COMPLETED" }, expires_at, result } } };
      });
      await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }));
    }
  } finally {
    client.destroy();
  }
}
