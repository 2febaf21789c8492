/**
 * The four shapes of an HTTP request (REST v1, HTTP API and function URL v2, ALB) read as one. Nothing here trusts an
 * event: a missing, null or odd part reads as absent.
 */
import { canonicalJsonText } from "../core/canonical-json.ts";
import { type Fields, fields, text } from "./fields.ts";

export type Shape = "v1" | "v2" | "alb";

export interface HttpRequest {
  readonly shape: Shape;
  /** The load balancer was set to multi-value headers: it wants them in the answer too. */
  readonly multiValue: boolean;
  readonly method: string;
  /** The route template where there is one that names a single route, else the path. */
  readonly route: string;
  readonly path: string;
  readonly event: Fields;
  readonly requestContext: Fields;
}

/** `undefined` when it is no HTTP request: a warm-up ping, another source's event, not an object at all. */
export function readHttpRequest(raw: unknown): HttpRequest | undefined {
  const event = fields(raw);
  const requestContext = fields(event["requestContext"]);
  const http = fields(requestContext["http"]);
  const isV2 = text(http["method"]) !== undefined;
  const method = text(http["method"]) ?? text(event["httpMethod"]) ?? text(requestContext["httpMethod"]);
  if (method === undefined) return undefined;
  const path =
    text(event["rawPath"]) ?? text(event["path"]) ?? text(http["path"]) ?? text(requestContext["path"]) ?? "/";
  const shape = isV2 ? "v2" : "elb" in requestContext ? "alb" : "v1";
  return {
    shape,
    multiValue: typeof event["multiValueHeaders"] === "object" && event["multiValueHeaders"] !== null,
    method: method.toUpperCase(),
    route: template(event, requestContext) ?? path,
    path,
    event,
    requestContext,
  };
}

/** v1 calls it `resource`, v2 has it behind the method in `routeKey`. `$default` and greedy ones stand for many routes. */
function template(event: Fields, requestContext: Fields): string | undefined {
  const routeKey = text(event["routeKey"]) ?? text(requestContext["routeKey"]);
  const route = text(event["resource"]) ?? text(requestContext["resourcePath"]) ?? routeKey?.replace(/^\S+\s+/, "");
  return route === undefined || route === "$default" || route.includes("+}") ? undefined : route;
}

/** All values of a header, whatever its letter case; `undefined` entries are those that are not text. */
export function headerValues(request: HttpRequest, name: string): readonly unknown[] {
  const wanted = name.toLowerCase();
  const multi = valuesOf(fields(request.event["multiValueHeaders"]), wanted);
  return multi.length > 0 ? multi : valuesOf(fields(request.event["headers"]), wanted);
}

function valuesOf(headers: Fields, wanted: string): readonly unknown[] {
  const values: unknown[] = [];
  for (const name of Object.keys(headers)) {
    if (name.length !== wanted.length || name.toLowerCase() !== wanted) continue;
    const value = headers[name];
    if (Array.isArray(value)) values.push(...value);
    else if (value !== undefined && value !== null) values.push(value);
  }
  return values;
}

/** What must not change under one key. JSON bodies count by what they say, not by how it is written. */
export function requestFingerprint(request: HttpRequest): unknown {
  return { method: request.method, path: request.path, query: query(request), body: body(request.event) };
}

/** Name and value pairs, by name; the values of one name stay in order. */
function query({ event }: HttpRequest): readonly (readonly [string, unknown])[] {
  const raw = text(event["rawQueryString"]);
  if (raw === "") return [];
  const multi = event["multiValueQueryStringParameters"] ?? event["queryStringParameters"];
  const pairs: (readonly [string, unknown])[] =
    raw === undefined
      ? Object.entries(fields(multi)).flatMap(([name, value]) => [value].flat().map((one) => [name, one] as const))
      : [...new URLSearchParams(raw)];
  return pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function body(event: Fields): unknown {
  const given = event["body"];
  if (typeof given !== "string") return given ?? null;
  if (given === "") return null;
  if (event["isBase64Encoded"] !== true) return ofText(given);
  const bytes = Buffer.from(given, "base64");
  if (bytes.toString("base64").replace(/=+$/, "") !== given.replace(/=+$/, "")) return ofText(given);
  try {
    return ofText(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return { base64: given };
  }
}

function ofText(given: string): unknown {
  const json = canonicalJsonText(given);
  return json === undefined ? { text: given } : { json };
}
