/**
 * The options common to every wrapper: their types, their defaults, and the check that finds a mistake when the wrapper
 * is made instead of when money moves.
 */
import type { Context } from "aws-lambda";
import type { StoredType } from "./core/codec.ts";
import type { CacheLimits } from "./engine/cache.ts";
import type { Policy } from "./engine/call.ts";
import { InvalidOptionsError } from "./errors.ts";
import { type EventListener, emitter } from "./events.ts";
import type { ShouldStore } from "./should-store.ts";
import type { Store } from "./store.ts";

export interface CommonOptions<E> {
  /** Where records live: `dynamoDBStore()` or `memoryStore()`. */
  readonly store: Store;
  /**
   * The namespace of the keys. Default for handlers: the function's name and handler string from the Lambda environment.
   * Two wrappers that name the same operation share keys on purpose.
   */
  readonly operation?: string;
  /** Keys of different tenants never meet. Default: the context's `tenantId`, where Lambda gives one. */
  readonly tenant?: (event: E, context: Context) => string;
  /** Without a key: refuse (`true`), or run without protection and say so (`false`). Default: `false` for HTTP, else `true`. */
  readonly requireKey?: boolean;
  /** What must not change under one key, any JSON value; `false` turns the check off. Default: per source. */
  readonly fingerprint?: ((event: E, context: Context) => unknown) | false;
  /** How long an outcome is replayed, in seconds, from completion. Default: 86 400 (a day). */
  readonly ttlSeconds?: number;
  /**
   * How long an unfinished attempt blocks others, in milliseconds. Default: the invocation's remaining time plus 2 s, or
   * 15 minutes where the context tells none. Lengthens a lease, never shortens it below that.
   */
  readonly leaseMs?: number;
  /** `"reject"` (default) refuses at once; `{ waitMs }` waits for the running attempt's outcome, never past the deadline. */
  readonly whenInProgress?: "reject" | { readonly waitMs: number };
  /** `"fail"` (default) refuses when the store cannot be had; `"run"` runs without protection. */
  readonly whenStoreUnavailable?: "fail" | "run";
  /** The handler succeeded and the store refuses to say so: `"return"` (default) gives the result, `"throw"` an error. */
  readonly whenCompletionFails?: "return" | "throw";
  /** Which outcomes are stored. Default: per source. Presets: `successOnly`, `everyOutcome`. */
  readonly shouldStore?: ShouldStore;
  /** Told of everything that happens; can change nothing. The same events go to `diagnostics_channel` `lambda-once`. */
  readonly onEvent?: EventListener;
  /** The clock error allowed for between two hosts, in milliseconds. Default: 1 000. */
  readonly clockToleranceMs?: number;
  /**
   * Keeps outcomes in the memory of this process as well: replays in a warm sandbox then ask no store. `{ maxItems,
   * maxBytes }`, for each operation; `{}` for 1 000 outcomes and 10 MiB. Of wrappers on one store that share an operation
   * the first one's limits count. Default: none is kept.
   */
  readonly cache?: CacheLimits;
  /** Classes to revive on replay; others come back as plain objects. */
  // biome-ignore lint/suspicious/noExplicitAny: each entry has a class of its own
  readonly types?: readonly StoredType<any, any>[];
}

/** What may be said of an option: `undefined` when the value is good, else what is allowed. */
type Check = (value: unknown) => string | undefined;

export type Checks = Readonly<Record<string, Check>>;

const TEN_YEARS_SECONDS = 315_360_000;
const A_WEEK_MS = 604_800_000;

const isFunction: Check = (value) => (typeof value === "function" ? undefined : "a function");
const isBoolean: Check = (value) => (typeof value === "boolean" ? undefined : "`true` or `false`");

export const functionCheck: Check = isFunction;
export const booleanCheck: Check = isBoolean;
export const textCheck: Check = (value) =>
  typeof value === "string" && value.trim() !== "" ? undefined : "a string that is not empty";

export function wholeCheck(from: number, to: number, unit: string): Check {
  const allowed = `a whole number of ${unit} from ${from} to ${to}`;
  return (value) => (Number.isSafeInteger(value) && Number(value) >= from && Number(value) <= to ? undefined : allowed);
}

function oneOf(...allowed: readonly string[]): Check {
  return (value) => (allowed.includes(value as string) ? undefined : allowed.map((word) => `"${word}"`).join(" or "));
}

