/**
 * Which outcomes are stored: presets for the option `shouldStore`. There is no consensus among payment APIs on errors,
 * hence the choice (Square and Checkout.com keep successes, Stripe v1 keeps everything once the endpoint began).
 */
import type { Outcome } from "./core/codec.ts";
import { isIdempotencyError } from "./errors.ts";

/** What a handler came to: the value it returned, or what it threw. */
export type { Outcome };

export type ShouldStore = (outcome: Outcome) => boolean;

/**
 * Keeps what succeeded: a value, and where it is an HTTP response (it has a `statusCode`), one with a status of 2xx.
 * Errors and other responses are released, so that a retry runs again.
 */
export function successOnly(outcome: Outcome): boolean {
  if (!outcome.ok) return false;
  const status = statusOf(outcome.value);
  return status === undefined || (status >= 200 && status <= 299);
}

/**
 * Keeps every outcome once the handler began, errors included: a retry gets the same error again, and never a new run. An
 * error of this library, from a call inside the handler, says that there is no outcome yet: it is not kept.
 */
export function everyOutcome(outcome: Outcome): boolean {
  return outcome.ok || !isIdempotencyError(outcome.error);
}

/** Keeps every value and no error: the default where there is no HTTP response to look at. */
export function valuesOnly(outcome: Outcome): boolean {
  return outcome.ok;
}

function statusOf(value: unknown): number | undefined {
  if (typeof value !== "object" || value === null || !("statusCode" in value) || value.statusCode === undefined)
    return undefined;
  return Number(value.statusCode);
}
