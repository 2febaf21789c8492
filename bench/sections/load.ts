/** Many calls at once in one process: throughput, and how long a call takes then. */
import { bundle, NAMES } from "../harness/bundles.ts";
import { functionEnvironment, withEngine } from "../harness/engines.ts";
import type { Metric } from "../harness/results.ts";
import { createTally, type Section } from "../harness/section.ts";
import { quantile } from "../harness/statistics.ts";
import { withWorkers } from "../harness/workers.ts";
import { callRounds } from "./calls.ts";

export const CONCURRENCIES: readonly number[] = [1, 10, 100];

export const load: Section = {
  name: "load",
  title: "Calls at once in one process",
  method:
    "New calls over the embedded engine, so many at once in one process as Managed Instances run them: as soon as one is answered the next begins. " +
    "The SDK has 50 connections by default, and so has `lambda-once/lean`.",

  async measure(run) {
    const tally = createTally();
    await withEngine(async ({ engine, name: table }) => {
      const env = functionEnvironment(engine.endpoint, table);
      const variants = [
        { name: NAMES.floor, bundle: (await bundle("floor")).file, env },
        { name: NAMES.lean, bundle: (await bundle("lean")).file, env },
        { name: NAMES.sdk, bundle: (await bundle("sdk")).file, env },
        { name: NAMES.powertools, bundle: (await bundle("powertools")).file, env },
      ];
      await withWorkers(variants, async (workers) => {
        for (const concurrency of CONCURRENCIES) {
          const count = run.quick ? concurrency : Math.max(500, concurrency * 10);
          const terms = { rounds: run.quick ? 1 : 9, count, warmUp: 1, concurrency };
          const say = (text: string): void => run.say(`${concurrency} at once, ${text}`);
          await callRounds(workers, terms, { ...run, say }, (name, { wallMs, latenciesMs }) => {
            tally.add(`calls a second, ${concurrency} at once`, name, (count / wallMs) * 1_000);
            tally.add(`p50, ${concurrency} at once`, name, quantile(latenciesMs, 0.5));
            tally.add(`p99, ${concurrency} at once`, name, quantile(latenciesMs, 0.99));
          });
        }
      });
    });
    const metric = (name: string, unit: Metric["unit"]): Metric => ({
      name,
      unit,
      baseline: NAMES.powertools,
      values: tally.values(name),
    });
    return {
      metrics: CONCURRENCIES.flatMap((n) => [
        metric(`calls a second, ${n} at once`, "perSecond"),
        metric(`p50, ${n} at once`, "ms"),
        metric(`p99, ${n} at once`, "ms"),
      ]),
      notes: [],
    };
  },
};
