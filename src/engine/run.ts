/**
 * Runs the handler: once, and as what it is told to be. A throw is caught as an outcome (G12, G16).
 */
import type { Outcome } from "../core/codec.ts";
import { leaseEnd } from "../core/lease.ts";
import type { IdempotencyError } from "../errors.ts";
import type { Call, Ending, Policy } from "./call.ts";
import { type ExecutionTerms, runWith } from "./execution.ts";
import type { Runtime } from "./runtime.ts";

/** What running needs of a call. */
export type Work = Pick<Call, "operation" | "deadline" | "tenant" | "work"> & {
  readonly id?: string;
  readonly key?: string;
};

/** What running needs of a claim. */
type Attempt = Pick<ExecutionTerms, "attempt" | "fence" | "leaseUntil" | "protected">;

export async function run(runtime: Runtime, work: Work, attempt: Attempt): Promise<Outcome> {
  const terms: ExecutionTerms = {
    ...attempt,
    id: work.id ?? runtime.uuid(),
    key: work.key ?? "",
    operation: work.operation,
    deadline: work.deadline,
    tenant: work.tenant,
  };
  try {
    return { ok: true, value: await runWith(runtime.clock, terms, work.work) };
  } catch (error) {
    return { ok: false, error };
  }
}

export function ending(outcome: Outcome): Ending {
  return outcome.ok
    ? { kind: "returned", value: outcome.value, replayed: false }
    : { kind: "threw", error: outcome.error, replayed: false };
}

/** Runs without a claim, and says so. Where there is a key, `keyFor` gives what a protected attempt would. */
export async function runUnprotected(
  runtime: Runtime,
  policy: Policy,
  work: Work,
  storeError?: IdempotencyError,
): Promise<Ending> {
  const { operation, id, key } = work;
  const subject = { operation, ...(id === undefined ? {} : { id }), ...(key === undefined ? {} : { key }) };
  if (storeError === undefined) policy.emit({ type: "unprotected", ...subject, reason: "keyMissing" });
  else policy.emit({ type: "unprotected", ...subject, reason: "storeUnavailable", error: storeError });
  return ending(await runBare(runtime, policy, work));
}

/** As {@link runUnprotected}, for what was never meant to be protected: nothing is said. */
export async function runBare(runtime: Runtime, policy: Policy, work: Work): Promise<Outcome> {
  const now = runtime.clock.now();
  return await run(runtime, work, {
    attempt: 1,
    fence: runtime.shared.fences.next(work.id ?? "", now, undefined),
    leaseUntil: leaseEnd(now, work.deadline, policy.leaseMs),
    protected: false,
  });
}
