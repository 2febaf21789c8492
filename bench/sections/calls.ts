/** Rounds of new calls and their replays, each variant in a process of its own, in another order every round. */
import type { Timing } from "../harness/jobs.ts";
import type { Run } from "../harness/section.ts";
import { shuffled } from "../harness/statistics.ts";
import type { Worker } from "../harness/workers.ts";

export interface CallRounds {
  readonly rounds: number;
  /** Calls of each kind and variant in a round. */
  readonly count: number;
  /** Rounds before those that count: code is compiled, connections are opened. */
  readonly warmUp: number;
  readonly concurrency?: number;
}

/** Tells of each variant's calls in each round that counts. */
export async function callRounds(
  workers: readonly Worker[],
  { rounds, count, warmUp, concurrency = 1 }: CallRounds,
  { random, say }: Run,
  tell: (name: string, calls: Timing, replays: Timing) => void,
): Promise<void> {
  for (let round = 0; round < rounds + warmUp; round++) {
    say(round < warmUp ? "warm-up" : `round ${round - warmUp + 1} of ${rounds}`);
    for (const worker of shuffled(workers, random)) {
      // A key is a header: a comma in it would make two of it.
      const prefix = `${worker.name.replaceAll(/\W+/g, "-")}-${concurrency}-${round}`;
      const job = { kind: "calls", prefix, count, concurrency, responseBytes: 512 } as const;
      const calls = await worker.perform({ ...job, replay: false });
      const replays = await worker.perform({ ...job, replay: true });
      if (round >= warmUp) tell(worker.name, calls, replays);
    }
  }
}
