/** The wrapper's own CPU: everything but the client, which is a stub that answers at once. */
import { bundle, NAMES } from "../harness/bundles.ts";
import { functionEnvironment } from "../harness/engines.ts";
import { createTally, type Section } from "../harness/section.ts";
import { withWorkers } from "../harness/workers.ts";
import { callRounds } from "./calls.ts";

const UNCHECKED = " without the check";
const UNWRAPPED = "no wrapper";

export const own: Section = {
  name: "own",
  title: "The wrapper's own CPU",
  method:
    "The AWS SDK's client is replaced by a stub that answers at once, as a table would. What is left is the wrapper: key, fingerprint " +
    "(Powertools: payload validation of `body`), items, the stored response. CPU is " +
    "user and system time of the process, of calls one after another. lambda-once's fingerprint covers method, path, query and the " +
    "parsed body.",

  async measure(run) {
    const env = functionEnvironment("http://127.0.0.1:9", "bench");
    const checked = [
      { name: NAMES.sdk, bundle: (await bundle("stubbed-sdk")).file, env },
      { name: NAMES.powertools, bundle: (await bundle("stubbed-powertools")).file, env },
      { name: UNWRAPPED, bundle: (await bundle("nothing")).file, env },
    ];
    const unchecked = checked.slice(0, 2).map((variant) => ({
      ...variant,
      name: variant.name + UNCHECKED,
      env: { ...env, BENCH_VALIDATION: "off" },
    }));
    const tally = createTally();
    const count = run.quick ? 20 : 3_000;
    const terms = { rounds: run.quick ? 2 : 25, count, warmUp: run.quick ? 1 : 4 };
    // What a handler without a wrapper takes has no replays: it runs each time.
    const bare = checked.slice(2);
    await withWorkers([...checked.slice(0, 2), ...unchecked], async (workers) => {
      await callRounds(workers, terms, run, (name, calls, replays) => {
        tally.add("new call", name, (calls.cpuMs / count) * 1_000);
        tally.add("replay", name, (replays.cpuMs / count) * 1_000);
      });
    });
    await withWorkers(bare, async ([worker]) => {
      for (let round = 0; round < terms.rounds; round++) {
        const job = {
          kind: "calls",
          prefix: `${round}`,
          count,
          concurrency: 1,
          replay: false,
          responseBytes: 512,
        } as const;
        const timing = await worker?.perform(job);
        if (timing !== undefined) tally.add("new call", UNWRAPPED, (timing.cpuMs / count) * 1_000);
      }
    });
    return {
      metrics: ["new call", "replay"].map((name) => ({
        name,
        unit: "us",
        baseline: NAMES.powertools,
        values: tally.values(name),
      })),
      notes: [`\`${UNWRAPPED}\` is the loop and the handler without any wrapper: it is in all figures.`],
    };
  },
};
