/**
 * The terms of one protected call, as the engine gets them: no event, no source, no wrapper left in it.
 */
import type { Outcome, StoredType } from "../core/codec.ts";
import { said } from "../core/said.ts";
import type { ErrorSubject, IdempotencyError } from "../errors.ts";
import { isResultNotStorableError, isStoreUnavailableError, StoreUnavailableError } from "../errors.ts";
import type { EventListener } from "../events.ts";
import type { CacheLimits } from "./cache.ts";
import type { Execution } from "./execution.ts";
import { before, type Runtime } from "./runtime.ts";

export interface Policy {
  readonly ttlSeconds: number;
  readonly leaseMs: number | undefined;
  readonly clockToleranceMs: number;
  /** How long to wait for a running attempt; `undefined` refuses at once. */
  readonly waitMs: number | undefined;
  /** After how many attempts that fail or die the work is parked; `undefined` never parks. */
  readonly maxAttempts?: number | undefined;
  readonly whenStoreUnavailable: "fail" | "run";
  readonly whenCompletionFails: "return" | "throw";
  readonly shouldStore: (outcome: Outcome) => boolean;
  readonly types: readonly StoredType[];
  /** What this process remembers of the operation's outcomes; `undefined`: nothing. */
  readonly cache?: CacheLimits | undefined;
  readonly emit: EventListener;
}

/** What a key came to, before anything was written. */
export interface KeyedCall {
  readonly id: string;
  readonly key: string;
  readonly operation: string;
  /** Whose it is, where there are tenants: nested calls are of the same one. */
  readonly tenant?: unknown;
  readonly payloadHash: string | undefined;
}

export interface Call extends KeyedCall {
  /** The end of the invocation, epoch milliseconds, where it is known. */
  readonly deadline: number | undefined;
  /** Whether to look before claiming: where a replay is likely, a read costs less than a write that is refused. */
  readonly readFirst?: boolean;
  /** The handler with its event: called once at most (G17). */
  readonly work: (execution: Execution) => unknown;
}

/** How a call ended. `replayed` tells a stored outcome from the handler's own. */
export type Ending =
  | { readonly kind: "returned"; readonly value: unknown; readonly replayed: boolean }
  /** The handler's own error: it passes through unchanged (G16). */
  | { readonly kind: "threw"; readonly error: unknown; readonly replayed: boolean }
  /** The last attempt there may be: it failed with this error now, or did so earlier. */
  | { readonly kind: "parked"; readonly error: unknown }
  /** This library's: the caller gets no outcome. */
  | { readonly kind: "refused"; readonly error: IdempotencyError };

/** What events and errors say of a call. */
export function subjectOf(call: KeyedCall): { operation: string; id: string; key: string } {
  return { operation: call.operation, id: call.id, key: call.key };
}

/** What the caller gets: the value, or the error thrown. */
export function deliver(ending: Ending): unknown {
  if (ending.kind === "returned") return ending.value;
  throw ending.error;
}

export function refused(error: IdempotencyError): Ending {
  return { kind: "refused", error };
}

const LONGEST_SHOWN_KEY = 200;

/** How an error names a call. */
export function shown(call: KeyedCall): string {
  const key = call.key.length > LONGEST_SHOWN_KEY ? `${call.key.slice(0, LONGEST_SHOWN_KEY)}...` : call.key;
  return `operation \`${call.operation}\`, key \`${key}\``;
}

/** What an error of {@link ask} says, for the table: no key is stored, and the record is of the call anyway. */
export function withoutCall({ message }: IdempotencyError, call: KeyedCall): string {
  return message.replace(` (${shown(call)})`, "");
}

/** Kept free before the invocation's deadline by one that waits or asks, to answer its caller in. */
export const ANSWER_RESERVE_MS = 500;

/** The last moment before a deadline, with a reserve kept free: half of what is left where that is less. */
export function answerBy(now: number, deadline: number | undefined, reserveMs: number): number | undefined {
  return deadline === undefined ? undefined : deadline - Math.min(reserveMs, Math.max(0, deadline - now) / 2);
}

/**
 * One store operation that ends in time. Whatever goes wrong is a `StoreUnavailableError` (or a `ResultNotStorableError`
 * of the store's own), and means that the outcome is unknown.
 */
export async function ask<T>(
  runtime: Runtime,
  call: KeyedCall,
  giveUpAt: number | undefined,
  verb: () => Promise<T>,
): Promise<T> {
  const subject: ErrorSubject = { operation: call.operation, key: call.key };
  try {
    const answer = await before(runtime.clock, giveUpAt, verb());
    if (answer.inTime) return answer.value;
  } catch (error) {
    if (isResultNotStorableError(error)) throw error;
    if (isStoreUnavailableError(error)) throw error.operation === undefined ? about(call, error) : error;
    throw new StoreUnavailableError(`The idempotency store failed: ${said(error)} (${shown(call)})`, {
      ...subject,
      cause: error,
    });
  }
  throw new StoreUnavailableError(
    `The idempotency store did not answer before the invocation's deadline (${shown(call)})`,
    subject,
  );
}

/** A store knows its table; which call it was is known here. */
function about(call: KeyedCall, { message, cause, transient, occupied }: StoreUnavailableError): StoreUnavailableError {
  return new StoreUnavailableError(`${message} (${shown(call)})`, {
    operation: call.operation,
    key: call.key,
    cause,
    transient,
    occupied,
  });
}
