/**
 * A chaos run: workers on one table, killed and paused at random, started again, until time is up; then what is left is
 * completed, and the ledgers are judged. No process is left behind, however it ends.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Child, startChild } from "../../local/child-process.ts";
import { createTables, idempotencyTableFile } from "../../local/tables.ts";
import type { Moment } from "../faults/history.ts";
import { type ChaosTerms, type Deeds, judge, type Verdict } from "./checker.ts";
import { moment, readLedgers, unanswered } from "./ledger.ts";
import type { WorkerTerms } from "./terms.ts";

export interface ChaosOptions {
  readonly endpoint: string;
  readonly workers: number;
  readonly keys: number;
  readonly seconds: number;
  /** The mean time between two deeds: a kill, a pause past the lease, or a short pause. */
  readonly everyMs: number;
  readonly leaseMs: number;
  readonly toleranceMs: number;
  /** From `test/chaos`: `../../src`, or `../../dist` as it is published. */
  readonly library: string;
  readonly onProgress?: (line: string) => void;
  /** Where to leave the ledgers; a folder that is removed again where it is not given. */
  readonly folder?: string;
}

const WORKER = join(import.meta.dirname, "worker.ts");
/** Pauses between two calls and work that most calls do: a few hundred calls a second on two cores. */
const PACE = { atOnce: 6, idleMs: 60, workMs: 40 };
/** A key is in use for so many seconds, which is longer than a lease. */
const SECONDS_IN_USE = 4;

interface Worker {
  readonly name: string;
  readonly redelivered: readonly string[];
  readonly child: Child;
  paused: boolean;
}

export async function runChaos(options: ChaosOptions): Promise<Verdict> {
  const { workers: count, keys, seconds, leaseMs, toleranceMs, onProgress = () => {} } = options;
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "lambda-once-chaos-"));
  const [tableName = ""] = await createTables(
    options.endpoint,
    [idempotencyTableFile],
    `chaos-${Date.now()}-${process.pid}`,
  );
  const startsAt = Date.now();
  const endsAt = startsAt + seconds * 1_000;
  const kills: { process: string; now: Moment }[] = [];
  const pauses: { process: string; from: Moment; to: Moment }[] = [];
  const failures: string[] = [];
  const running = new Set<Worker>();
  let started = 0;

  const start = (more: Partial<WorkerTerms> = {}): Worker => {
    const name = `w${started++}`;
    const terms: WorkerTerms = {
      name,
      endpoint: options.endpoint,
      tableName,
      ledger: join(folder, `${name}.jsonl`),
      library: options.library,
      extension: options.library.endsWith("dist") ? "js" : "ts",
      keys,
      startsAt,
      endsAt,
      leaseMs,
      toleranceMs,
      mayFail: true,
      shares: 1,
      redelivered: [],
      window: Math.min(keys, Math.max(12, Math.ceil((keys / seconds) * SECONDS_IN_USE))),
      ...PACE,
      ...more,
    };
    const env = { ...process.env, CHAOS_TERMS: JSON.stringify(terms) };
    const child = startChild(process.execPath, [WORKER], { env, keepsParentAlive: true });
    const worker: Worker = { name, redelivered: terms.redelivered, child, paused: false };
    running.add(worker);
    void child.ended.then((how) => {
      running.delete(worker);
      const expected = how === "exit code 0" || (how === "SIGKILL" && kills.some(({ process }) => process === name));
      if (!expected) failures.push(`${name} ended with ${how}: ${child.output()}`);
    });
    return worker;
  };

  async function kill(worker: Worker): Promise<void> {
    // Written down first: whoever finds it dead finds it expected.
    const deed = { process: worker.name, now: moment() };
    kills.push(deed);
    await worker.child.kill();
    deed.now = moment();
    // What it was on comes back to its successor, as a queue delivers again.
    if (Date.now() < endsAt) start({ redelivered: unanswered(folder, worker.name, worker.redelivered) });
  }

  /** Signals are to the process alone: the watcher beside it goes on. */
  async function pause(worker: Worker, ms: number): Promise<void> {
    worker.paused = true;
    const from = moment();
    process.kill(worker.child.pid, "SIGSTOP");
    await sleep(ms);
    if (worker.child.running()) process.kill(worker.child.pid, "SIGCONT");
    pauses.push({ process: worker.name, from, to: moment() });
    worker.paused = false;
  }

  try {
    for (let i = 0; i < count; i++) start();
    const underWay: Promise<void>[] = [];
    let told = startsAt;
    while (Date.now() < endsAt) {
      await sleep(options.everyMs * (0.5 + Math.random()));
      if (Date.now() > endsAt - 500) break;
      const candidates = [...running].filter(({ paused, child }) => !paused && child.running());
      const worker = candidates[Math.floor(Math.random() * candidates.length)];
      if (worker === undefined) continue;
      const drawn = Math.random();
      if (drawn < 0.55) underWay.push(kill(worker));
      else if (drawn < 0.9) underWay.push(pause(worker, leaseMs + toleranceMs + 50 + Math.random() * leaseMs));
      else underWay.push(pause(worker, 50 + Math.random() * 200));
      if (Date.now() - told > 10_000) {
        told = Date.now();
        onProgress(`${Math.round((told - startsAt) / 1_000)} s: ${kills.length} kills, ${pauses.length} pauses`);
      }
    }
    await Promise.all(underWay);
    await Promise.all([...running].map(({ child }) => child.ended));
    onProgress("completing what is left");
    const finishers = Array.from({ length: count }, (_, finishes) =>
      start({ finishes, shares: count, mayFail: false }),
    );
    await Promise.all(finishers.map(({ child }) => child.ended));
    if (failures.length > 0) throw new Error(failures.join("\n"));
    onProgress("reading the ledgers");
    const deeds: Deeds = { kills, pauses };
    writeFileSync(join(folder, "deeds.json"), JSON.stringify(deeds));
    return judge(readLedgers(folder), deeds, termsOf(options), allKeys(keys));
  } finally {
    await Promise.all([...running].map(({ child }) => child.kill()));
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function termsOf({ leaseMs, toleranceMs }: ChaosOptions): ChaosTerms {
  return {
    leaseMs,
    toleranceMs,
    ttlSeconds: 86_400,
    storesErrors: false,
    throwsWhenCompletionFails: true,
    mayMark: true,
  };
}

function allKeys(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `key-${i}`);
}

/** What must be 0 in every run. */
export const MUST_BE_ZERO: readonly MustBeZero[] = [
  "duplicatesPerFence",
  "overlaps",
  "outcomesThatDiffer",
  "neverCompleted",
  "notLinearizable",
];

export type MustBeZero =
  | "duplicatesPerFence"
  | "overlaps"
  | "outcomesThatDiffer"
  | "neverCompleted"
  | "notLinearizable";

export function isSound(verdict: Verdict): boolean {
  return verdict.violations.length === 0 && MUST_BE_ZERO.every((name) => verdict[name] === 0);
}
