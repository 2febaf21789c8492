/**
 * Results that no DynamoDB item can hold, as objects of an S3 bucket. The bucket's lifecycle rule deletes them.
 *
 * An object is written once, under a name that only one attempt can have, before any record refers to it (G27). The AWS
 * SDK for S3 is loaded by the first result that needs it, not at a cold start.
 */
import type { GetObjectCommandOutput, S3Client } from "@aws-sdk/client-s3";
import type { ResultData } from "../core/record.ts";
import { said } from "../core/said.ts";
import { InvalidOptionsError, StoreUnavailableError } from "../errors.ts";
import { warn } from "../events.ts";
import type { ResultBodies, ResultBody } from "../store.ts";

export interface S3ResultsOptions {
  /** The bucket's name. */
  readonly bucket: string;
  /** What the objects' keys begin with, for the lifecycle rule and the function's permissions. Default: `lambda-once/`. */
  readonly prefix?: string;
  /**
   * A client of your own. Default: one made when it is first needed, which takes 1 s at most to connect and 10 s for a
   * request, and retries as the SDK does.
   */
  readonly client?: S3Client;
}

/** Well above Lambda's 6 MB, also where JSON writes each character as two. */
const MAX_BYTES = 16_777_216;

const TIMEOUTS = { connectionTimeout: 1_000, requestTimeout: 10_000, throwOnRequestTimeout: true } as const;

/** What the object says of its content, for people who download it. */
const COMPRESSED = "zstd";

/**
 * For the option `largeResults` of a DynamoDB store: results up to 16 MiB. The function needs `s3:PutObject` and
 * `s3:GetObject` on `arn:aws:s3:::BUCKET/lambda-once/*`, and `s3:ListBucket` on the bucket, without which S3 does not say that
 * an object is gone; the bucket needs a lifecycle rule on the prefix that keeps objects for longer than `ttlSeconds`, by a
 * day or more.
 *
 * @throws InvalidOptionsError at once when an option is wrong. A missing bucket or denied access is found by the first
 *   large result: its caller gets the result, replays a `ResultNotStorableError`.
 */
export function s3Results(options: S3ResultsOptions): ResultBodies {
  const { bucket, prefix, client } = checked(options);
  let sdk: Promise<Sdk> | undefined;
  const load = (): Promise<Sdk> => {
    sdk ??= loadSdk(client).catch((error: unknown) => {
      sdk = undefined;
      throw error;
    });
    return sdk;
  };
  let judged = false;

  return {
    maxBytes: MAX_BYTES,
    async put(body) {
      const Key = keyOf(prefix, body);
      try {
        const { client, PutObjectCommand } = await load();
        const sent = new PutObjectCommand({ Bucket: bucket, Key, ...contentOf(body.data) });
        const { Expiration } = await client.send(sent);
        if (!judged) judgeLifecycle(bucket, Expiration, body.expiresAt);
        judged = true;
      } catch (error) {
        throw explain(error, bucket, "s3:PutObject");
      }
      return `s3://${bucket}/${Key}`;
    },
    async get(ref) {
      const [, Bucket = "", Key = ""] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(ref) ?? [];
      try {
        const { client, GetObjectCommand } = await load();
        return await dataOf(await client.send(new GetObjectCommand({ Bucket, Key })));
      } catch (error) {
        if (error instanceof Error && error.name === "NoSuchKey") return undefined;
        throw explain(error, Bucket, "s3:GetObject");
      }
    },
  };
}

type Sdk = Pick<typeof import("@aws-sdk/client-s3"), "PutObjectCommand" | "GetObjectCommand"> & {
  readonly client: S3Client;
};

async function loadSdk(given: S3Client | undefined): Promise<Sdk> {
  const { GetObjectCommand, PutObjectCommand, S3Client } = await import("@aws-sdk/client-s3");
  return { GetObjectCommand, PutObjectCommand, client: given ?? new S3Client({ requestHandler: TIMEOUTS }) };
}

function checked(options: S3ResultsOptions): S3ResultsOptions & { readonly prefix: string } {
  const fail = (what: string): InvalidOptionsError => new InvalidOptionsError(`s3Results: ${what}.`);
  if (typeof options !== "object" || options === null) throw fail("the options must be an object such as `{ bucket }`");
  const { bucket, prefix = "lambda-once/", client, ...unknown } = options;
  const [name] = Object.keys(unknown);
  if (name !== undefined) throw fail(`unknown option \`${name}\`; allowed are bucket, prefix, client`);
  if (typeof bucket !== "string" || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw fail(
      `\`bucket\` must be the name of a bucket (3 to 63 of a-z, 0-9, "." and "-"), not ${JSON.stringify(bucket)}`,
    );
  if (typeof prefix !== "string" || prefix.length > 500)
    throw fail("`prefix` must be a string of at most 500 characters");
  if (client !== undefined && typeof (client as { send?: unknown } | null)?.send !== "function")
    throw fail("`client` must be an S3Client");
  return client === undefined ? { bucket, prefix } : { bucket, prefix, client };
}

/** The record's id, for people, in letters that a key may have; the owner, which makes it one of its own. */
function keyOf(prefix: string, { id, owner }: ResultBody): string {
  return `${prefix}${id.replace(/[^\w.-]+/g, "_")}/${owner}`;
}

function contentOf(data: ResultData): { Body: Uint8Array; ContentType: string; ContentEncoding?: string } {
  if (typeof data === "string") return { Body: Buffer.from(data), ContentType: "application/json" };
  return { Body: data, ContentType: "application/json", ContentEncoding: COMPRESSED };
}

async function dataOf({ Body, ContentEncoding }: GetObjectCommandOutput): Promise<ResultData | undefined> {
  const bytes = await Body?.transformToByteArray();
  if (bytes === undefined || ContentEncoding === COMPRESSED) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}

/** S3 answers a write with the date at which a lifecycle rule deletes the object: `expiry-date="...", rule-id="..."`. */
function judgeLifecycle(bucket: string, expiration: string | undefined, neededUntil: number): void {
  const date = /expiry-date="([^"]+)"/.exec(expiration ?? "")?.[1];
  if (date === undefined)
    warn(`s3Results: no lifecycle rule of the bucket \`${bucket}\` deletes large results: they are kept for ever`);
  else if (Date.parse(date) < neededUntil * 1_000)
    warn(
      `s3Results: a lifecycle rule of the bucket \`${bucket}\` deletes large results on ${date}, before their records expire: replays will fail. Keep objects a day longer than \`ttlSeconds\``,
    );
}

function explain(error: unknown, bucket: string, action: string): StoreUnavailableError {
  const { name } = error instanceof Error ? error : { name: "" };
  const about = `Bucket \`${bucket}\` for large results:`;
  const fatal = (what: string): StoreUnavailableError =>
    new StoreUnavailableError(`${about} ${what} S3 said: ${name}: ${said(error)}`, { cause: error, transient: false });
  if (name === "NoSuchBucket") return fatal("it does not exist. Create it, or correct `bucket`.");
  if (name === "AccessDenied") {
    return fatal(
      `access is denied. Allow the function's role s3:PutObject and s3:GetObject on its prefix (this was ${action}; for an object that is gone S3 says the same to a role without s3:ListBucket).`,
    );
  }
  const { code } = error as { readonly code?: unknown };
  if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND")
    return fatal("@aws-sdk/client-s3 is not installed. Add it to the function's dependencies.");
  return new StoreUnavailableError(`${about} ${action} failed. ${name}: ${said(error)}`, { cause: error });
}
