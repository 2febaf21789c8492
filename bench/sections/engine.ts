/** CPU and wall time of a call over a real engine, which runs in a process of its own. */
import { bundle, NAMES } from "../harness/bundles.ts";
import { functionEnvironment, withEngine } from "../harness/engines.ts";
import type { Metric } from "../harness/results.ts";
import { createTally, type Section } from "../harness/section.ts";
import { withWorkers } from "../harness/workers.ts";
import { callRounds } from "./calls.ts";

export const engine: Section = {
  name: "engine",
  title: "A call over an engine",
  method:
    "Calls one after another over the embedded engine, a response of 0.5 KB. CPU is user and system time of the calling process alone; the " +
    "engine runs in another. Wall time has the engine in it, which is on the same machine: in AWS there is a network instead.",

  async measure(run) {
    const count = run.quick ? 10 : 300;
    const tally = createTally();
    await withEngine(async ({ engine, name: table }) => {
      const env = functionEnvironment(engine.endpoint, table);
      const variants = [
        { name: NAMES.floor, bundle: (await bundle("floor")).file, env },
        { name: NAMES.lean, bundle: (await bundle("lean")).file, env },
        { name: NAMES.byHand, bundle: (await bundle("by-hand")).file, env },
        { name: NAMES.sdk, bundle: (await bundle("sdk")).file, env },
        { name: NAMES.powertools, bundle: (await bundle("powertools")).file, env },
      ];
      await withWorkers(variants, async (workers) => {
        const terms = { rounds: run.quick ? 2 : 20, count, warmUp: run.quick ? 1 : 3 };
        await callRounds(workers, terms, run, (name, calls, replays) => {
          tally.add("CPU, new call", name, (calls.cpuMs / count) * 1_000);
          tally.add("CPU, replay", name, (replays.cpuMs / count) * 1_000);
          tally.add("wall, new call", name, (calls.wallMs / count) * 1_000);
          tally.add("wall, replay", name, (replays.wallMs / count) * 1_000);
        });
      });
    });
    const metric = (name: string): Metric => ({
      name,
      unit: "us",
      baseline: NAMES.powertools,
      values: tally.values(name),
    });
    return { metrics: ["CPU, new call", "CPU, replay", "wall, new call", "wall, replay"].map(metric), notes: [] };
  },
};
