/** What is recorded of calls: when they were made, what ran for them, what they were answered, and what they caused. */

export interface Moment {
  /** Its place among all moments of one history. */
  readonly order: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What a handler came to. Every value names the payload and the call that made it: `a by call 3`. */
export type Came =
  | { readonly kind: "returned"; readonly value: string }
  | { readonly kind: "returnedUnstorable"; readonly value: string }
  | { readonly kind: "threw"; readonly value: string };

export interface Run {
  readonly fence: number;
  readonly attempt: number;
  readonly leaseUntil: number;
  /** `keyFor("effect")`. */
  readonly effectKey: string;
  readonly began: Moment;
  ended?: Moment;
  came?: Came;
}

export type Answer =
  | { readonly kind: "value"; readonly value: string; readonly replayed: boolean }
  /** The handler's own error, by its message. */
  | { readonly kind: "threw"; readonly value: string; readonly replayed: boolean }
  /** It succeeded, and the source has no way to say with what: SQS. */
  | { readonly kind: "done" }
  /** An error of the library, by its name. */
  | { readonly kind: "refused"; readonly name: string };

export interface Call {
  readonly name: string;
  /** Calls of one process share a store object. */
  readonly process: string;
  readonly key: string;
  readonly payload: string;
  /** Whether it waits for a running attempt. */
  readonly waits: boolean;
  /** Its lease is at least this long. */
  readonly leaseMs: number;
  readonly invoked: Moment;
  readonly runs: Run[];
  /** The types of the events that it caused, in order. */
  readonly events: string[];
  /**
   * How many claims of its may have been applied without its hearing of them: the answers were lost, and by the time that
   * the SDK had asked again, another had the key.
   */
  unseen?: number;
  /** Its process was stopped for a while. */
  wasPaused?: boolean;
  /** When its process was known to be dead, where it died. */
  died?: Moment;
  answered?: Moment;
  answer?: Answer;
}

/** One line of the append-only ledger: what the world outside saw. */
export interface Effect {
  readonly key: string;
  readonly fence: number;
  readonly call: string;
}

/** What was asked of the library, as far as it decides what is right. */
export interface Terms {
  readonly toleranceMs: number;
  readonly ttlSeconds: number;
  /** `everyOutcome`: errors are stored too. */
  readonly storesErrors: boolean;
  readonly throwsWhenCompletionFails: boolean;
  /** Results lie beside their records, where they may fail to be written: the record says so then. */
  readonly mayMark?: boolean;
}

/** Has no order among other histories, and none but that in which it is called. */
export function stopwatch(): () => Moment {
  let order = 0;
  return () => ({ order: order++, at: Date.now() });
}

export function describeCall(call: Call): string {
  const runs = call.runs.map(
    ({ fence, attempt, leaseUntil, began, ended, came }) =>
      `ran as attempt ${attempt} (fence ${fence}, lease until ${leaseUntil}) from #${began.order} at ${began.at} to ${
        ended === undefined ? "never" : `#${ended.order} at ${ended.at}`
      }${came === undefined ? "" : `, ${came.kind} "${came.value}"`}`,
  );
  const answer =
    call.answered === undefined
      ? "never answered"
      : `#${call.answered.order} at ${call.answered.at}: ${JSON.stringify(call.answer)}`;
  return [
    `${call.name} (${call.process}, key ${call.key}, payload ${call.payload}${call.waits ? ", waits" : ""})`,
    `invoked #${call.invoked.order} at ${call.invoked.at}`,
    ...runs,
    answer,
    `events: ${call.events.join(" ")}`,
  ].join("; ");
}
