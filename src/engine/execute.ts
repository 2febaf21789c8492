/**
 * One protected call: claim, run, complete or release.
 *
 * The only place that runs a handler, and it does so once for each claim (G17), with nothing around it that could send
 * it again. Upholds G10 and G12 (only a caught outcome releases) with `acquire.ts` and `settle.ts`.
 */
import { decideClaim } from "../core/transitions.ts";
import { acquire, joinFlight, mismatch } from "./acquire.ts";
import { type CacheLimits, createCache, type OutcomeCache, type Recalled } from "./cache.ts";
import { ANSWER_RESERVE_MS, answerBy, type Call, type Ending, type Policy, refused, subjectOf } from "./call.ts";
import { run, runUnprotected } from "./run.ts";
import type { Runtime } from "./runtime.ts";
import { recall, replayed, type Settled, settle } from "./settle.ts";

export async function execute(runtime: Runtime, policy: Policy, call: Call): Promise<Ending> {
  const cached = fromCache(runtime, policy, call);
  if (cached !== undefined) return cached;
  const now = runtime.clock.now();
  const waitUntil = Math.min(
    now + (policy.waitMs ?? 0),
    answerBy(now, call.deadline, ANSWER_RESERVE_MS) ?? Number.POSITIVE_INFINITY,
  );
  if (policy.waitMs !== undefined) {
    const stored = await joinFlight(runtime, call, waitUntil);
    if (stored !== undefined) return replay(policy, call, stored);
  }
  const { ending, stored } = await inFlight(runtime, call, () => fly(runtime, policy, call, waitUntil));
  if (policy.cache !== undefined && stored !== undefined) cacheOf(runtime, policy.cache, call).keep(stored);
  return ending;
}

/** What a record that is remembered means for this call: the same as if the store had shown it now (G21). */
function fromCache(runtime: Runtime, policy: Policy, call: Call): Ending | undefined {
  if (policy.cache === undefined) return undefined;
  const cache = cacheOf(runtime, policy.cache, call);
  const known = cache.get(call.id);
  if (known === undefined) return undefined;
  const { payloadHash } = call;
  const me = { owner: "", payloadHash, now: runtime.clock.now(), toleranceMs: policy.clockToleranceMs };
  const decision = decideClaim(known.record, me);
  if (decision.kind === "replay") return replay(policy, call, known);
  if (decision.kind === "mismatch") return refused(mismatch(policy, call));
  cache.drop(call.id);
  return undefined;
}

/** Operations are few, unless somebody makes their names at run time. */
const MAX_CACHES = 100;

function cacheOf(runtime: Runtime, limits: CacheLimits, call: Call): OutcomeCache {
  const { caches } = runtime.shared;
  const known = caches.get(call.operation);
  if (known !== undefined) return known;
  const cache = createCache(limits);
  caches.set(call.operation, cache);
  const [oldest] = caches.size > MAX_CACHES ? caches.keys() : [];
  if (oldest !== undefined) caches.delete(oldest);
  return cache;
}

/** Lets duplicates beside this call wait for it, unless another call already leads them. */
async function inFlight(runtime: Runtime, call: Call, fly: () => Promise<Settled>): Promise<Settled> {
  const { flights } = runtime.shared;
  if (flights.has(call.id)) return await fly();
  const { promise, resolve } = Promise.withResolvers<Recalled | undefined>();
  flights.set(call.id, { payloadHash: call.payloadHash, stored: promise });
  let stored: Recalled | undefined;
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
    case "replay": {
      const giveUpAt = answerBy(runtime.clock.now(), call.deadline, ANSWER_RESERVE_MS);
      const recalled = await recall(runtime, policy, call, acquired.record, giveUpAt);
      if (recalled.stored !== undefined) policy.emit({ type: "replayed", ...subjectOf(call) });
      return recalled;
    }
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

function replay(policy: Policy, call: Call, { text }: Recalled): Ending {
  policy.emit({ type: "replayed", ...subjectOf(call) });
  return replayed(policy, call, text);
}
