/**
 * One simulated process, alive: the production `execute` on a runtime whose store, clock, chance and handler gates are
 * in the hands of the scheduler.
 *
 * It is fed one input at a time and runs until nothing is left to run; what it did meanwhile is a burst. The same inputs
 * give the same bursts, always: there is no other way in. That is what the memory in `machine.ts` rests on.
 */
import type { Outcome } from "../../src/core/codec.ts";
import type { InProgressRecord, RecordVersion, StoredRecord } from "../../src/core/record.ts";
import type { Ending, Policy } from "../../src/engine/call.ts";
import type { Execution } from "../../src/engine/execution.ts";
import type { Clock, Runtime } from "../../src/engine/runtime.ts";
import type { IdempotencyEvent } from "../../src/events.ts";
import type { ResultBody, Store } from "../../src/store.ts";
import { errorOf, resultOf, tamper, whoseError, whoseValue } from "./outcomes.ts";
import { type CallPlan, type HandlerOutcome, MAX_RESULT_BYTES, type Scenario } from "./scenario.ts";
import type { Sut } from "./sut.ts";

/** A store operation as it travels. */
export type Request =
  | { readonly verb: "insert"; readonly next: InProgressRecord }
  | { readonly verb: "swap"; readonly seen: RecordVersion; readonly next: StoredRecord }
  | { readonly verb: "read"; readonly id: string }
  | BodyRequest;

/** About a body beside its record. */
export type BodyRequest =
  | { readonly verb: "putBody"; readonly body: ResultBody }
  | { readonly verb: "getBody"; readonly ref: string };

export function isAboutBody(request: Request): request is BodyRequest {
  return request.verb === "putBody" || request.verb === "getBody";
}

/** By what a store of the model finds a body. */
export function refOf({ id, owner }: ResultBody): string {
  return `${id}#${owner}`;
}

export type StoreError = "unavailable" | "fatal" | "tooLarge";

export type Input =
  | { readonly kind: "start"; readonly call: number }
  | { readonly kind: "answer"; readonly op: number; readonly answer: unknown }
  | { readonly kind: "error"; readonly op: number; readonly error: StoreError }
  | { readonly kind: "timer"; readonly timer: number }
  | { readonly kind: "finish"; readonly call: number; readonly outcome: HandlerOutcome };

/** How a call ended, as its caller sees it. `own`: it is the very object that its own handler gave. */
export type SeenEnding =
  | { readonly kind: "returned" | "threw"; readonly own: boolean; readonly replayed: boolean; readonly whose: number }
  | { readonly kind: "refused"; readonly name: string; readonly retryAfterMs: number | undefined }
  /** As `refused`, or with the handler's `own` error: the work is not tried again. */
  | { readonly kind: "parked"; readonly own: boolean; readonly name: string }
  /** Neither an outcome nor an error of this library's. */
  | { readonly kind: "broke"; readonly said: string };

export type Output =
  | { readonly kind: "handler"; readonly call: number; readonly told: HandlerTerms }
  | { readonly kind: "event"; readonly call: number; readonly event: IdempotencyEvent }
  | { readonly kind: "ended"; readonly call: number; readonly ending: SeenEnding };

export interface HandlerTerms {
  readonly attempt: number;
  readonly fence: number;
  readonly protected: boolean;
  readonly leaseUntil: number;
  readonly stepKey: string;
  readonly otherStepKey: string;
}

export interface PendingOp {
  readonly op: number;
  readonly call: number;
  readonly request: Request;
  /** When it was sent, on the host's clock. */
  readonly sentAt: number;
}

export interface PendingTimer {
  readonly timer: number;
  readonly due: number;
}

export interface Burst {
  readonly outputs: readonly Output[];
  readonly readClock: boolean;
  /** Requests without an answer yet, of calls that have not ended. */
  readonly pending: readonly PendingOp[];
  /** Requests that a call left behind when it ended. */
  readonly left: readonly PendingOp[];
  /** In the order in which they fire. */
  readonly timers: readonly PendingTimer[];
  /** Calls whose handler waits to be told how it ends. */
  readonly running: readonly number[];
  /** Calls that were started and have not ended. */
  readonly live: readonly number[];
}

export interface Host {
  readonly feed: (input: Input, localNow: number) => Promise<Burst>;
}

/** Everything that is ready has run when the next macrotask begins. */
const quiet = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Waiting {
  readonly pending: PendingOp;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
}

