/**
 * One call of any wrapper: its key, and what the engine makes of it. The wrappers differ in where the parts come from and
 * in what becomes of the ending.
 */
import { type Ending, type Policy, refused } from "./engine/call.ts";
import { execute } from "./engine/execute.ts";
import { runUnprotected, type Work } from "./engine/run.ts";
import type { Runtime } from "./engine/runtime.ts";
import { type KeyTerms, prepare } from "./prepare.ts";

export interface Protection {
  readonly runtime: Runtime;
  readonly policy: Policy;
  readonly requireKey: boolean;
}

export interface BatchTerms {
  /** The calls of one batch by key and payload: equal ones are one call, which runs once, and share its ending (G18). */
  readonly beside: Map<string, Promise<Ending>>;
  readonly readFirst?: boolean;
}

/** A call without a key runs without protection, unless one is required; one that cannot be used is refused. */
export async function protect(
  { runtime, policy, requireKey }: Protection,
  work: Work,
  terms: KeyTerms,
  batch?: BatchTerms,
): Promise<Ending> {
  const prepared = prepare(terms);
  if (prepared.kind === "missing" && !requireKey) return await runUnprotected(runtime, policy, work);
  if (prepared.kind !== "keyed") return refused(prepared.error);
  const { id, payloadHash = "" } = prepared.call;
  const begin = (): Promise<Ending> =>
    execute(runtime, policy, { ...work, ...prepared.call, readFirst: batch?.readFirst ?? false });
  if (batch === undefined) return await begin();
  const name = `${id} ${payloadHash}`;
  const ending = batch.beside.get(name) ?? begin();
  batch.beside.set(name, ending);
  return await ending;
}
