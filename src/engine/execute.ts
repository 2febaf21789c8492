/**
 * One protected call: claim, run, complete or release.
 *
 * The only place that runs a handler, and it does so once for each claim (G17), with nothing around it that could send
 * it again. Upholds G10 and G12 (only a caught outcome releases) with `acquire.ts` and `settle.ts`.
 */
import { acquire, joinFlight } from "./acquire.ts";
import { ANSWER_RESERVE_MS, answerBy, type Call, type Ending, type Policy, refused, subjectOf } from "./call.ts";
import { run, runUnprotected } from "./run.ts";
import type { Runtime } from "./runtime.ts";
import { replayed, type Settled, settle } from "./settle.ts";

export async function execute(runtime: Runtime, policy: Policy, call: Call): Promise<Ending> {
  const now = runtime.clock.now();
  const waitUntil = Math.min(
    now + (policy.waitMs ?? 0),
    answerBy(now, call.deadline, ANSWER_RESERVE_MS) ?? Number.POSITIVE_INFINITY,
  );
  if (policy.waitMs !== undefined) {
    const stored = await joinFlight(runtime, call, waitUntil);
    if (stored !== undefined) return replay(policy, call, stored);
  }
  const { ending } = await inFlight(runtime, call, () => fly(runtime, policy, call, waitUntil));
  return ending;
}

/** Lets duplicates beside this call wait for it, unless another call already leads them. */
async function inFlight(runtime: Runtime, call: Call, fly: () => Promise<Settled>): Promise<Settled> {
  const { flights } = runtime.shared;
  if (flights.has(call.id)) return await fly();
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  flights.set(call.id, { payloadHash: call.payloadHash, stored: promise });
  let stored: string | undefined;
  try {
    const settled = await fly();
    stored = settled.stored;
    return settled;
  } finally {
    flights.delete(call.id);
    resolve(stored);
  }
}

async function fly(runtime: Runtime, policy: Policy, call: Call, waitUntil: number): Promise<Settled> {
  const acquired = await acquire(runtime, policy, call, waitUntil);
  switch (acquired.kind) {
    case "claimed": {
      const { record } = acquired;
      const outcome = await run(runtime, call, { ...record, attempt: record.attempts, protected: true });
      return await settle(runtime, policy, call, record, outcome);
    }
    case "replay":
      return { ending: replay(policy, call, acquired.result), stored: acquired.result };
    case "parked":
      return { ending: acquired, stored: undefined };
    case "refused":
      return { ending: refused(acquired.error), stored: undefined };
    case "storeUnavailable": {
      if (policy.whenStoreUnavailable === "fail") return { ending: refused(acquired.error), stored: undefined };
      return { ending: await runUnprotected(runtime, policy, call, acquired.error), stored: undefined };
    }
  }
}

function replay(policy: Policy, call: Call, text: string): Ending {
  policy.emit({ type: "replayed", ...subjectOf(call) });
  return replayed(policy, call, text);
}
