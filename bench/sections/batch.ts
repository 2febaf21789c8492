/** SQS batches of 10 to 10 000 records: wall time against one record, and what a large batch holds in memory. */
import { bundle, NAMES } from "../harness/bundles.ts";
import { functionEnvironment, withEngine } from "../harness/engines.ts";
import type { Metric } from "../harness/results.ts";
import { createTally, type Run, type Section } from "../harness/section.ts";
import { shuffled } from "../harness/statistics.ts";
import { type Variant, type Worker, withWorkers } from "../harness/workers.ts";

/** How long a record's handler waits for something else, as a call to another service does. */
const WORK_MS = 50;

const NO_WORK = "handler does nothing";
const SOME_WORK = `handler takes ${WORK_MS} ms`;

export const wallOf = (size: number, works: boolean): string =>
  `wall, ${size === 1 ? "1 record" : `batch of ${size}`}, ${works ? SOME_WORK : NO_WORK}`;
export const heapOf = (size: number): string => `live heap, batch of ${size}`;
export const growthOf = (size: number): string => `of it for the batch, ${size} records`;

const SMALL = [1, 10, 100, 1_000];
const LARGE = 10_000;
const MEMORY = [100, LARGE];

export const batch: Section = {
  name: "batch",
  title: "SQS batches",
  method:
    `Batches with fresh records over the embedded engine. The handler does nothing, or waits ${WORK_MS} ms as for another service. Each library has its ` +
    "default concurrency (lambda-once 10, Powertools' batch processor all records at once). With a handler that does nothing, what is left is the CPU " +
    "of all records' requests, which one process cannot do beside each other. Memory is the live heap (after a full collection, at up to 50 " +
    "moments of a batch) at its peak, less the events themselves; `of it for the batch` is that less what the idle process had before.",

  async measure(run) {
    const tally = createTally();
    await withEngine(async ({ engine, name: table }) => {
      const env = functionEnvironment(engine.endpoint, table);
      const variants = [
        { name: NAMES.lean, bundle: (await bundle("lean-sqs")).file, env },
        { name: NAMES.sdk, bundle: (await bundle("sdk-sqs")).file, env },
        { name: NAMES.powertools, bundle: (await bundle("powertools-sqs")).file, env },
      ];
      await withWorkers(variants, (workers) => walls(workers, run, tally.add));
      await memories(variants, run, tally.add);
    });
    const walls_ = [NO_WORK, SOME_WORK].flatMap((_, works) =>
      [...SMALL, LARGE]
        .map((size) => wallOf(size, works === 1))
        .filter((name) => Object.keys(tally.values(name)).length > 0),
    );
    const metric = (name: string, unit: Metric["unit"]): Metric => ({
      name,
      unit,
      values: tally.values(name),
      baseline: NAMES.powertools,
    });
    const memory = MEMORY.flatMap((size) => [heapOf(size), growthOf(size)]);
    return {
      metrics: [...walls_.map((name) => metric(name, "ms")), ...memory.map((name) => metric(name, "bytes"))],
      notes: [],
    };
  },
};

type Add = (metric: string, variant: string, value: number) => void;

/** The largest takes long without any work: it has fewer rounds, and none with. */
async function walls(workers: readonly Worker[], { quick, random, say }: Run, add: Add): Promise<void> {
  const rounds = quick ? 1 : 11;
  const largeRounds = quick ? 0 : 3;
  for (let round = 0; round <= rounds; round++) {
    say(round === 0 ? "warm-up" : `round ${round} of ${rounds}`);
    for (const worker of shuffled(workers, random)) {
      for (const works of [false, true]) {
        const sizes = works ? [1, 10, 100] : quick ? [1, 10, 100] : SMALL;
        for (const size of round > 0 && round <= largeRounds && !works ? [...sizes, LARGE] : sizes) {
          const prefix = `${worker.name}-${round}-${works}-${size}`;
          // One record is over in a blink: the mean of some.
          const times = size === 1 && !works && !quick ? 20 : 1;
          let wallMs = 0;
          for (let nth = 0; nth < times; nth++) {
            const job = { kind: "batch", prefix: `${prefix}-${nth}`, size, workMs: works ? WORK_MS : 0 } as const;
            wallMs += (await worker.perform(job)).wallMs / times;
          }
          if (round > 0) add(wallOf(size, works), worker.name, wallMs);
        }
      }
    }
  }
}

/** Each batch in a process of its own, after one of 100 that has opened connections and had the code compiled. */
async function memories(variants: readonly Variant[], { quick, say }: Run, add: Add): Promise<void> {
  for (let round = 0; round < (quick ? 1 : 5); round++) {
    say(`memory, round ${round + 1}`);
    for (const size of quick ? [100] : MEMORY) {
      for (const variant of variants) {
        await withWorkers([variant], async ([worker]) => {
          const prefix = `memory-${variant.name}-${round}-${size}`;
          await worker?.perform({ kind: "batch", prefix: `${prefix}-warm`, size: 100, workMs: 0 });
          const seen = await worker?.perform({ kind: "memory", prefix, size });
          if (seen === undefined) return;
          add(heapOf(size), variant.name, seen.peakBytes - seen.eventBytes);
          add(growthOf(size), variant.name, seen.peakBytes - seen.eventBytes - seen.idleBytes);
        });
      }
    }
  }
}
