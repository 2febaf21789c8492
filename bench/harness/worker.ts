/**
 * A process with one bundle in it, which does what its parent asks and measures it. Each variant lives in one of its own, so
 * that none is compiled or collected together with another.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type { observed as Observed } from "../peers/work.ts";
import { context, httpEvent, sqsEvent } from "./events.ts";
import type { BatchJob, CallsJob, Job, Memory, MemoryJob, Timing } from "./jobs.ts";

interface Bundle {
  readonly handler: (event: unknown, context: unknown) => Promise<unknown>;
  readonly observed: typeof Observed;
}

const file = process.argv[2] ?? "";
const { handler, observed } = await load().catch((error: Error) => {
  // Not as an uncaught error: Node.js would print the bundle, which is one line.
  process.send?.({ error: `${error.name}: ${error.message}` }, () => process.exit(1));
  return new Promise<never>(() => {});
});
const collect = (globalThis as { gc?: () => void }).gc ?? (() => {});

process.on("disconnect", () => process.exit());
process.on("message", async (job: Job) => {
  try {
    process.send?.({ report: await perform(job) });
  } catch (error) {
    process.send?.({ error: error instanceof Error ? `${error.name}: ${error.stack}` : String(error) });
  }
});
process.send?.({ report: "ready" });

async function load(): Promise<Bundle> {
  return file.endsWith(".cjs") ? createRequire(import.meta.url)(file) : await import(pathToFileURL(file).href);
}

function perform(job: Job): Promise<Timing | Memory> {
  if (job.kind === "calls") return calls(job);
  return job.kind === "batch" ? batch(job) : memory(job);
}

async function calls({ prefix, count, concurrency, replay, responseBytes }: CallsJob): Promise<Timing> {
  const events = Array.from({ length: count }, (_, i) => httpEvent(`${prefix}-${i}`, responseBytes));
  const latencies = new Float64Array(count);
  const runs = observed.runs;
  observed.before?.(replay);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) {
      const begun = performance.now();
      const response = (await handler(events[at], context)) as { readonly statusCode?: number } | null;
      latencies[at] = performance.now() - begun;
      if (response?.statusCode !== 201)
        throw new Error(`a call was answered ${JSON.stringify(response)?.slice(0, 300)}`);
    }
  };
  const timing = await timed(() => Promise.all(Array.from({ length: concurrency }, lane)));
  const ran = observed.runs - runs;
  if (ran !== (replay ? 0 : count))
    throw new Error(`the handler ran ${ran} times in ${count} ${replay ? "replays" : "new calls"}`);
  return { ...timing, latenciesMs: [...latencies.sort()] };
}

async function batch({ prefix, size, workMs }: BatchJob): Promise<Timing> {
  const event = sqsEvent(prefix, size);
  observed.workMs = workMs;
  return { ...(await timed(() => consume(event, size))), latenciesMs: [] };
}

async function consume(event: unknown, size: number): Promise<void> {
  const runs = observed.runs;
  const { batchItemFailures } = (await handler(event, context)) as { readonly batchItemFailures: readonly unknown[] };
  const ran = observed.runs - runs;
  if (ran !== size || batchItemFailures.length > 0) {
    throw new Error(`of ${size} records ${ran} ran and ${batchItemFailures.length} came back`);
  }
}

/** How often the live heap is looked at in a batch, at most. */
const LOOKS = 50;

async function memory({ prefix, size }: MemoryJob): Promise<Memory> {
  const idleBytes = live();
  const event = sqsEvent(prefix, size);
  const eventBytes = live() - idleBytes;
  const every = Math.ceil(size / LOOKS);
  let peakBytes = 0;
  let seen = 0;
  observed.onRun = () => {
    if (seen++ % every === 0) peakBytes = Math.max(peakBytes, live());
  };
  try {
    await consume(event, size);
    peakBytes = Math.max(peakBytes, live());
  } finally {
    observed.onRun = undefined;
  }
  return { idleBytes, eventBytes, peakBytes };
}

function live(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Begins on a clean heap. */
async function timed(work: () => Promise<unknown>): Promise<{ readonly cpuMs: number; readonly wallMs: number }> {
  collect();
  const cpu = process.cpuUsage();
  const begun = performance.now();
  await work();
  const wallMs = performance.now() - begun;
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMs: (user + system) / 1_000, wallMs };
}