export function createHost(sut: Sut, scenario: Scenario): Host {
  const shared = sut.createShared();
  const ops = new Map<number, Waiting>();
  const timers = new Map<number, { readonly due: number; readonly fire: () => void }>();
  const gates = new Map<number, { finish: (outcome: HandlerOutcome) => void }>();
  const live = new Set<number>();
  let outputs: Output[] = [];
  let left: PendingOp[] = [];
  let [now, opCount, timerCount, tokens, readClock] = [0, 0, 0, 0, false];

  const clock: Clock = {
    now: () => {
      readClock = true;
      return now;
    },
    timer: (ms, fire) => {
      readClock = true;
      const timer = ++timerCount;
      timers.set(timer, { due: now + Math.max(0, ms), fire });
      return () => void timers.delete(timer);
    },
  };

  function storeOf(call: number): Store {
    const send = (request: Request): Promise<never> =>
      new Promise((resolve, reject) => {
        const op = ++opCount;
        if (request.verb !== "read" && request.verb !== "getBody") readClock = true; // when it was sent is part of what was done
        ops.set(op, { pending: { op, call, request, sentAt: now }, resolve, reject });
      });
    return {
      maxResultBytes: MAX_RESULT_BYTES,
      insert: (next) => send({ verb: "insert", next }),
      swap: (seen, next) => send({ verb: "swap", seen: versionOf(seen), next }),
      read: (id) => send({ verb: "read", id }),
      ...(scenario.bodies && {
        bodies: {
          inlineLimit: 0,
          maxBytes: MAX_RESULT_BYTES,
          put: (body: ResultBody) => send({ verb: "putBody", body }),
          get: (ref: string) => send({ verb: "getBody", ref }),
        },
      }),
    };
  }

  function start(call: number, plan: CallPlan): void {
    let given: unknown;
    const work = (execution: Execution): Promise<unknown> => {
      if (plan.asksForSignal) execution.signal.throwIfAborted();
      outputs.push({ kind: "handler", call, told: termsOf(execution) });
      return new Promise((resolve, reject) => {
        gates.set(call, {
          finish: (outcome) => {
            given = outcome === "error" ? errorOf(plan.name) : resultOf(plan.name, outcome);
            if (outcome === "error") reject(given);
            else resolve(given);
          },
        });
      });
    };
    const uuid = (): string => `${plan.name}/${++tokens}`;
    const runtime: Runtime = { store: storeOf(call), clock, uuid, random: () => 0, shared };
    const end = (ending: SeenEnding): void => {
      live.delete(call);
      for (const [op, waiting] of ops) {
        if (waiting.pending.call !== call) continue;
        left.push(waiting.pending);
        ops.delete(op);
      }
      outputs.push({ kind: "ended", call, ending });
    };
    live.add(call);
    const policy = policyOf(scenario, plan, (event) => outputs.push({ kind: "event", call, event }));
    const { key: id, payload: payloadHash } = plan;
    const deadline = sut.deadlineFrom(clock.now(), plan.remainingMs);
    const readFirst = plan.readsFirst === true;
    const terms = { id, key: id, operation: "pay", payloadHash, deadline, readFirst, work };
    sut.execute(runtime, policy, terms).then(
      (ending) => {
        end(seenEnding(scenario, ending, given));
        if (ending.kind === "returned") tamper(ending.value);
      },
      (error: unknown) => end({ kind: "broke", said: String(error) }),
    );
  }

  function act(input: Input): void {
    if (input.kind === "start") start(input.call, at(scenario.calls, input.call));
    else if (input.kind === "timer") taken(timers, input.timer)?.fire();
    else if (input.kind === "finish") taken(gates, input.call)?.finish(input.outcome);
    else if (input.kind === "answer") taken(ops, input.op)?.resolve(input.answer as never);
    else taken(ops, input.op)?.reject(storeError(sut, input.error));
  }

  return {
    async feed(input, localNow) {
      now = localNow;
      [outputs, left, readClock] = [[], [], false];
      act(input);
      await quiet();
      return {
        outputs,
        readClock,
        left,
        pending: [...ops.values()].map(({ pending }) => pending),
        timers: [...timers].map(([timer, { due }]) => ({ timer, due })).sort((a, b) => a.due - b.due),
        running: [...gates.keys()],
        live: [...live],
      };
    },
  };
}

function policyOf(scenario: Scenario, plan: CallPlan, emit: Policy["emit"]): Policy {
  return {
    ttlSeconds: scenario.ttlSeconds,
    leaseMs: plan.leaseMs,
    clockToleranceMs: scenario.toleranceMs,
    waitMs: plan.waitMs,
    maxAttempts: plan.maxAttempts,
    whenStoreUnavailable: plan.storeDown ?? "fail",
    whenCompletionFails: plan.completionFails ?? "return",
    shouldStore: (outcome: Outcome) => {
      if (plan.shouldStoreThrows) throw new Error("shouldStore throws");
      return outcome.ok || plan.keepsErrors === true;
    },
    types: [],
    emit,
  };
}

function termsOf(execution: Execution): HandlerTerms {
  return {
    attempt: execution.attempt,
    fence: execution.fence,
    protected: execution.protected,
    leaseUntil: execution.leaseUntil.getTime(),
    stepKey: execution.keyFor("charge"),
    otherStepKey: execution.keyFor("mail"),
  };
}

function seenEnding(scenario: Scenario, ending: Ending, given: unknown): SeenEnding {
  if (ending.kind === "refused") {
    const { name, retryAfterMs } = ending.error as { name: string; retryAfterMs?: number };
    return { kind: "refused", name, retryAfterMs };
  }
  if (ending.kind === "parked")
    return { kind: "parked", own: ending.error === given, name: (ending.error as Error).name };
  const result = ending.kind === "returned" ? ending.value : ending.error;
  const own = given !== undefined && result === given;
  const whose = (ending.kind === "returned" ? whoseValue : whoseError)(scenario.calls, result);
  return { kind: ending.kind, replayed: ending.replayed, own, whose };
}

function taken<T>(map: Map<number, T>, key: number): T | undefined {
  const item = map.get(key);
  map.delete(key);
  return item;
}

/** Only what the port lets a store compare. */
function versionOf({ id, owner, fence, status }: RecordVersion): RecordVersion {
  return { id, owner, fence, status };
}

function storeError(sut: Sut, kind: StoreError): Error {
  if (kind === "tooLarge") return new sut.ResultNotStorableError("the store says that it is too large");
  return new sut.StoreUnavailableError(`the store is ${kind}`, { transient: kind === "unavailable" });
}

/** An element that must be there. */
export function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new Error(`The model asked for element ${index} of ${items.length}`);
  return item;
}
