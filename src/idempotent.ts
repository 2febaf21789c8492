/** The wrapper for any handler: composes the options and the engine. */
import type { Context } from "aws-lambda";
import { deliver } from "./engine/call.ts";
import type { Execution } from "./engine/execution.ts";
import type { Work } from "./engine/run.ts";
import { systemRuntime } from "./engine/runtime.ts";
import {
  type Checks,
  COMMON_CHECKS,
  type CommonOptions,
  checkHandler,
  checkOptions,
  defaultOperation,
  functionCheck,
  policyOf,
} from "./options.ts";
import { fingerprintTerm, type KeyTerms, readContext, tenantTerm } from "./prepare.ts";
import { protect } from "./protect.ts";
import { valuesOnly } from "./should-store.ts";

export interface IdempotentOptions<E> extends CommonOptions<E> {
  /** What identifies the work: a string or number, or an array or object of JSON values. */
  readonly key: (event: E, context: Context) => unknown;
}

const CHECKS: Checks = { ...COMMON_CHECKS, key: functionCheck };

/**
 * Makes any handler, or any async function of one event, safe to retry: the first call with a key runs it, every retry
 * gets the stored value.
 *
 * The wrapped handler rejects with `KeyMissingError`, `KeyInvalidError`, `PayloadMismatchError`, `InProgressError`,
 * `OwnershipLostError`, `StoreUnavailableError` or `ResultNotStorableError`; the handler's own error passes unchanged.
 *
 * @throws InvalidOptionsError when the options are wrong, at once.
 * @example
 * export const nightly = idempotent(run, { store, operation: "nightly-report", key: (event) => event.reportDate });
 */
export function idempotent<E, R>(
  handler: (event: E, context: Context, execution: Execution) => R,
  options: IdempotentOptions<E>,
): (event: E, context?: Context) => Promise<Awaited<R>> {
  checkHandler("idempotent", handler);
  checkOptions("idempotent", options, CHECKS, ["store", "key"]);
  const operation = options.operation ?? defaultOperation("idempotent");
  const runtime = systemRuntime(options.store);
  const protection = { runtime, policy: policyOf(options, valuesOnly), requireKey: options.requireKey ?? true };

  const wrapped = async (event: E, context?: Context): Promise<unknown> => {
    const known = context as Context;
    const { deadline, tenantId } = readContext(context, runtime.clock.now());
    const work: Work = { operation, deadline, tenant: tenantId, work: (execution) => handler(event, known, execution) };
    const terms: KeyTerms = {
      operation,
      key: () => options.key(event, known),
      keyHint: "the option `key` found none in the event",
      tenant: tenantTerm(options, event, known, tenantId),
      fingerprint: fingerprintTerm(options, event, known),
    };
    return deliver(await protect(protection, work, terms));
  };
  return wrapped as (event: E, context?: Context) => Promise<Awaited<R>>;
}
