/**
 * The floor: Node's own https (http where the endpoint is), a signature, two writes, and nothing else: no time-outs, no
 * retries, no errors told apart.
 */
import { createHmac, hash } from "node:crypto";
import * as http from "node:http";
import * as https from "node:https";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { respond } from "./work.ts";

export { observed } from "./work.ts";

const { env } = process;
const url = new URL(env["AWS_ENDPOINT_URL_DYNAMODB"] ?? "");
const protocol = url.protocol === "https:" ? https : http;
const agent = new protocol.Agent({ keepAlive: true });
const TableName = env["IDEMPOTENCY_TABLE"];
const region = env["AWS_REGION"] ?? "";
let key: Buffer | undefined;

const hmac = (secret: string | Buffer, text: string): Buffer => createHmac("sha256", secret).update(text).digest();

function signed(body: string): Record<string, string> {
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");
  const target = "DynamoDB_20120810.PutItem";
  const scope = `${date.slice(0, 8)}/${region}/dynamodb/aws4_request`;
  const names = "content-type;host;x-amz-date;x-amz-target";
  const type = "application/x-amz-json-1.0";
  const fields = `content-type:${type}\nhost:${url.host}\nx-amz-date:${date}\nx-amz-target:${target}\n`;
  const canonical = hash("sha256", `POST\n/\n\n${fields}\n${names}\n${hash("sha256", body)}`);
  key ??= scope.split("/").reduce<string | Buffer>(hmac, `AWS4${env["AWS_SECRET_ACCESS_KEY"]}`) as Buffer;
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${canonical}`).toString("hex");
  const credential = `Credential=${env["AWS_ACCESS_KEY_ID"]}/${scope}`;
  return {
    "content-type": type,
    "content-length": String(Buffer.byteLength(body)),
    "x-amz-date": date,
    "x-amz-target": target,
    authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

function put(input: object): Promise<{ readonly ok: boolean; readonly text: string }> {
  const body = JSON.stringify(input);
  return new Promise((resolve, reject) => {
    const sent = protocol.request(url, { method: "POST", agent, headers: signed(body) }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => void chunks.push(chunk));
      answer.on("end", () => resolve({ ok: answer.statusCode === 200, text: Buffer.concat(chunks).toString() }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

export async function handler(event: APIGatewayProxyEventV2): Promise<unknown> {
  const id = { S: event.headers["idempotency-key"] };
  const expires_at = { N: String(Math.floor(Date.now() / 1_000) + 86_400) };
  const claim = await put({
    TableName,
    Item: { id, expires_at },
    ConditionExpression: "attribute_not_exists(id)",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  if (!claim.ok) return JSON.parse(JSON.parse(claim.text).Item.result.S);
  const response = respond(event);
  const stored = await put({ TableName, Item: { id, expires_at, result: { S: JSON.stringify(response) } } });
  if (!stored.ok) throw new Error(stored.text);
  return response;
}
