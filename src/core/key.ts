/**
 * Keys: what counts as one, and how a key with everything that scopes it becomes the id of a record.
 *
 * Upholds G8 (keys of different operations, tenants, principals, methods and routes never meet; a missing part makes the
 * key missing) and G22 (`keyFor` is a function of the record's id and the step alone). The raw key is never part of an id.
 */
import { hash } from "node:crypto";
import { canonicalJson, NotJsonError } from "./canonical-json.ts";

/** Raised when the way ids are made changes, so that ids of two versions never meet. */
const FORMAT_VERSION = 1;

/** How much of the operation an id shows; the whole of it is hashed. */
const READABLE_OPERATION = 100;

export type KeyReading =
  | { readonly kind: "present"; readonly text: string }
  /** `part`: which part is missing; empty when it is all of it. */
  | { readonly kind: "missing"; readonly part: string }
  | { readonly kind: "invalid"; readonly error: NotJsonError };

/**
 * What a caller's key function gave: a string, number or boolean, or an array or object of JSON values.
 * `undefined`, `null`, `""`, `[]`, `{}` and any array or object with such a part are missing; `0` and `false` are not.
 */
export function readKey(value: unknown): KeyReading {
  if (typeof value === "string" && value !== "") return { kind: "present", text: canonicalJson(value) };
  let text: string;
  try {
    text = canonicalJson(value);
  } catch (error) {
    if (error instanceof NotJsonError) return { kind: "invalid", error };
    throw error;
  }
  const part = findPart(value, isMissing);
  if (part !== undefined) return { kind: "missing", part };
  return { kind: "present", text };
}

function isMissing(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** Where in a value of JSON the first part is that is so: empty for all of it, else like `order.items[0]`. */
export function findPart(value: unknown, isSo: (part: unknown) => boolean, path = ""): string | undefined {
  if (isSo(value)) return path;
  if (typeof value !== "object" || value === null) return undefined;
  const parts = Array.isArray(value)
    ? Array.from(value, (item: unknown, i) => [`${path}[${i}]`, item] as const)
    : Object.entries(value).map(([name, member]) => [path === "" ? name : `${path}.${name}`, member] as const);
  for (const [at, part] of parts) {
    const found = findPart(part, isSo, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

export interface KeyScope {
  readonly operation: string;
  /** Canonical JSON of the tenant, where there is one. */
  readonly tenant: string | undefined;
  /** Canonical JSON of the principal, where there is one. */
  readonly principal: string | undefined;
  /** What else keeps keys apart: for HTTP the method and the route. */
  readonly place: readonly string[];
  /** Canonical JSON of the key. */
  readonly key: string;
}

/** `operation#` and 64 hex characters. The operation is cut and cleaned for reading; the hash has it whole. */
export function recordId(scope: KeyScope): string {
  const { operation, tenant = null, principal = null, place, key } = scope;
  const readable = operation.slice(0, READABLE_OPERATION).replace(/[^\w.:/@$-]/g, "_");
  return `${readable}#${sha256(canonicalJson([FORMAT_VERSION, operation, tenant, principal, place, key]))}`;
}

/** A stable key for one step of an execution: 32 hex characters, the same on every attempt, different for every step. */
export function stepKey(id: string, step: string): string {
  return sha256(canonicalJson([id, step])).slice(0, 32);
}

/** What must not change under one key, as 64 hex characters. Throws {@link NotJsonError}. */
export function fingerprintOf(value: unknown): string {
  return sha256(canonicalJson(value));
}

/** SHA-256 in hex. Text is hashed as UTF-8. */
export function sha256(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}
