/**
 * What the handlers of the model give back, and the text each has to become in the store, written out by hand: the codec
 * is under test too (G6, G13).
 */
import { isDeepStrictEqual } from "node:util";
import { type CallPlan, type HandlerOutcome, MAX_RESULT_BYTES } from "./scenario.ts";

/** A new object each time, with parts that a shallow copy would share. */
export function successOf(name: string): object {
  return { charge: name, at: new Date(0), parts: [1, { deep: true }] };
}

export function storedSuccessOf(name: string): string {
  return `{"charge":"${name}","at":{"$date":"1970-01-01T00:00:00.000Z"},"parts":[1,{"deep":true}]}`;
}

export function storedErrorOf(name: string): string {
  return `{"$thrown":{"$error":"CardError","message":"declined ${name}"}}`;
}

export function errorOf(name: string): Error {
  const error = new Error(`declined ${name}`);
  Object.defineProperty(error, "name", { value: "CardError" });
  return error;
}

/** A function has no text; a long text has too much. */
export function resultOf(name: string, outcome: HandlerOutcome): unknown {
  if (outcome === "unstorable") return { charge: name, undo: () => {} };
  if (outcome === "tooLarge") return { charge: name, padding: "x".repeat(MAX_RESULT_BYTES) };
  return successOf(name);
}

/** Whose success a value is, deeply; -1: nobody's. */
export function whoseValue(calls: readonly CallPlan[], value: unknown): number {
  return calls.findIndex((call) => isDeepStrictEqual(value, successOf(call.name)));
}

export function whoseError(calls: readonly CallPlan[], error: unknown): number {
  if (!(error instanceof Error) || error.name !== "CardError") return -1;
  return calls.findIndex((call) => error.message === `declined ${call.name}`);
}

/** What a careless caller does to what it was given. No later replay may show it. */
export function tamper(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  const parts = (value as { parts?: [number, { deep: boolean }] }).parts;
  if (parts !== undefined) parts[1].deep = false;
  Object.assign(value, { charge: "tampered with" });
}
