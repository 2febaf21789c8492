/**
 * Recorded HTTP events in every shape that reaches a function (AWS's documentation, REST API v1, HTTP API v2, function
 * URL, load balancer with single- and multi-value headers), and the changes that a test makes to them.
 */
import { readFileSync } from "node:fs";
import type { HttpEvent } from "../../src/index.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests put anything anywhere
export type Json = any;

export interface Change {
  /** The values of the Idempotency-Key header; `[]` for none. HTTP API and function URL join them with commas. */
  readonly key?: string | readonly string[];
  /** Name of the header, in the letter case it arrives in. */
  readonly headerName?: string;
  readonly body?: unknown;
  readonly base64?: boolean;
  readonly method?: string;
  readonly path?: string;
  /** The route template; where the shape has one. */
  readonly route?: string;
  readonly query?: readonly (readonly [string, string])[];
  readonly authorizer?: unknown;
  readonly identity?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Shape {
  readonly name: "REST API" | "HTTP API" | "function URL" | "ALB" | "ALB with multi-value headers";
  readonly version: "v1" | "v2" | "alb";
  /** Where its responses have their headers. */
  readonly responseHeaders: "headers" | "multiValueHeaders";
  readonly hasRoutes: boolean;
  readonly fixture: string;
}

export const SHAPES: readonly Shape[] = [
  { name: "REST API", version: "v1", responseHeaders: "headers", hasRoutes: true, fixture: "rest-v1" },
  { name: "HTTP API", version: "v2", responseHeaders: "headers", hasRoutes: true, fixture: "http-api-v2" },
  { name: "function URL", version: "v2", responseHeaders: "headers", hasRoutes: false, fixture: "function-url" },
  { name: "ALB", version: "alb", responseHeaders: "headers", hasRoutes: false, fixture: "alb" },
  {
    name: "ALB with multi-value headers",
    version: "alb",
    responseHeaders: "multiValueHeaders",
    hasRoutes: false,
    fixture: "alb-multi-value",
  },
];

const texts = new Map(
  SHAPES.map(({ name, fixture }) => [name, readFileSync(`${import.meta.dirname}/events/${fixture}.json`, "utf8")]),
);

export function shapeNamed(name: Shape["name"]): Shape {
  const shape = SHAPES.find((candidate) => candidate.name === name);
  if (shape === undefined) throw new Error(`there is no shape ${name}`);
  return shape;
}

/** A recorded event with changes. Each call makes a fresh one, as each delivery does. */
export function eventOf(shape: Shape, change: Change = {}): HttpEvent {
  const event: Json = JSON.parse(texts.get(shape.name) ?? "");
  const keys = change.key === undefined ? undefined : [change.key].flat();
  if (keys !== undefined || change.headerName !== undefined) {
    const given = keys ?? ["8e03978e-40d5-43e8-bc93-6894a57f9324"];
    setHeader(shape, event, "Idempotency-Key", []);
    setHeader(
      shape,
      event,
      change.headerName ?? (shape.version === "v1" ? "Idempotency-Key" : "idempotency-key"),
      given,
    );
  }
  for (const [name, value] of Object.entries(change.headers ?? {})) setHeader(shape, event, name, [value]);
  if ("body" in change) Object.assign(event, { body: change.body, isBase64Encoded: change.base64 ?? false });
  if (change.method !== undefined) setMethod(shape, event, change.method);
  if (change.path !== undefined) setPath(shape, event, change.path);
  if (change.route !== undefined) setRoute(shape, event, change.route);
  if (change.query !== undefined) setQuery(shape, event, change.query);
  if ("authorizer" in change) event.requestContext.authorizer = change.authorizer;
  if (change.identity !== undefined) Object.assign(event.requestContext.identity, change.identity);
  return event;
}

function setHeader(shape: Shape, event: Json, name: string, values: readonly string[]): void {
  for (const headers of [event.headers, event.multiValueHeaders]) {
    for (const old of Object.keys(headers ?? {})) if (old.toLowerCase() === name.toLowerCase()) delete headers[old];
  }
  const last = values.at(-1);
  if (last === undefined) return;
  if (event.multiValueHeaders) event.multiValueHeaders[name] = [...values];
  if (event.headers) event.headers[name] = shape.version === "v2" ? values.join(",") : last;
}

function setMethod(shape: Shape, event: Json, method: string): void {
  if (shape.version !== "v2") event.httpMethod = method;
  if (shape.version === "v1") event.requestContext.httpMethod = method;
  if (shape.version === "v2") event.requestContext.http.method = method;
  if (shape.name === "HTTP API") setRoute(shape, event, event.routeKey.split(" ")[1]);
}

function setPath(shape: Shape, event: Json, path: string): void {
  if (shape.version === "v2") {
    event.rawPath = path;
    event.requestContext.http.path = path;
  } else {
    event.path = path;
    if (shape.version === "v1") event.requestContext.path = `/prod${path}`;
  }
}

function setRoute(shape: Shape, event: Json, route: string): void {
  if (shape.version === "v1") {
    event.resource = route;
    event.requestContext.resourcePath = route;
  }
  if (shape.version === "v2") {
    event.routeKey = route === "$default" ? route : `${event.requestContext.http.method} ${route}`;
    event.requestContext.routeKey = event.routeKey;
  }
}

function setQuery(shape: Shape, event: Json, pairs: readonly (readonly [string, string])[]): void {
  const multi: Record<string, string[]> = {};
  for (const [name, value] of pairs) multi[name] = [...(multi[name] ?? []), value];
  const joined = Object.fromEntries(Object.entries(multi).map(([name, values]) => [name, values.join(",")]));
  const last = Object.fromEntries(pairs);
  if (shape.version === "v2") {
    event.rawQueryString = pairs.map(([name, value]) => `${name}=${value}`).join("&");
    event.queryStringParameters = joined;
  } else {
    if ("queryStringParameters" in event) event.queryStringParameters = last;
    if ("multiValueQueryStringParameters" in event) event.multiValueQueryStringParameters = multi;
  }
}

/** The headers of a response, by lower-case name, wherever they are. */
export function headersOf(response: unknown): Record<string, string> {
  const { headers = {}, multiValueHeaders = {} } = response as { headers?: object; multiValueHeaders?: object };
  const entries = [...Object.entries(headers), ...Object.entries(multiValueHeaders)];
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value)]));
}

/** A response of a handler with one header and a body, in the shape that the event's API takes. */
export function created(shape: Shape, body: string): Record<string, unknown> {
  return {
    statusCode: 201,
    ...(shape.version === "alb" ? { statusDescription: "201 Created" } : {}),
    ...(shape.responseHeaders === "headers"
      ? { headers: { "Content-Type": "application/json" } }
      : { multiValueHeaders: { "Content-Type": ["application/json"] } }),
    body,
    isBase64Encoded: false,
  };
}
