/**
 * Signed DynamoDB requests over node:https, with connections kept open and tried again where that can help.
 *
 * Trying a conditional put again is safe: one that had arrived is recognised by its owner (G3, G4).
 */
import type { Agent, IncomingMessage, RequestOptions } from "node:http";
import type { CredentialSource } from "./credentials.ts";
import type { Place } from "./endpoint.ts";
import { amzDate, authorization, type Credentials } from "./sigv4.ts";
import { transportOf } from "./transport.ts";

export interface RequestSettings {
  readonly place: Place;
  readonly credentials: CredentialSource;
  /** Tries in all. */
  readonly maxAttempts: number;
  readonly connectionTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/** One operation: gives the answer's JSON, or rejects with an error whose `name` is DynamoDB's or Node.js's. */
export type Send = (operation: string, input: unknown) => Promise<Record<string, unknown>>;

interface Answer {
  readonly status: number;
  readonly date: string | undefined;
  readonly body: string;
}

/** Of DynamoDB, with its answer's JSON: a refused condition carries the `Item`. */
export interface ServiceError extends Error {
  readonly status: number;
  readonly date: string | undefined;
  readonly answer: Record<string, unknown>;
}

const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 1_000;

export function sender(settings: RequestSettings): Send {
  const { place, credentials, maxAttempts } = settings;
  const { Agent } = transportOf(place.url);
  const agent = new Agent({ keepAlive: true, maxSockets: 50 });
  /** How far this host's clock is off DynamoDB's, once a signature was refused for it. */
  let offset = 0;

  return async (operation, input) => {
    const body = JSON.stringify(input);
    let renew = false;
    for (let nth = 1; ; nth++) {
      const headers = signedHeaders(place, operation, body, await credentials(renew), Date.now() + offset);
      const answer = await exchange(settings, agent, headers, body).then(read, toError);
      if (!(answer instanceof Error)) return answer;
      renew = EXPIRED.has(answer.name);
      const skew = skewOf(answer);
      const corrected = Math.abs(skew - offset) > LARGEST_SKEW_MS;
      if (corrected) offset = skew;
      if (nth >= maxAttempts || !(renew || corrected || isPassing(answer))) throw answer;
      const pause = Math.random() * Math.min(FIRST_PAUSE_MS * 2 ** nth, LONGEST_PAUSE_MS);
      await new Promise((resolve) => void setTimeout(resolve, pause));
    }
  };
}

function signedHeaders(
  place: Place,
  operation: string,
  body: string,
  credentials: Credentials,
  now: number,
): Record<string, string> {
  const date = amzDate(now);
  const headers: Record<string, string> = {
    "content-type": "application/x-amz-json-1.0",
    host: place.url.host,
    "x-amz-date": date,
    "x-amz-target": `DynamoDB_20120810.${operation}`,
    ...(credentials.sessionToken === undefined ? {} : { "x-amz-security-token": credentials.sessionToken }),
  };
  const request = { method: "POST", path: "/", query: "", headers, body };
  headers["authorization"] = authorization(request, credentials, { region: place.region, service: "dynamodb", date });
  headers["content-length"] = String(Buffer.byteLength(body));
  return headers;
}

/** One request and its whole answer. */
function exchange(
  settings: RequestSettings,
  agent: Agent,
  headers: Record<string, string>,
  body: string,
): Promise<Answer> {
  const { place, connectionTimeoutMs, requestTimeoutMs } = settings;
  return new Promise((resolve, reject) => {
    const options: RequestOptions = { method: "POST", path: "/", headers, agent };
    const { request } = transportOf(place.url);
    const sent = request(place.url, options, (response) => collect(response, resolve, giveUp));
    const giveUp = (error: Error): void => {
      clearTimeout(connecting);
      clearTimeout(answering);
      sent.destroy();
      reject(error);
    };
    const connecting = setTimeout(() => giveUp(timedOut("no connection", connectionTimeoutMs)), connectionTimeoutMs);
    const answering = setTimeout(() => giveUp(timedOut("no answer", requestTimeoutMs)), requestTimeoutMs);
    sent.on("socket", (socket) => {
      const connected = (): void => clearTimeout(connecting);
      if (socket.connecting) socket.once(place.url.protocol === "https:" ? "secureConnect" : "connect", connected);
      else connected();
    });
    sent.on("error", giveUp);
    sent.on("close", () => {
      clearTimeout(connecting);
      clearTimeout(answering);
    });
    sent.end(body);
  });
}

function collect(response: IncomingMessage, resolve: (answer: Answer) => void, giveUp: (error: Error) => void): void {
  const chunks: Buffer[] = [];
  response.on("data", (chunk: Buffer) => void chunks.push(chunk));
  response.on("error", giveUp);
  response.on("end", () => {
    const { statusCode: status = 0, complete } = response;
    if (!complete) giveUp(new Error("the answer was cut off"));
    else resolve({ status, date: response.headers.date, body: Buffer.concat(chunks).toString("utf8") });
  });
}

function timedOut(what: string, ms: number): Error {
  return Object.assign(new Error(`${what} within ${ms} ms`), { name: "TimeoutError" });
}

function read({ status, date, body }: Answer): Record<string, unknown> | Error {
  const json = parsed(body);
  if (status === 200 && json !== undefined) return json;
  const { __type, message, Message } = json ?? {};
  const name = String(__type ?? (status === 200 ? "InvalidAnswer" : `Http${status}`));
  const error = new Error(String(message ?? Message ?? body.slice(0, 200)));
  return Object.assign(error, {
    name: name.slice(name.indexOf("#") + 1),
    status: status === 200 ? 502 : status,
    date,
    answer: json ?? {},
  });
}

function parsed(body: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === "object" && json !== null ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Whether it came from DynamoDB, rather than from the way there. */
export function isServiceError(error: Error): error is ServiceError {
  return "status" in error && "answer" in error;
}

/** What may be better at the next try: the network, the service itself, too many requests. */
function isPassing(error: Error): boolean {
  return !isServiceError(error) || error.status >= 500 || error.status === 429 || THROTTLES.has(error.name);
}

/** A signature is refused when the clock is off by more than five minutes. */
const LARGEST_SKEW_MS = 240_000;

function skewOf(error: Error): number {
  if (!isServiceError(error) || error.date === undefined || !SKEWED.has(error.name)) return 0;
  return Date.parse(error.date) - Date.now();
}

const THROTTLES: ReadonlySet<string> = new Set([
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "ThrottlingException",
  "Throttling",
  "TransactionInProgressException",
]);

const EXPIRED: ReadonlySet<string> = new Set(["ExpiredTokenException", "ExpiredToken"]);

const SKEWED: ReadonlySet<string> = new Set([
  "InvalidSignatureException",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
  "RequestExpired",
]);
