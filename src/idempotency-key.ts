/** A deterministic key, for producers and callers: the same work gives the same key on every try and every host. */
import { canonicalJson, NotJsonError } from "./core/canonical-json.ts";
import { findPart, readKey, sha256 } from "./core/key.ts";
import { KeyInvalidError, KeyMissingError } from "./errors.ts";

export interface IdempotencyKeyParts {
  /** What is acted on, such as `"order-123"`. */
  readonly entityId: string | number;
  /** What is done to it, such as `"create"`. */
  readonly action: string;
  /** The parameters that change the result: JSON values, in any order. Leave out what differs between two tries. */
  readonly params?: Readonly<Record<string, unknown>>;
}

/**
 * 32 hex characters: SHA-256 over entity, action and sorted parameters, cut to 128 bits.
 *
 * @throws KeyMissingError when the entity, the action or a parameter is missing (`undefined`; an empty entity or action).
 * @throws KeyInvalidError when a parameter is not JSON; it names the part.
 * @example
 * idempotencyKey({ entityId: "order-123", action: "create", params: { amount: 100, currency: "USD" } });
 */
export function idempotencyKey(parts: IdempotencyKeyParts): string {
  const { entityId, action, params = {} } = parts ?? {};
  for (const [name, value] of Object.entries({ entityId, action })) {
    const reading = readKey(value);
    if (reading.kind === "missing") throw new KeyMissingError(`idempotencyKey: \`${name}\` is missing.`);
    if (reading.kind === "invalid") throw new KeyInvalidError(`idempotencyKey: \`${name}\`: ${reading.error.message}.`);
  }
  if (typeof entityId !== "string" && typeof entityId !== "number") {
    throw new KeyInvalidError("idempotencyKey: `entityId` must be a string or a number.");
  }
  if (typeof action !== "string") throw new KeyInvalidError("idempotencyKey: `action` must be a string.");
  if (typeof params !== "object" || params === null || Array.isArray(params)) {
    throw new KeyInvalidError("idempotencyKey: `params` must be an object of JSON values.");
  }
  return sha256(`[${canonicalJson(entityId)},${canonicalJson(action)},${parameters(params)}]`).slice(0, 32);
}

/** A parameter that is undefined is one that was forgotten: two calls that forget it must not share a key. */
function parameters(params: Readonly<Record<string, unknown>>): string {
  const text = canonical(params);
  const forgotten = findPart(params, (part) => part === undefined);
  if (forgotten !== undefined) {
    throw new KeyMissingError(`idempotencyKey: the parameter \`${forgotten}\` is undefined: leave it out, or give it.`);
  }
  return text;
}

function canonical(params: Readonly<Record<string, unknown>>): string {
  try {
    return canonicalJson(params);
  } catch (error) {
    if (error instanceof NotJsonError) throw new KeyInvalidError(`idempotencyKey: in \`params\`, ${error.message}.`);
    throw error;
  }
}
