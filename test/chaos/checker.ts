/**
 * Reads the ledgers of a chaos run and judges them: per key at most one effect per fence, no two runs beside each other
 * before the earlier one's lease was over, one outcome, nothing lost. What is right and looks wrong is explained: a process
 * that was paused past its lease may find that another took its key over.
 */
import { violationsOf } from "../faults/check-history.ts";
import type { Call, Effect, Moment, Run, Terms } from "../faults/history.ts";
import type { LedgerFile } from "./ledger.ts";

/** What was done to the processes, by name. */
export interface Deeds {
  readonly kills: readonly { readonly process: string; readonly now: Moment }[];
  readonly pauses: readonly { readonly process: string; readonly from: Moment; readonly to: Moment }[];
}

export interface Spread {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export interface Verdict {
  readonly keys: number;
  readonly calls: number;
  readonly effects: number;
  readonly replays: number;
  readonly refusals: number;
  readonly kills: number;
  readonly pauses: number;
  /** Pauses that lasted beyond the lease. */
  readonly longPauses: number;
  readonly takeovers: number;
  /** Runs that were cut off by a kill before their handler had ended, or before their outcome was stored. */
  readonly cutOff: number;
  /** Of which the work was done and is done again: the limit that the README states. */
  readonly doneAgain: number;
  readonly duplicatesPerFence: number;
  /** Two runs of one key at once before the earlier one's lease was over. */
  readonly overlaps: number;
  /** Two at once after it, since the earlier one's process had been paused. */
  readonly explainedOverlaps: number;
  /** Two at once after it without a pause: the machine was slow. */
  readonly slowOverlaps: number;
  readonly outcomesThatDiffer: number;
  readonly neverCompleted: number;
  /** Keys whose history cannot be put in an order that is right. */
  readonly notLinearizable: number;
  /** From a kill to the next run of the key, and from the end of the dead one's lease to it, in milliseconds. */
  readonly recoveryAfterKillMs: Spread | undefined;
  readonly recoveryAfterLeaseMs: Spread | undefined;
  /** In words, the first of each key. */
  readonly violations: readonly string[];
}

/** What was asked of the library. */
export interface ChaosTerms extends Terms {
  readonly leaseMs: number;
}

export function judge(
  ledgers: readonly LedgerFile[],
  deeds: Deeds,
  terms: ChaosTerms,
  allKeys: readonly string[],
): Verdict {
  const killed = new Map(deeds.kills.map(({ process, now }) => [process, now]));
  const { calls, effects, takeovers } = readHistory(ledgers, killed, terms.leaseMs);
  const paused = new Set(deeds.pauses.map(({ process }) => process));
  // A pause can outlast a request, so that the SDK asks again.
  for (const call of calls) if (paused.has(call.process)) Object.assign(call, { unseen: 1, wasPaused: true });
  const byKey = Map.groupBy(calls, ({ key }) => key);
  const effectsByKey = Map.groupBy(effects, ({ key }) => key);
  const runs = calls.flatMap((call) => call.runs.map((run) => ({ call, run })));
  const violations: string[] = [];
  const tally = {
    duplicatesPerFence: 0,
    overlaps: 0,
    explainedOverlaps: 0,
    slowOverlaps: 0,
    outcomesThatDiffer: 0,
    neverCompleted: 0,
    notLinearizable: 0,
    doneAgain: 0,
  };
  const afterKill: number[] = [];
  const afterLease: number[] = [];

  for (const key of allKeys) {
    const ofKey = byKey.get(key) ?? [];
    const outcomes = new Set(ofKey.flatMap(({ answer }) => (answer?.kind === "value" ? [answer.value] : [])));
    if (outcomes.size === 0) {
      tally.neverCompleted++;
      violations.push(`${key} was never completed`);
    }
    if (outcomes.size > 1) tally.outcomesThatDiffer++;
    const found = violationsOf(ofKey, effectsByKey.get(key) ?? [], terms);
    if (found.length > 0) violations.push(`${key}: ${found.join("\n    ")}`);
    tally.duplicatesPerFence += found.filter((what) => what.startsWith("G1:")).length;
    tally.overlaps += found.filter((what) => what.startsWith("G9:")).length;
    tally.notLinearizable += found.some((what) => what.startsWith("not ")) ? 1 : 0;

    const ran = runs.filter(({ call }) => call.key === key).sort((a, b) => a.run.fence - b.run.fence);
    for (const [i, { call, run }] of ran.entries()) {
      const next = ran[i + 1]?.run;
      if (next === undefined) continue;
      const death = killed.get(call.process);
      const wasCutOff = call.answered === undefined && death !== undefined;
      if (wasCutOff) {
        // One that threw may have been given up before the kill: then its lease does not matter.
        if (run.came?.kind !== "threw") {
          afterKill.push(next.began.at - death.at);
          afterLease.push(next.began.at - run.leaseUntil);
        }
        if (run.came?.kind === "returned") tally.doneAgain++;
      }
      const end = run.ended?.order ?? death?.order ?? Number.POSITIVE_INFINITY;
      if (end <= next.began.order || next.began.at <= run.leaseUntil + terms.toleranceMs) continue;
      const wasPaused = deeds.pauses.some(
        ({ process, from, to }) => process === call.process && from.at <= run.leaseUntil && to.at >= run.leaseUntil,
      );
      tally[wasPaused ? "explainedOverlaps" : "slowOverlaps"]++;
    }
  }

  return {
    ...tally,
    keys: allKeys.length,
    calls: calls.length,
    effects: effects.length,
    replays: calls.filter(({ answer }) => answer?.kind === "value" && answer.replayed).length,
    refusals: calls.filter(({ answer }) => answer?.kind === "refused").length,
    kills: deeds.kills.length,
    pauses: deeds.pauses.length,
    longPauses: deeds.pauses.filter(({ from, to }) => to.at - from.at > terms.leaseMs + terms.toleranceMs).length,
    takeovers,
    cutOff: runs.filter(({ call }) => call.answered === undefined && killed.has(call.process)).length,
    recoveryAfterKillMs: spread(afterKill),
    recoveryAfterLeaseMs: spread(afterLease),
    violations,
  };
}

function readHistory(
  ledgers: readonly LedgerFile[],
  killed: ReadonlyMap<string, Moment>,
  leaseMs: number,
): { readonly calls: readonly Call[]; readonly effects: readonly Effect[]; readonly takeovers: number } {
  const calls = new Map<string, Call>();
  const effects: Effect[] = [];
  let takeovers = 0;
  const known = (name: string): Call => {
    const call = calls.get(name);
    if (call === undefined) throw new Error(`the ledger speaks of ${name}, which was never invoked`);
    return call;
  };
  for (const { process, lines } of ledgers) {
    const death = killed.get(process);
    for (const line of lines) {
      switch (line.t) {
        case "invoke":
          calls.set(line.call, {
            name: line.call,
            process,
            key: line.key,
            payload: "a",
            waits: line.waits,
            leaseMs,
            invoked: line.now,
            runs: [],
            events: [],
            ...(death === undefined ? {} : { died: death }),
          });
          break;
        case "effect": {
          const { call, key, fence, attempt, leaseUntil, effectKey, takenOver, now } = line;
          known(call).runs.push({ fence, attempt, leaseUntil, effectKey, began: now } satisfies Run);
          effects.push({ key, fence, call });
          if (takenOver) takeovers++;
          break;
        }
        case "end": {
          const run = known(line.call).runs.at(-1);
          if (run === undefined) throw new Error(`${line.call} ended and never began`);
          run.came = line.came;
          run.ended = line.now;
          break;
        }
        case "answer": {
          const call = known(line.call);
          call.events.push(...line.events);
          call.answer = line.answer;
          call.answered = line.now;
        }
      }
    }
  }
  return { calls: [...calls.values()], effects, takeovers };
}

export function spread(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  const median = sorted[sorted.length >> 1];
  if (min === undefined || median === undefined || max === undefined) return undefined;
  return { count: sorted.length, min, median, max };
}
