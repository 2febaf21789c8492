/**
 * Faults between the protocol and its records: an operation fails before it is applied, is applied while its answer gets
 * lost, is sent twice, or is held at a gate. One plan serves a store (`faultyStore`) and an SDK client (`faultyClient`).
 */
import type { ResultBody, StoredRecord } from "../../src/index.ts";
import { StoreUnavailableError } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import type { Gate } from "./gate.ts";

/** What an operation is for, told by what it writes. */
export type Step = "insert" | "claimOver" | "complete" | "release" | "read" | "putBody" | "getBody";

/** Stands in for one sending of an operation. */
export type Fault = <T>(send: () => Promise<T>) => Promise<T>;

export interface FaultPlan {
  /** The next operations of this kind meet these, one each, in order. */
  readonly next: (step: Step, ...faults: readonly Fault[]) => void;
  /** All operations of this kind meet this, from now on. */
  readonly every: (step: Step, fault: Fault) => void;
  /** What was sent, in order. */
  readonly sent: readonly Step[];
  readonly meet: <T>(step: Step, send: () => Promise<T>) => Promise<T>;
}

export function faultPlan(): FaultPlan {
  const once = new Map<Step, Fault[]>();
  const always = new Map<Step, Fault>();
  const sent: Step[] = [];
  return {
    sent,
    next: (step, ...faults) => void once.set(step, [...(once.get(step) ?? []), ...faults]),
    every: (step, fault) => void always.set(step, fault),
    async meet(step, send) {
      sent.push(step);
      const fault = once.get(step)?.shift() ?? always.get(step);
      return fault === undefined ? await send() : await fault(send);
    },
  };
}

export const unavailable = (transient = true): StoreUnavailableError =>
  new StoreUnavailableError("injected: no answer", { transient });

/** Fails, and was not applied. */
export const fail: Fault = async () => {
  throw unavailable();
};

/** Fails, and was not applied; trying again is of no use. */
export const deny: Fault = async () => {
  throw unavailable(false);
};

/** Was applied; the caller sees a failure. */
export const loseAnswer: Fault = async (send) => {
  await send();
  throw unavailable();
};

/** Was applied; its answer got lost and a client sent it again, as SDKs do: the caller sees the second answer. */
export const sendTwice: Fault = async (send) => {
  await send();
  return await send();
};

/** Waits at the gate before it is applied. */
export const holdBefore =
  (gate: Gate): Fault =>
  async (send) => {
    await gate.pass();
    return await send();
  };

/** Does something first, then goes through. */
export const firstDo =
  (deed: () => unknown): Fault =>
  async (send) => {
    await deed();
    return await send();
  };

/** A store with faults between it and the protocol. It counts as a process of its own (single flight is per store). */
export function faultyStore(inner: Store, plan: FaultPlan = faultPlan()): Store & FaultPlan {
  const { bodies } = inner;
  return {
    ...plan,
    ...inner,
    ...(bodies && {
      bodies: {
        ...bodies,
        put: (body: ResultBody) => plan.meet("putBody", () => bodies.put(body)),
        get: (ref: string) => plan.meet("getBody", () => bodies.get(ref)),
      },
    }),
    insert: (record) => plan.meet("insert", () => inner.insert(record)),
    swap: (seen, next) => plan.meet(stepOf(next.status), () => inner.swap(seen, next)),
    read: (id) => plan.meet("read", () => inner.read(id)),
  };
}

export function stepOf(status: StoredRecord["status"]): Step {
  return status === "COMPLETED" ? "complete" : status === "IN_PROGRESS" ? "claimOver" : "release";
}
