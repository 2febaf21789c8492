/**
 * What this library throws. One base class; each kind has a literal `name` and a guard that works across bundles and
 * copies of the package, which `instanceof` does not.
 */

/** On the prototype of every error of this library, in whatever copy of it. */
const BRAND: unique symbol = Symbol.for("lambda-once.error");

/** What an error is about. */
export interface ErrorSubject {
  /** The namespace of the key. */
  readonly operation?: string | undefined;
  /** The key as the caller gave it, as text. */
  readonly key?: string | undefined;
  /** What of it may be told to whoever calls: nothing of the function's inside. */
  readonly detail?: string | undefined;
  readonly cause?: unknown;
}

/** The base of every error of this library. */
export class IdempotencyError extends Error {
  declare readonly operation?: string;
  declare readonly key?: string;
  declare readonly detail?: string;

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
    named(this, "IdempotencyError");
  }

  constructor(message: string, subject: ErrorSubject = {}) {
    super(message, subject.cause === undefined ? undefined : { cause: subject.cause });
    if (subject.operation !== undefined) this.operation = subject.operation;
    if (subject.key !== undefined) this.key = subject.key;
    if (subject.detail !== undefined) this.detail = subject.detail;
  }
}

/** The call has no key, or a part of it is missing, and a key is required. Nothing was run. */
export class KeyMissingError extends IdempotencyError {
  declare readonly name: "KeyMissingError";
  static {
    named(this, "KeyMissingError");
  }
}

/** The key, tenant, principal or fingerprint cannot be used, for instance since it is not JSON. Nothing was run. */
export class KeyInvalidError extends IdempotencyError {
  declare readonly name: "KeyInvalidError";
  static {
    named(this, "KeyInvalidError");
  }
}

/** The key was used before with another payload. Nothing was run. */
export class PayloadMismatchError extends IdempotencyError {
  declare readonly name: "PayloadMismatchError";
  static {
    named(this, "PayloadMismatchError");
  }
}

/** The first call with this key is still running elsewhere. Nothing was run. */
export class InProgressError extends IdempotencyError {
  declare readonly name: "InProgressError";
  /** Milliseconds until the key can be claimed at the latest: it may have its outcome much sooner. */
  readonly retryAfterMs: number;
  static {
    named(this, "InProgressError");
  }

  constructor(message: string, retryAfterMs: number, subject: ErrorSubject = {}) {
    super(message, subject);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The handler ran, but another attempt had taken the key over meanwhile and has no outcome to give yet. */
export class OwnershipLostError extends IdempotencyError {
  declare readonly name: "OwnershipLostError";
  /** Milliseconds until the key can be claimed at the latest. */
  readonly retryAfterMs: number;
  static {
    named(this, "OwnershipLostError");
  }

  constructor(message: string, retryAfterMs: number, subject: ErrorSubject = {}) {
    super(message, subject);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The store did not answer, refused, or does not know its table. `cause` is what it said. */
export class StoreUnavailableError extends IdempotencyError {
  declare readonly name: "StoreUnavailableError";
  /** Whether the same request may succeed later. `false` for a missing table, a wrong key schema or denied access. */
  readonly transient: boolean;
  /** Whether something stands under the key that could not be understood: nothing is run then, also where a store that is
   *  down would run without protection. */
  readonly occupied: boolean;
  static {
    named(this, "StoreUnavailableError");
  }

  constructor(
    message: string,
    subject: ErrorSubject & { readonly transient?: boolean; readonly occupied?: boolean } = {},
  ) {
    super(message, subject);
    this.transient = subject.transient ?? true;
    this.occupied = subject.occupied ?? false;
  }
}

/** The handler's outcome cannot be stored, so there is none to replay. The handler is not run again. */
export class ResultNotStorableError extends IdempotencyError {
  declare readonly name: "ResultNotStorableError";
  static {
    named(this, "ResultNotStorableError");
  }
}

/** The work failed as often as `maxAttempts` allows, and is parked: it is not run again before its record expires. */
export class AttemptsExhaustedError extends IdempotencyError {
  declare readonly name: "AttemptsExhaustedError";
  static {
    named(this, "AttemptsExhaustedError");
  }
}

/** An option is unknown, missing or out of range. Thrown when a wrapper or a store is made, before anything runs. */
export class InvalidOptionsError extends IdempotencyError {
  declare readonly name: "InvalidOptionsError";
  static {
    named(this, "InvalidOptionsError");
  }
}

function named(kind: { readonly prototype: object }, name: string): void {
  Object.defineProperty(kind.prototype, "name", { value: name, configurable: true, writable: true });
}

/** Whether it is any error of this library. */
export function isIdempotencyError(error: unknown): error is IdempotencyError {
  return typeof error === "object" && error !== null && (error as { [BRAND]?: unknown })[BRAND] === true;
}

function is(error: unknown, name: string): boolean {
  return isIdempotencyError(error) && error.name === name;
}

export function isKeyMissingError(error: unknown): error is KeyMissingError {
  return is(error, "KeyMissingError");
}

export function isKeyInvalidError(error: unknown): error is KeyInvalidError {
  return is(error, "KeyInvalidError");
}

export function isPayloadMismatchError(error: unknown): error is PayloadMismatchError {
  return is(error, "PayloadMismatchError");
}

export function isInProgressError(error: unknown): error is InProgressError {
  return is(error, "InProgressError");
}

export function isOwnershipLostError(error: unknown): error is OwnershipLostError {
  return is(error, "OwnershipLostError");
}

export function isStoreUnavailableError(error: unknown): error is StoreUnavailableError {
  return is(error, "StoreUnavailableError");
}

export function isResultNotStorableError(error: unknown): error is ResultNotStorableError {
  return is(error, "ResultNotStorableError");
}

export function isAttemptsExhaustedError(error: unknown): error is AttemptsExhaustedError {
  return is(error, "AttemptsExhaustedError");
}

export function isInvalidOptionsError(error: unknown): error is InvalidOptionsError {
  return is(error, "InvalidOptionsError");
}
