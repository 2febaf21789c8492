/**
 * What a handler is told of the attempt that runs it, and the way to find it from deep in the call stack.
 *
 * One object for each call, frozen; nothing of it is visible to another call (G20).
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { stepKey } from "../core/key.ts";
import { InvalidOptionsError } from "../errors.ts";
import type { Clock } from "./runtime.ts";

/** The handler's third argument. */
export interface Execution {
  /** The key of this call: the string itself, or the canonical JSON of another value. `""` where there is none. */
  readonly key: string;
  /** The namespace of the key. */
  readonly operation: string;
  /** 1 for the first attempt, then 2, 3, ...: above 1, an earlier attempt may have had effects. */
  readonly attempt: number;
  /** Rises with every attempt: give it to a downstream that can refuse a lower one than it has seen. */
  readonly fence: number;
  /** Until when no other attempt begins. */
  readonly leaseUntil: Date;
  /** `false` when the call runs without protection: it has no key, or the store is down and the options say to run. */
  readonly protected: boolean;
  /** Fires shortly before the lease or the invocation ends. Its reason is a `TimeoutError`. */
  readonly signal: AbortSignal;
  /**
   * A stable idempotency key for one downstream call: 32 hex characters, the same on every attempt, different for every
   * step and every record. Without a key to derive it from, it is the same within this call alone.
   */
  readonly keyFor: (step: string) => string;
}

export interface ExecutionTerms {
  readonly id: string;
  readonly key: string;
  readonly operation: string;
  readonly attempt: number;
  readonly fence: number;
  readonly leaseUntil: number;
  readonly deadline: number | undefined;
  readonly tenant?: unknown;
  readonly protected: boolean;
}

/** What a nested call takes over from the call around it. */
interface Surroundings {
  /** Epoch milliseconds, where it is known. */
  readonly deadline: number | undefined;
  readonly tenant?: unknown;
}

interface Current extends Surroundings {
  readonly execution: Execution;
}

const current = new AsyncLocalStorage<Current>();

/** The execution that this code runs in, or `undefined` outside of one. */
export function currentExecution(): Execution | undefined {
  return current.getStore()?.execution;
}

export function surroundings(): Surroundings | undefined {
  return current.getStore();
}

/** Runs `work` with an execution of its own, whose timer ends with it. */
export async function runWith<T>(
  clock: Clock,
  terms: ExecutionTerms,
  work: (execution: Execution) => T,
): Promise<Awaited<T>> {
  const { execution, end } = createExecution(clock, terms);
  try {
    const { deadline, tenant } = terms;
    return await current.run({ execution, deadline, tenant }, () => work(execution));
  } finally {
    end();
  }
}

/** How long before the end the signal fires: a tenth of what is left, at most this. */
const LONGEST_NOTICE_MS = 1_000;

function createExecution(clock: Clock, terms: ExecutionTerms): { execution: Execution; end: () => void } {
  const begun = clock.now();
  let controller: AbortController | undefined;
  let cancel = (): void => {};
  let ended = false;

  const signal = (): AbortSignal => {
    if (controller !== undefined) return controller.signal;
    const made = new AbortController();
    controller = made;
    if (ended) return made.signal;
    const until = Math.min(terms.leaseUntil, terms.deadline ?? terms.leaseUntil);
    const notice = Math.min(LONGEST_NOTICE_MS, Math.max(0, until - begun) / 10);
    const reason = "The time of this attempt is about to end: another attempt may begin after its lease.";
    cancel = clock.timer(until - notice - clock.now(), () => made.abort(new DOMException(reason, "TimeoutError")));
    return made.signal;
  };

  const execution: Execution = Object.freeze({
    key: terms.key,
    operation: terms.operation,
    attempt: terms.attempt,
    fence: terms.fence,
    protected: terms.protected,
    get leaseUntil() {
      return new Date(terms.leaseUntil);
    },
    get signal() {
      return signal();
    },
    keyFor(step: string) {
      if (typeof step !== "string" || step === "") {
        throw new InvalidOptionsError(
          'execution.keyFor: the step must be a name such as "charge", a string that is not empty.',
        );
      }
      return stepKey(terms.id, step);
    },
  });
  return {
    execution,
    end: () => {
      ended = true;
      cancel();
    },
  };
}
