/**
 * The ledger: what each process says it does, line by line, before and after it does it. Lines are appended with one write
 * each to a file of the process's own (O_APPEND), so what was written outlives a SIGKILL.
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { basename, join } from "node:path";
import type { Answer, Came, Moment } from "../faults/history.ts";

export type Line =
  | { readonly t: "invoke"; readonly call: string; readonly key: string; readonly waits: boolean; readonly now: Moment }
  | {
      readonly t: "effect";
      readonly call: string;
      readonly key: string;
      readonly fence: number;
      readonly attempt: number;
      readonly leaseUntil: number;
      readonly effectKey: string;
      readonly takenOver: boolean;
      readonly now: Moment;
    }
  | { readonly t: "end"; readonly call: string; readonly came: Came; readonly now: Moment }
  | {
      readonly t: "answer";
      readonly call: string;
      readonly answer: Answer;
      readonly events: readonly string[];
      readonly now: Moment;
    };

/** Microseconds of a clock that all processes of this host share and nobody sets, and the time of day. */
export function moment(): Moment {
  return { order: Number(process.hrtime.bigint() / 1_000n), at: Date.now() };
}

export interface Ledger {
  readonly append: (line: Line) => void;
  readonly close: () => void;
}

export function openLedger(file: string): Ledger {
  const handle = openSync(file, "a");
  return {
    append: (line) => void writeSync(handle, `${JSON.stringify(line)}\n`),
    close: () => closeSync(handle),
  };
}

export interface LedgerFile {
  /** The process, as its file is called. */
  readonly process: string;
  readonly lines: readonly Line[];
}

export function readLedgers(folder: string): readonly LedgerFile[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
  return files.map((name) => ({ process: basename(name, ".jsonl"), lines: readLines(join(folder, name)) }));
}

/** The keys that a process owes an answer: of its calls, and of those that it was given and did not get to. */
export function unanswered(folder: string, process: string, given: readonly string[]): readonly string[] {
  const open = new Map<string, string>();
  const owed = new Set(given);
  const file = join(folder, `${process}.jsonl`);
  // It may have been killed before its first line.
  for (const line of existsSync(file) ? readLines(file) : []) {
    if (line.t === "invoke") open.set(line.call, line.key);
    if (line.t !== "answer") continue;
    if (line.answer.kind === "value") owed.delete(open.get(line.call) ?? "");
    open.delete(line.call);
  }
  return [...new Set([...owed, ...open.values()])];
}

function readLines(file: string): readonly Line[] {
  const text = readFileSync(file, "utf8");
  // A write that a SIGKILL cut in two is no line.
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  return whole
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}
