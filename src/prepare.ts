/**
 * What a call is about: its key with everything that scopes it, and its fingerprint. Computed once, before the handler
 * runs and before anything is written (G15).
 */
import type { Context } from "aws-lambda";
import { NotJsonError } from "./core/canonical-json.ts";
import { fingerprintOf, type KeyReading, readKey, recordId } from "./core/key.ts";
import { deadlineFrom } from "./core/lease.ts";
import { said } from "./core/said.ts";
import type { KeyedCall } from "./engine/call.ts";
import { isKeyInvalidError, KeyInvalidError, KeyMissingError } from "./errors.ts";
import type { CommonOptions } from "./options.ts";

/** Where the parts come from. What a function throws is reported as an invalid key. */
export interface KeyTerms {
  readonly operation: string;
  readonly key: () => unknown;
  /** How the caller gives a key, for the error that says it did not. */
  readonly keyHint: string;
  /** Absent: there is no such scope. Present: what it gives must be there. */
  readonly tenant: (() => unknown) | undefined;
  /** May give `undefined`: nobody is named. */
  readonly principal?: (() => unknown) | undefined;
  readonly place?: readonly string[];
  readonly fingerprint: (() => unknown) | undefined;
}

export type Prepared =
  | { readonly kind: "keyed"; readonly call: KeyedCall }
  | { readonly kind: "missing"; readonly error: KeyMissingError }
  | { readonly kind: "invalid"; readonly error: KeyInvalidError };

export function prepare(terms: KeyTerms): Prepared {
  const { operation } = terms;
  try {
    const given = evaluate("key", terms, terms.key);
    const key = present("key", terms, given);
    if (key === undefined) return missing(terms, "");
    const tenantGiven = terms.tenant && evaluate("tenant", terms, terms.tenant);
    const tenant = terms.tenant && scope("tenant", terms, tenantGiven);
    const principalGiven = terms.principal && evaluate("principal", terms, terms.principal);
    const principal = principalGiven === undefined ? undefined : scope("principal", terms, principalGiven);
    const payloadHash = terms.fingerprint && fingerprint(terms, terms.fingerprint);
    const id = recordId({ operation, tenant, principal, place: terms.place ?? [], key });
    return {
      kind: "keyed",
      call: { id, key: typeof given === "string" ? given : key, operation, tenant: tenantGiven, payloadHash },
    };
  } catch (error) {
    if (error instanceof PartMissing) return missing(terms, error.message);
    if (isKeyInvalidError(error)) return { kind: "invalid", error };
    throw error;
  }
}

class PartMissing extends Error {}

function missing(terms: KeyTerms, part: string): Prepared {
  const { operation } = terms;
  const detail = `The call has no idempotency key: ${part === "" ? terms.keyHint : `${part} is missing`}`;
  return {
    kind: "missing",
    error: new KeyMissingError(`${detail} (operation \`${operation}\`).`, { operation, detail: `${detail}.` }),
  };
}

function evaluate(name: string, terms: KeyTerms, give: () => unknown): unknown {
  try {
    return give();
  } catch (error) {
    if (isKeyInvalidError(error)) throw error;
    throw invalid(terms, `the \`${name}\` function threw`, { said: said(error), cause: error });
  }
}

/** Reading may run the caller's getters and proxies: whatever they throw, the value cannot be used. */
function readable<T>(name: string, terms: KeyTerms, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotJsonError) throw invalid(terms, `in the ${name}, ${error.message}`);
    throw invalid(terms, `the ${name} cannot be read`, { said: said(error), cause: error });
  }
}

/** The canonical text of a part, or `undefined` when all of it is missing. */
function present(name: string, terms: KeyTerms, value: unknown): string | undefined {
  const reading = readable(name, terms, (): KeyReading => readKey(value));
  switch (reading.kind) {
    case "present":
      return reading.text;
    case "invalid":
      throw invalid(terms, `in the ${name}, ${reading.error.message}`);
    case "missing":
      if (reading.part !== "") throw new PartMissing(`the part \`${reading.part}\` of its ${name}`);
      return undefined;
  }
}

/** A scope that is asked for and not there makes the key missing, never a key that all such calls share (G8). */
function scope(name: string, terms: KeyTerms, value: unknown): string {
  const text = present(name, terms, value);
  if (text === undefined) throw new PartMissing(`its ${name}`);
  return text;
}

function fingerprint(terms: KeyTerms, give: () => unknown): string {
  const value = evaluate("fingerprint", terms, give);
  return readable("fingerprint", terms, () => fingerprintOf(value));
}

/** `inside`: what only the function's own people may know. */
function invalid(
  terms: KeyTerms,
  what: string,
  inside?: { readonly said: string; readonly cause: unknown },
): KeyInvalidError {
  const { operation } = terms;
  const detail = `The idempotency key cannot be used: ${what}`;
  const message = `${detail}${inside === undefined ? "" : `: ${inside.said}`} (operation \`${operation}\`).`;
  return new KeyInvalidError(message, { operation, detail: `${detail}.`, cause: inside?.cause });
}

/** What Lambda says of the invocation, in whatever state the context is. */
export interface Invocation {
  /** The remaining time as the context tells it, also when that is zero or negative; `undefined` where it tells none. */
  readonly remainingMs: number | undefined;
  /** Epoch milliseconds, where it can be relied on. */
  readonly deadline: number | undefined;
  readonly tenantId: unknown;
}

export function readContext(context: Context | undefined, now: number): Invocation {
  const tell: unknown = context?.getRemainingTimeInMillis;
  const remaining: unknown = typeof tell === "function" ? tell.call(context) : undefined;
  return {
    remainingMs: typeof remaining === "number" && !Number.isNaN(remaining) ? remaining : undefined,
    deadline: deadlineFrom(now, remaining),
    tenantId: context?.tenantId || undefined,
  };
}

/** The caller's own tenant, else the one that Lambda names. */
export function tenantTerm<E>(
  options: CommonOptions<E>,
  event: E,
  context: Context,
  tenantId: unknown,
): KeyTerms["tenant"] {
  const { tenant } = options;
  if (tenant !== undefined) return () => tenant(event, context);
  return tenantId === undefined ? undefined : () => tenantId;
}

export function fingerprintTerm<E>(options: CommonOptions<E>, event: E, context: Context): KeyTerms["fingerprint"] {
  const { fingerprint } = options;
  return typeof fingerprint === "function" ? () => fingerprint(event, context) : undefined;
}
