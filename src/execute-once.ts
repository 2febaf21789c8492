/** The wrapper for a piece of work inside a handler: composes the options and the engine. */
import type { Context } from "aws-lambda";
import { deliver } from "./engine/call.ts";
import { type Execution, surroundings } from "./engine/execution.ts";
import { systemRuntime } from "./engine/runtime.ts";
import { type Checks, COMMON_CHECKS, type CommonOptions, checkHandler, checkOptions, policyOf } from "./options.ts";
import { fingerprintTerm, type KeyTerms, readContext, tenantTerm } from "./prepare.ts";
import { protect } from "./protect.ts";
import { valuesOnly } from "./should-store.ts";

export interface ExecuteOnceOptions extends CommonOptions<undefined> {
  /** The namespace of the key: what this piece of work is called. Required. */
  readonly operation: string;
  /** The Lambda context, for the deadline. Default: that of the execution this runs in, else `leaseMs` or 15 minutes. */
  readonly context?: Context;
}

/** A value, and whether it is a stored one. */
export interface Once<T> {
  readonly value: T;
  readonly replayed: boolean;
}

const CHECKS: Checks = {
  ...COMMON_CHECKS,
  context: (value) => (typeof value === "object" ? undefined : "the Lambda context"),
};

/**
 * Does a piece of work once for each key: the first call runs it, every later one gets its stored value.
 *
 * Rejects with the errors of {@link idempotent}; the work's own error passes through unchanged.
 *
 * @param key What identifies the work: a string or number, or an array or object of JSON values.
 * @example
 * const { value, replayed } = await executeOnce("order-123", (execution) => ship(order), { store, operation: "ship-order" });
 */
export async function executeOnce<T>(
  key: unknown,
  work: (execution: Execution) => T | Promise<T>,
  options: ExecuteOnceOptions,
): Promise<Once<Awaited<T>>> {
  checkHandler("executeOnce", work, "second");
  checkOptions("executeOnce", options, CHECKS, ["store", "operation"]);
  const { operation } = options;
  const runtime = systemRuntime(options.store);
  const context = options.context as Context;
  const now = runtime.clock.now();
  const told = readContext(options.context, now);
  const around = options.context === undefined ? surroundings() : undefined;
  const passed = around?.deadline !== undefined && around.deadline <= now;
  const deadline = told.deadline ?? (passed ? undefined : around?.deadline);
  const tenant = told.tenantId ?? around?.tenant;
  const terms: KeyTerms = {
    operation,
    key: () => key,
    keyHint: "the first argument of `executeOnce` is empty",
    tenant: tenantTerm(options, undefined, context, tenant),
    fingerprint: fingerprintTerm(options, undefined, context),
  };
  const protection = { runtime, policy: policyOf(options, valuesOnly), requireKey: options.requireKey ?? true };
  const ending = await protect(protection, { operation, deadline, tenant, work }, terms);
  const value = deliver(ending) as Awaited<T>;
  return { value, replayed: ending.kind === "returned" && ending.replayed };
}
