/**
 * What goes back: a stored response with its marker, or a refusal as `application/problem+json` (RFC 9457), in the shape
 * that the event's API expects.
 */
import type { IdempotencyError } from "../errors.ts";
import type { HttpRequest } from "./http-event.ts";

interface Problem {
  readonly type: string;
  readonly status: number;
  readonly title: string;
  readonly statusText: string;
}

const PROBLEMS: Readonly<Record<string, Problem>> = {
  KeyMissingError: problem("key-missing", 400, "Bad Request", "The idempotency key is missing"),
  KeyInvalidError: problem("key-invalid", 400, "Bad Request", "The idempotency key is invalid"),
  PayloadMismatchError: problem(
    "payload-mismatch",
    422,
    "Unprocessable Content",
    "The idempotency key was used with another payload",
  ),
  InProgressError: problem(
    "in-progress",
    409,
    "Conflict",
    "The first request with this idempotency key is still running",
  ),
  OwnershipLostError: problem("ownership-lost", 409, "Conflict", "Another attempt has taken over this request"),
  ResultNotStorableError: problem(
    "result-not-storable",
    409,
    "Conflict",
    "The request was processed, but its response cannot be replayed",
  ),
  StoreUnavailableError: problem(
    "store-unavailable",
    503,
    "Service Unavailable",
    "The idempotency store is unavailable",
  ),
};

const DETAILS: Readonly<Record<string, string>> = {
  PayloadMismatchError: "Use a new key for a new request, or send the same request again.",
  InProgressError: "Send the same request again after the time in Retry-After.",
  OwnershipLostError: "Send the same request again after the time in Retry-After to get its outcome.",
  ResultNotStorableError: "The request is not processed again. Look its outcome up instead of retrying.",
  StoreUnavailableError: "Send the same request again after the time in Retry-After.",
};

function problem(slug: string, status: number, statusText: string, title: string): Problem {
  return { type: `urn:lambda-once:problem:${slug}`, status, statusText, title };
}

const STORE_RETRY_AFTER_MS = 1_000;

/** A refusal as a response. */
export function problemResponse(request: HttpRequest | undefined, error: IdempotencyError): Record<string, unknown> {
  const { type, status, title, statusText } = PROBLEMS[error.name] ?? (PROBLEMS["StoreUnavailableError"] as Problem);
  const retryAfterMs = status === 503 ? STORE_RETRY_AFTER_MS : (error as { retryAfterMs?: number }).retryAfterMs;
  const headers: Record<string, string> = { "Content-Type": "application/problem+json", "Cache-Control": "no-store" };
  if (retryAfterMs !== undefined) headers["Retry-After"] = String(Math.max(1, Math.ceil(retryAfterMs / 1_000)));
  return {
    statusCode: status,
    ...(request?.shape === "alb" ? { statusDescription: `${status} ${statusText}` } : {}),
    ...(wantsMultiValue(request)
      ? { multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, [v]])) }
      : { headers }),
    body: JSON.stringify({ type, title, status, detail: error.detail ?? DETAILS[error.name] }),
    isBase64Encoded: false,
  };
}

/** A load balancer takes one kind of header fields or the other, never both; API Gateway takes either. */
function wantsMultiValue(request: HttpRequest | undefined): boolean {
  return request?.shape === "alb" && request.multiValue;
}

/** A stored response, marked. What is not a response in this shape goes back as it is. */
export function replayResponse(request: HttpRequest, stored: unknown, markerName: string): unknown {
  const response = request.shape === "v2" ? structured(stored) : stored;
  if (typeof response !== "object" || response === null) return response;
  const { headers, multiValueHeaders, ...rest } = response as Record<string, unknown>;
  const single = without(headers, markerName);
  const multiple = without(multiValueHeaders, markerName);
  if (wantsMultiValue(request))
    return { ...rest, ...given("headers", single), multiValueHeaders: { ...multiple, [markerName]: ["true"] } };
  return { ...rest, headers: { ...single, [markerName]: "true" }, ...given("multiValueHeaders", multiple) };
}

function given(name: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [name]: value };
}

/** Header fields without one of them, in any letter case. */
function without(headers: unknown, name: string): Record<string, unknown> | undefined {
  if (typeof headers !== "object" || headers === null) return undefined;
  return Object.fromEntries(Object.entries(headers).filter(([other]) => other.toLowerCase() !== name.toLowerCase()));
}

/** A bare return, as the gateway makes a response of it. */
function structured(stored: unknown): unknown {
  if (typeof stored === "object" && stored !== null && (stored as { statusCode?: unknown }).statusCode !== undefined)
    return stored;
  return {
    statusCode: 200,
    headers: { "content-type": "application/json" },
    body: typeof stored === "string" ? stored : json(stored),
    isBase64Encoded: false,
  };
}

/** What is not JSON failed the first time too, after the handler: the gateway could not send it. */
function json(stored: unknown): string {
  try {
    return JSON.stringify(stored) ?? "null";
  } catch {
    return "null";
  }
}
