/**
 * What the library tells about itself: one event for each thing that happened, to the caller's `onEvent` and to
 * `node:diagnostics_channel` `lambda-once`. A listener can change nothing (an exception of its own is a warning).
 */
import { channel } from "node:diagnostics_channel";
import { said } from "./core/said.ts";

interface EventBase {
  readonly operation: string;
  /** The record's id. Absent when there was no key. */
  readonly id?: string;
  /** The key as the caller gave it. Absent when there was none. */
  readonly key?: string;
}

interface AttemptEvent extends EventBase {
  readonly attempt: number;
  readonly fence: number;
}

export type IdempotencyEvent =
  /** The key is this call's: the handler is about to run. */
  | (AttemptEvent & { readonly type: "claimed" })
  /** As `claimed`, after an attempt whose lease ended without an outcome. */
  | (AttemptEvent & { readonly type: "takenOver" })
  /** A stored outcome was given back. */
  | (EventBase & { readonly type: "replayed" })
  /** Another attempt is running. */
  | (EventBase & { readonly type: "rejected"; readonly retryAfterMs: number })
  /** The key was used with another payload. */
  | (EventBase & { readonly type: "mismatch" })
  /** The outcome is stored. */
  | (AttemptEvent & { readonly type: "completed" })
  /** The attempt ended without an outcome to keep: the next call runs again. */
  | (AttemptEvent & { readonly type: "released" })
  /** The last attempt that there may be has failed or died: the work is not run again before the record expires. */
  | (AttemptEvent & { readonly type: "parked" })
  /** The handler ended after another attempt had taken the key over. */
  | (AttemptEvent & { readonly type: "ownershipLost" })
  /** The outcome, or the release, could not be stored. */
  | (AttemptEvent & { readonly type: "completionFailed"; readonly error: unknown })
  /** The handler runs without protection. */
  | (EventBase & {
      readonly type: "unprotected";
      readonly reason: "keyMissing" | "storeUnavailable";
      readonly error?: unknown;
    });

export type EventListener = (event: IdempotencyEvent) => void;

const events = channel("lambda-once");

/** One function for both listeners. */
export function emitter(onEvent: EventListener | undefined): EventListener {
  return (event) => {
    if (events.hasSubscribers) events.publish(event);
    if (onEvent === undefined) return;
    try {
      const given: unknown = onEvent(event);
      watch(given, "`onEvent` rejected");
    } catch (error) {
      warn("`onEvent` threw", error);
    }
  };
}

/** Where a listener of the caller's gave a promise, its rejection is a warning, and not the end of the process. */
export function watch(given: unknown, what: string): void {
  if (given instanceof Promise) given.catch((error: unknown) => warn(what, error));
}

/** Something of the caller's went wrong that must not change an outcome. */
export function warn(what: string, error?: unknown): void {
  process.emitWarning(error === undefined ? what : `${what}: ${said(error)}`, { type: "LambdaOnceWarning" });
}
