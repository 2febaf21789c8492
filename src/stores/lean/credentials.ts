/**
 * Credentials of a Lambda function, without the SDK: from the environment, which is read anew each time (it may be rotated),
 * or from the container endpoint (SnapStart, Managed Instances, ECS), or from a function of the caller's.
 */
import type { Credentials } from "./sigv4.ts";
import { plainHttp } from "./transport.ts";

export interface ExpiringCredentials extends Credentials {
  readonly expiration?: Date | undefined;
}

export type CredentialProvider = () => Promise<ExpiringCredentials>;

/** `renew`: what was given last is refused: never give it again from memory. */
export type CredentialSource = (renew?: boolean) => Promise<Credentials>;

/** Credentials are renewed so long before they expire. */
const EARLY_MS = 300_000;

/** Remembers what a provider gave for as long as it says, and asks it once for many at a time. */
export function remembering(provider: CredentialProvider, now: () => number = Date.now): CredentialSource {
  let known: ExpiringCredentials | undefined;
  let asking: Promise<ExpiringCredentials> | undefined;
  const ask = async (): Promise<ExpiringCredentials> => {
    try {
      known = await provider();
      return known;
    } finally {
      asking = undefined;
    }
  };
  return async (renew = false) => {
    const until = known?.expiration === undefined ? Number.POSITIVE_INFINITY : known.expiration.getTime() - EARLY_MS;
    if (known !== undefined && !renew && now() < until) return known;
    asking ??= ask();
    return await asking;
  };
}

/** The environment's keys where there are any, else the container endpoint's. */
export function environmentCredentials(env: NodeJS.ProcessEnv = process.env): CredentialSource {
  const container = remembering(() => containerCredentials(env));
  return async (renew) => {
    const {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    } = env;
    return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey, sessionToken } : await container(renew);
  };
}

const CONTAINER_HOST = "http://169.254.170.2";
const TIMEOUT_MS = 2_000;

async function containerCredentials(env: NodeJS.ProcessEnv): Promise<ExpiringCredentials> {
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: path, AWS_CONTAINER_CREDENTIALS_FULL_URI: full } = env;
  const url = path ? `${CONTAINER_HOST}${path}` : full;
  if (!url) {
    throw missing(
      "there are neither AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY nor container credentials in the environment",
    );
  }
  const file = env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
  const token = file ? await textOf(file) : env["AWS_CONTAINER_AUTHORIZATION_TOKEN"];
  const given = JSON.parse(await get(url, token)) as Record<string, string | undefined>;
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken, Expiration } = given;
  if (!accessKeyId || !secretAccessKey) throw missing("the container endpoint gave none");
  return { accessKeyId, secretAccessKey, sessionToken, expiration: Expiration ? new Date(Expiration) : undefined };
}

/** Loaded when it is needed: functions with keys in their environment start without it. */
async function textOf(file: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return (await readFile(file, "utf8")).trim();
}

function get(url: string, token: string | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: token };
    const sent = plainHttp().request(url, { headers, timeout: TIMEOUT_MS }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200) resolve(body);
        else reject(missing(`the container endpoint answered ${response.statusCode}`));
      });
    });
    sent.on("timeout", () => sent.destroy(missing("the container endpoint did not answer")));
    sent.on("error", reject);
    sent.end();
  });
}

function missing(what: string): Error {
  return Object.assign(new Error(what), { name: "CredentialsProviderError" });
}
