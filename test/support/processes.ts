/** Processes with clocks of their own over one table: the engine as the wrappers drive it, on a clock the test sets. */
import { randomUUID } from "node:crypto";
import { deliver } from "../../src/engine/call.ts";
import { execute } from "../../src/engine/execute.ts";
import type { Execution } from "../../src/engine/execution.ts";
import { createShared, type Runtime, systemClock } from "../../src/engine/runtime.ts";
import type { IdempotencyEvent } from "../../src/index.ts";
import { policyOf } from "../../src/options.ts";
import type { Store } from "../../src/store.ts";

/** The true time, which no process knows. */
export interface World {
  now: number;
}

export interface Work {
  readonly id: string;
  readonly remainingMs?: number;
  readonly work: (execution: Execution) => unknown;
}

export interface Process {
  readonly run: (work: Work) => Promise<unknown>;
  readonly told: IdempotencyEvent[];
}

/** A process whose clock is off by `skewMs`. It shares nothing with another but the table. */
export function processIn(world: World, store: Store, skewMs: number, clockToleranceMs = 1_000): Process {
  const clock = { now: () => world.now + skewMs, timer: systemClock.timer };
  const runtime: Runtime = { store, clock, uuid: randomUUID, random: () => 0.5, shared: createShared() };
  const told: IdempotencyEvent[] = [];
  const policy = policyOf({ store, clockToleranceMs, onEvent: (event) => void told.push(event) }, ({ ok }) => ok);
  return {
    told,
    async run({ id, remainingMs, work }) {
      const deadline = remainingMs === undefined ? undefined : clock.now() + remainingMs;
      return deliver(
        await execute(runtime, policy, {
          id,
          key: id,
          operation: "pay",
          payloadHash: undefined,
          tenant: undefined,
          deadline,
          work,
        }),
      );
    },
  };
}