export const COMMON_CHECKS: Checks = {
  store: (value) => {
    const store = value as Partial<Store> | null | undefined;
    const verbs = [store?.insert, store?.swap, store?.read];
    if (verbs.every((verb) => typeof verb === "function") && typeof store?.maxResultBytes === "number")
      return undefined;
    return 'a store, such as `dynamoDBStore({ tableName })` from "lambda-once/dynamodb" or `memoryStore()` from "lambda-once/memory"';
  },
  operation: textCheck,
  tenant: isFunction,
  requireKey: isBoolean,
  fingerprint: (value) => (value === false || typeof value === "function" ? undefined : "a function, or `false`"),
  ttlSeconds: wholeCheck(1, TEN_YEARS_SECONDS, "seconds"),
  leaseMs: wholeCheck(1, A_WEEK_MS, "milliseconds"),
  whenInProgress: (value) => {
    const { waitMs, ...rest } = (typeof value === "object" && value !== null ? value : {}) as { waitMs?: unknown };
    if (value === "reject") return undefined;
    const fits = wholeCheck(0, A_WEEK_MS, "milliseconds")(waitMs) === undefined && Object.keys(rest).length === 0;
    return fits ? undefined : `"reject", or \`{ waitMs }\` with a whole number of milliseconds from 0 to ${A_WEEK_MS}`;
  },
  whenStoreUnavailable: oneOf("fail", "run"),
  whenCompletionFails: oneOf("return", "throw"),
  shouldStore: isFunction,
  onEvent: isFunction,
  clockToleranceMs: wholeCheck(0, A_WEEK_MS, "milliseconds"),
  cache: (value) => {
    const limits = (typeof value === "object" && value !== null && !Array.isArray(value) ? value : { no: 1 }) as object;
    const isLimit = wholeCheck(1, Number.MAX_SAFE_INTEGER, "bytes");
    const fits = Object.entries(limits).every(
      ([name, limit]) =>
        ["maxItems", "maxBytes"].includes(name) && (limit === undefined || isLimit(limit) === undefined),
    );
    return fits ? undefined : "`{ maxItems, maxBytes }` with whole numbers above 0, either of which may be left out";
  },
  types: (value) =>
    Array.isArray(value) && value.every(isStoredType) ? undefined : "a list of `{ name, is, encode, decode }`",
};

function isStoredType(value: unknown): boolean {
  const type = value as Partial<StoredType> | null;
  const members = [type?.is, type?.encode, type?.decode];
  return typeof type?.name === "string" && type.name !== "" && members.every((member) => typeof member === "function");
}

/** Throws one {@link InvalidOptionsError} that names every mistake. An option given as `undefined` counts as not given. */
export function checkOptions(wrapper: string, options: unknown, checks: Checks, required: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new InvalidOptionsError(`${wrapper}: the options must be an object such as \`{ store }\`.`);
  }
  const mistakes: string[] = [];
  for (const name of required) {
    if ((options as Record<string, unknown>)[name] === undefined) {
      mistakes.push(`\`${name}\` is missing: it must be ${checks[name]?.(undefined) ?? "given"}`);
    }
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) {
      mistakes.push(`unknown option \`${name}\`; allowed are ${Object.keys(checks).join(", ")}`);
      continue;
    }
    const allowed = check(value);
    if (allowed !== undefined) mistakes.push(`\`${name}\` must be ${allowed}, not ${shownValue(value)}`);
  }
  if (mistakes.length > 0) throw new InvalidOptionsError(`${wrapper}: ${mistakes.join(". Also: ")}.`);
}

export function checkHandler(wrapper: string, handler: unknown, argument = "first"): void {
  if (typeof handler === "function") return;
  throw new InvalidOptionsError(`${wrapper}: the ${argument} argument must be a function, not ${shownValue(handler)}.`);
}

function shownValue(value: unknown): string {
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 80);
  } catch {
    return typeof value === "bigint" ? `${value}n` : "an object that is not JSON";
  }
}

const defaultOperations = new Set<string>();

/**
 * The operation of a handler that names none. Never derived from a function's `name`, which minifiers change. Where a
 * second wrapper would get the same default, their keys would meet: that is an error.
 */
export function defaultOperation(wrapper: string): string {
  const { AWS_LAMBDA_FUNCTION_NAME: name, _HANDLER: handler } = process.env;
  if (!name || !handler) {
    throw new InvalidOptionsError(
      `${wrapper}: \`operation\` is missing: outside Lambda there is no function name to take as the default. Give one, such as \`operation: "create-payment"\`.`,
    );
  }
  const operation = `${name}/${handler}`;
  if (defaultOperations.has(operation)) {
    throw new InvalidOptionsError(
      `${wrapper}: another wrapper of this process has the default operation \`${operation}\` already, so their keys would meet. Give each its own \`operation\`.`,
    );
  }
  defaultOperations.add(operation);
  return operation;
}

/** The engine's terms of checked options. */
export function policyOf<E>(options: CommonOptions<E>, shouldStore: ShouldStore, maxAttempts?: number): Policy {
  const { whenInProgress = "reject" } = options;
  return {
    ttlSeconds: options.ttlSeconds ?? 86_400,
    leaseMs: options.leaseMs,
    clockToleranceMs: options.clockToleranceMs ?? 1_000,
    maxAttempts,
    waitMs: whenInProgress === "reject" ? undefined : whenInProgress.waitMs,
    whenStoreUnavailable: options.whenStoreUnavailable ?? "fail",
    whenCompletionFails: options.whenCompletionFails ?? "return",
    shouldStore: options.shouldStore ?? shouldStore,
    types: options.types ?? [],
    cache: options.cache,
    emit: emitter(options.onEvent),
  };
}
