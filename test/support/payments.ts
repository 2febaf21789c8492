/** The payment handler that the guarantees are tried on: an event with a key and an amount, and a wrapper around it. */
import { randomUUID } from "node:crypto";
import type { Context } from "aws-lambda";
import {
  type ExecuteOnceOptions,
  type Execution,
  executeOnce,
  type IdempotencyEvent,
  type IdempotentOptions,
  idempotent,
} from "../../src/index.ts";
import type { Store } from "../../src/store.ts";

export interface Payment {
  readonly key: string;
  readonly amount: number;
}

export const payment = (amount = 100): Payment => ({ key: randomUUID(), amount });

export type Pay = (event: Payment, context?: Context) => Promise<unknown>;

/** `idempotent` around a payment handler; the amount is the fingerprint. */
export function protect(
  store: Store,
  handler: (event: Payment, context: Context, execution: Execution) => unknown,
  options: Partial<IdempotentOptions<Payment>> = {},
): Pay {
  return idempotent(handler, {
    store,
    operation: "pay",
    key: (event) => event.key,
    fingerprint: (event) => event.amount,
    ...options,
  });
}

/** The id of the record of a payment: `executeOnce` of the same operation shares keys with the wrapper on purpose. */
export async function recordIdOf(
  store: Store,
  { key }: Payment,
  options: Partial<ExecuteOnceOptions> = {},
): Promise<string> {
  let id = "";
  const blind: Store = {
    ...store,
    insert: async (record) => {
      id = record.id;
      throw new Error("only the id was wanted");
    },
  };
  await executeOnce(key, () => undefined, { store: blind, operation: "pay", ...options }).catch(() => undefined);
  return id;
}

export interface Recorder {
  readonly events: IdempotencyEvent[];
  readonly onEvent: (event: IdempotencyEvent) => void;
  readonly types: () => string[];
}

export function recorder(): Recorder {
  const events: IdempotencyEvent[] = [];
  return { events, onEvent: (event) => void events.push(event), types: () => events.map((event) => event.type) };
}

/** What a call rejects with. */
export const errorOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => "no error",
    (error: unknown) => error,
  );

/** What an invocation is told: it ends so many milliseconds from now. */
export function lambdaContext(remainingMs: number): Context {
  const end = Date.now() + remainingMs;
  return contextTelling(() => end - Date.now());
}

/** A context that tells whatever it is made to tell. */
export function contextTelling(getRemainingTimeInMillis: unknown, more: object = {}): Context {
  return { awsRequestId: "request-1", functionName: "payments", getRemainingTimeInMillis, ...more } as Context;
}
