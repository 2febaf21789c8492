/** Requests that fail on the way: tried again where that can help, named where it cannot. G3, G4 by the owner. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { InProgressRecord } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { type LeanDynamoDBStoreOptions, leanDynamoDBStore } from "../../src/stores/lean.ts";

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

let server: Server | undefined;
let seen: IncomingMessage[] = [];

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  seen = [];
});

/** A store on a server that gives these answers in turn, the last one for good. */
async function against(answers: readonly Answer[], options: LeanDynamoDBStoreOptions = {}): Promise<Store> {
  const made = createServer((request, response) => {
    seen.push(request);
    request.resume();
    request.on("end", () => answers[Math.min(seen.length, answers.length) - 1]?.(response, request));
  });
  server = made;
  await new Promise<void>((resolve) => void made.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
  const credentials = async () => ({ accessKeyId: "AK", secretAccessKey: "SK", sessionToken: "ST" });
  return leanDynamoDBStore({ tableName: "records", region: "us-east-1", endpoint, credentials, ...options });
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(status, headers).end(JSON.stringify(body));
const refuse = (status: number, type: string, message = "no"): Answer =>
  json(status, { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message });
const ok = json(200, {});
const reset: Answer = (response) => void response.destroy();
const cut: Answer = (response) => {
  response.writeHead(200, { "content-length": "100" });
  response.write('{"Item":', () => response.destroy());
};

const record: InProgressRecord = {
  id: "pay#1",
  status: "IN_PROGRESS",
  owner: "o1",
  fence: 1_764_072_000_000,
  attempts: 1,
  leaseUntil: 1_764_072_032_000,
  expiresAt: 1_764_158_433,
  createdAt: 1_764_072_000_000,
};

test.each([
  ["a throttle", refuse(400, "ProvisionedThroughputExceededException")],
  ["a 500", refuse(500, "InternalServerError")],
  ["a 503 without a body", ((response) => void response.writeHead(503).end()) as Answer],
  ["a connection that is reset", reset],
  ["an answer that is cut off", cut],
  ["an answer that is no JSON", ((response) => void response.end("<html>")) as Answer],
])("%s is tried again", async (_name, answer) => {
  const store = await against([answer, answer, ok]);
  expect(await store.insert(record)).toEqual({ ok: true });
  expect(seen).toHaveLength(3);
});

test("tries end, with the last error", async () => {
  const store = await against([refuse(500, "InternalServerError", "broken")], { maxAttempts: 3 });
  await expect(store.insert(record)).rejects.toMatchObject({
    name: "StoreUnavailableError",
    transient: true,
    message: /`records`: dynamodb:PutItem failed. InternalServerError: broken/,
  });
  expect(seen).toHaveLength(3);
});

test.each([
  ["ResourceNotFoundException", /`records`: it does not exist/],
  ["AccessDeniedException", /`records`: access is denied/],
  ["UnrecognizedClientException", /there are no valid credentials/],
])("%s is not tried again, and says what to do", async (type, message) => {
  const store = await against([refuse(400, type)]);
  await expect(store.read("pay#1")).rejects.toMatchObject({ name: "StoreUnavailableError", transient: false, message });
  expect(seen).toHaveLength(1);
});

test("no answer within the time is tried again, then an error", async () => {
  const store = await against([() => {}], { requestTimeoutMs: 50, maxAttempts: 2 });
  await expect(store.read("pay#1")).rejects.toMatchObject({ message: /TimeoutError: no answer within 50 ms/ });
  expect(seen).toHaveLength(2);
});

test("expired credentials are asked for anew", async () => {
  const given = ["old", "new"];
  const credentials = async () => ({ accessKeyId: given.shift() ?? "none", secretAccessKey: "SK" });
  const store = await against([refuse(400, "ExpiredTokenException"), ok], { credentials });
  await store.insert(record);
  const keys = seen.map(({ headers }) => /Credential=(\w+)/.exec(headers.authorization ?? "")?.[1]);
  expect(keys).toEqual(["old", "new"]);
});

test("a clock that is off is corrected by DynamoDB's", async () => {
  const date = "Tue, 24 Nov 2099 12:00:00 GMT";
  const skewed = json(400, { __type: "x#InvalidSignatureException", message: "expired" }, { date });
  const store = await against([skewed, ok, ok]);
  await store.insert(record);
  await store.insert(record);
  expect(seen.map(({ headers }) => String(headers["x-amz-date"]).slice(0, 6))).toEqual([
    expect.any(String),
    "209911",
    "209911",
  ]);
  expect(seen).toHaveLength(3);
});

test("a request is signed, with the session's token", async () => {
  const store = await against([ok]);
  await store.read("pay#1");
  expect(seen[0]?.headers).toMatchObject({
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": "DynamoDB_20120810.GetItem",
    "x-amz-security-token": "ST",
    authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=AK\/\d{8}\/us-east-1\/dynamodb\/aws4_request, /),
  });
});

test("one connection serves requests after each other", async () => {
  const store = await against([ok]);
  for (let i = 0; i < 5; i++) await store.read("pay#1");
  expect(new Set(seen.map(({ socket }) => socket.remotePort)).size).toBe(1);
});

test.each([
  [{ tableNam: "x" }, /unknown option `tableNam`; allowed are tableName,/],
  [{ maxAttempts: 0 }, /`maxAttempts` must be a whole number above 0, not 0/],
  [{ requestTimeoutMs: "3s" }, /`requestTimeoutMs` must be/],
  [{ credentials: {} }, /`credentials` must be a function/],
  [{ attributeNames: { pk: "x" } }, /unknown name `pk`/],
])("wrong options are named: %o", (options, message) => {
  const wrong = { tableName: "records", region: "us-east-1", ...options } as LeanDynamoDBStoreOptions;
  expect(() => leanDynamoDBStore(wrong)).toThrow(message);
});
