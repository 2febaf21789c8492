/** The wrapper for HTTP: composes the source, the engine and the problem responses. */
import type { Context } from "aws-lambda";
import { deliver } from "./engine/call.ts";
import type { Execution } from "./engine/execution.ts";
import { ending, runBare, runUnprotected, type Work } from "./engine/run.ts";
import { systemRuntime } from "./engine/runtime.ts";
import { isKeyInvalidError, isStoreUnavailableError } from "./errors.ts";
import { warn } from "./events.ts";
import type { HandlerResponse, HttpEvent, HttpResponse } from "./http-types.ts";
import {
  type Checks,
  COMMON_CHECKS,
  type CommonOptions,
  checkHandler,
  checkOptions,
  defaultOperation,
  functionCheck,
  policyOf,
} from "./options.ts";
import { fingerprintTerm, type KeyTerms, readContext, tenantTerm } from "./prepare.ts";
import { protect } from "./protect.ts";
import { successOnly } from "./should-store.ts";
import { type HttpRequest, readHttpRequest, requestFingerprint } from "./sources/http-event.ts";
import { headerKey } from "./sources/http-key.ts";
import { principalOf } from "./sources/http-principal.ts";
import { problemResponse, replayResponse } from "./sources/http-response.ts";

export interface HttpOptions<E> extends CommonOptions<E> {
  /** Where the key comes from. Default: the `Idempotency-Key` header. */
  readonly key?: (event: E, context: Context) => unknown;
  /** The methods that are protected; others pass through untouched. Default: `POST`, `PUT`, `PATCH`. */
  readonly methods?: readonly string[];
  /** The header that holds the key, in any letter case. Default: `Idempotency-Key`. */
  readonly headerName?: string;
  /** The header that marks a replay. Default: `Idempotent-Replayed`. */
  readonly replayHeaderName?: string;
  /**
   * Who is calling: keys of different principals never meet. May give `undefined`. Default: what the authorizer named
   * (JWT or Cognito subject, Lambda authorizer, IAM or Cognito identity, API key).
   */
  readonly principal?: (event: E, context: Context) => unknown;
}

const isHeaderName = (value: unknown): string | undefined =>
  typeof value === "string" && /^[\w!#$%&'*+.^`|~-]+$/.test(value) ? undefined : "the name of a header";

const isMethodList = (value: unknown): string | undefined =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((method) => typeof method === "string" && /^[A-Za-z]+$/.test(method))
    ? undefined
    : 'a list of methods such as ["POST"]';

const CHECKS: Checks = {
  ...COMMON_CHECKS,
  key: functionCheck,
  methods: isMethodList,
  headerName: isHeaderName,
  replayHeaderName: isHeaderName,
  principal: functionCheck,
};

/**
 * Makes an HTTP handler safe to retry: REST API (v1), HTTP API and function URL (v2) and load balancer events.
 *
 * The first call with an idempotency key runs the handler; every retry gets the stored response, marked with
 * `Idempotent-Replayed: true`. Refusals are `application/problem+json`: 400 (key missing or invalid), 409 (running), 422
 * (other payload), 503 (store unavailable). The handler's own error passes through unchanged.
 *
 * @throws InvalidOptionsError when the options are wrong, at once.
 * @example
 * export const handler = idempotentHttp(async (event, context, execution) => {
 *   const charge = await charges.create(event.body, { idempotencyKey: execution.keyFor("charge") });
 *   return { statusCode: 201, body: JSON.stringify(charge) };
 * }, { store: dynamoDBStore({ tableName: "idempotency" }) });
 */
export function idempotentHttp<E extends HttpEvent = HttpEvent, R extends HandlerResponse<E> = HandlerResponse<E>>(
  handler: (event: E, context: Context, execution: Execution) => R | Promise<R>,
  options: HttpOptions<E>,
): (event: E, context?: Context) => Promise<HttpResponse<E, R>> {
  checkHandler("idempotentHttp", handler);
  checkOptions("idempotentHttp", options, CHECKS, ["store"]);
  const operation = options.operation ?? defaultOperation("idempotentHttp");
  const policy = policyOf(options, successOnly);
  const runtime = systemRuntime(options.store);
  const methods = new Set((options.methods ?? ["POST", "PUT", "PATCH"]).map((method) => method.toUpperCase()));
  const markerName = options.replayHeaderName ?? "Idempotent-Replayed";
  const requireKey = options.requireKey ?? false;

  const wrapped = async (event: E, context?: Context): Promise<unknown> => {
    const known = context as Context;
    const { deadline, tenantId } = readContext(context, runtime.clock.now());
    const work: Work = { operation, deadline, tenant: tenantId, work: (execution) => handler(event, known, execution) };
    const request = readHttpRequest(event);
    if (request !== undefined && !methods.has(request.method))
      return deliver(ending(await runBare(runtime, policy, work)));
    const keyless = request === undefined && options.key === undefined;
    if (keyless && !requireKey) return deliver(await runUnprotected(runtime, policy, work));
    const terms = keyTerms(options, operation, request, event, known, tenantId);
    const done = await protect({ runtime, policy, requireKey }, work, terms);
    if (done.kind === "refused") {
      const { error } = done;
      // The client gets no more than a 400 or a 503; whoever wrote the function that failed, or set up the table, has to hear of it.
      const oursToMend = isStoreUnavailableError(error) || (isKeyInvalidError(error) && error.cause !== undefined);
      if (oursToMend) warn(withoutKey(error.message));
      return problemResponse(request, error);
    }
    const value = deliver(done);
    return done.kind === "returned" && done.replayed && request !== undefined
      ? replayResponse(request, value, markerName)
      : value;
  };
  return wrapped as (event: E, context?: Context) => Promise<HttpResponse<E, R>>;
}

/** A log is read by many, and a key may be somebody's secret: it is the last thing that a message tells of a call. */
function withoutKey(message: string): string {
  const [before = "", ...rest] = message.split(", key `");
  return rest.length === 0 ? message : `${before})`;
}

function keyTerms<E>(
  options: HttpOptions<E>,
  operation: string,
  request: HttpRequest | undefined,
  event: E,
  context: Context,
  tenantId: unknown,
): KeyTerms {
  const { key, headerName = "Idempotency-Key", fingerprint, principal } = options;
  return {
    operation,
    key: key === undefined ? () => request && headerKey(request, headerName) : () => key(event, context),
    keyHint:
      key === undefined ? `send one in the \`${headerName}\` header` : "the option `key` found none in the event",
    tenant: tenantTerm(options, event, context, tenantId),
    principal: principal === undefined ? () => request && principalOf(request) : () => principal(event, context),
    place: request === undefined ? [] : [request.method, request.route],
    fingerprint:
      fingerprintTerm(options, event, context) ??
      (fingerprint === false ? undefined : () => request && requestFingerprint(request)),
  };
}
