/** AWS Signature Version 4 for a request whose body is at hand, as published in the IAM User Guide. Pure. */
import { createHmac, hash } from "node:crypto";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface SignedRequest {
  readonly method: string;
  /** The canonical path: absolute, encoded. */
  readonly path: string;
  /** The canonical query: sorted and encoded, without `?`. */
  readonly query: string;
  /** By lower-case name; all of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SigningScope {
  readonly region: string;
  readonly service: string;
  /** `YYYYMMDDTHHMMSSZ`, as in the header `x-amz-date`. */
  readonly date: string;
}

/** `YYYYMMDDTHHMMSSZ` of a moment in epoch milliseconds. */
export function amzDate(now: number): string {
  return new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, "");
}

/** The value of the `authorization` header. */
export function authorization(request: SignedRequest, credentials: Credentials, scope: SigningScope): string {
  const names = Object.keys(request.headers).sort();
  const signed = names.join(";");
  const fields = names.map((name) => `${name}:${(request.headers[name] ?? "").trim().replace(/ +/g, " ")}\n`).join("");
  const canonical = [request.method, request.path, request.query, fields, signed, sha256(request.body)].join("\n");
  const place = `${scope.date.slice(0, 8)}/${scope.region}/${scope.service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", scope.date, place, sha256(canonical)].join("\n");
  const signature = hmac(signingKey(credentials.secretAccessKey, place), toSign).toString("hex");
  return `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${place}, SignedHeaders=${signed}, Signature=${signature}`;
}

let lastKey: { readonly secret: string; readonly place: string; readonly key: Buffer } | undefined;

/** Four HMACs that stay the same all day. */
function signingKey(secret: string, place: string): Buffer {
  if (lastKey?.secret === secret && lastKey.place === place) return lastKey.key;
  const key = place.split("/").reduce<string | Buffer>((above, part) => hmac(above, part), `AWS4${secret}`) as Buffer;
  lastKey = { secret, place, key };
  return key;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(text: string): string {
  return hash("sha256", text, "hex");
}
