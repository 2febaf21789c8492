/**
 * For `serverless offline`: a DynamoDB that runs on this machine, with the service's tables in it, which the functions are
 * pointed at. Functions have one setting for the endpoint of every DynamoDB client, so all tables of the service are made.
 */
import { existsSync } from "node:fs";
import { devNull, homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { tableVariable } from "../deploy/table-definition.ts";
import { type Send, sender } from "../stores/lean/requests.ts";
import { resourcesOf } from "./checks.ts";
import type { Configured } from "./configure.ts";
import { enginePackage, findEngine, startEngine } from "./engine.ts";
import type { AwsProvider, PluginUtilities, Serverless } from "./framework.ts";
import { isPortFree } from "./free-ports.ts";
import { type OfflineOptions, withoutEmpty } from "./options.ts";
import { tableResource } from "./table.ts";

const endpointVariable = "AWS_ENDPOINT_URL_DYNAMODB";

interface Endpoint {
  readonly url: string;
  /** Who named it, for people. */
  readonly of: string;
}

type Log = PluginUtilities["log"];

export async function prepareOffline(serverless: Serverless, { options, table }: Configured, log: Log): Promise<void> {
  if (options.offline === false) return;
  const settings = typeof options.offline === "object" ? withoutEmpty<OfflineOptions>(options.offline) : {};
  const endpoint = givenEndpoint(serverless, settings) ?? (await startOwn(serverless, settings, log));

  // serverless-offline hands its functions every AWS_ variable that it has itself.
  process.env[endpointVariable] = endpoint.url;
  if (!hasCredentials()) Object.assign(process.env, { AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" });

  const aws = serverless.getProvider("aws");
  const name = table.split("/").at(-1) ?? table;
  tellPlainName(serverless, table, name);
  const own = tableResource(name, {}).Properties;
  const wanted = [
    own,
    ...Object.values(resourcesOf(serverless.service, "AWS::DynamoDB::Table")).map((r) => r.Properties),
  ];
  const definitions = wanted.map((properties) => definition(properties ?? {}, aws)).filter((d) => d !== undefined);
  const names = await createTables(serverless, endpoint, definitions);
  log.notice(`lambda-once: DynamoDB runs at ${endpoint.url}, with ${names.join(", ")}`);
}

/** Of a table that an ARN names there is a local one of the same name, and local engines know no ARNs. */
function tellPlainName({ service }: Serverless, table: string, name: string): void {
  if (table === name) return;
  for (const config of Object.values(service.functions ?? {})) {
    const told = config?.environment?.[tableVariable] ?? service.provider.environment?.[tableVariable];
    if (told === table) config.environment = { ...config.environment, [tableVariable]: name };
  }
}

function givenEndpoint(serverless: Serverless, settings: OfflineOptions): Endpoint | undefined {
  const variable = (name: string) => [process.env[name], `the environment variable ${name}`] as const;
  const inService = serverless.service.provider.environment?.[endpointVariable];
  const given = [
    [settings.endpoint, "`custom.lambdaOnce.offline.endpoint`"],
    [inService, `${endpointVariable} of \`provider.environment\``],
    variable("DYNAMODB_ENDPOINT"),
    variable(endpointVariable),
  ] as const;
  for (const [url, of] of given) {
    if (typeof url !== "string" || url === "") continue;
    if (/^https?:/.test(url) && URL.canParse(url)) return { url, of };
    throw new serverless.classes.Error(
      `lambda-once: ${of} must be a URL such as http://127.0.0.1:8000, not "${url}".`,
      "LAMBDA_ONCE_ENDPOINT",
    );
  }
  return undefined;
}

async function startOwn(serverless: Serverless, { file, port }: OfflineOptions, log: Log): Promise<Endpoint> {
  const binary = findEngine([join(serverless.serviceDir, "serverless.yml"), import.meta.filename]);
  if (binary === undefined) {
    throw new serverless.classes.Error(
      "lambda-once: `serverless offline` needs a DynamoDB on this machine. Install one for this platform with\n" +
        `  npm install --save-dev ${enginePackage}\n` +
        "or start any DynamoDB-compatible endpoint and name it, for example\n" +
        "  docker run --rm -p 8000:8000 amazon/dynamodb-local -jar DynamoDBLocal.jar -inMemory -sharedDb\n" +
        "  DYNAMODB_ENDPOINT=http://127.0.0.1:8000 npx serverless offline\n" +
        "or set `custom.lambdaOnce.offline: false` to use the table that is deployed.",
      "LAMBDA_ONCE_NO_ENGINE",
    );
  }
  if (port !== undefined && !(await isPortFree(port))) {
    throw new serverless.classes.Error(
      `lambda-once: port ${port} of \`custom.lambdaOnce.offline.port\` is taken. Choose another, or leave it out, and a free one is taken.`,
      "LAMBDA_ONCE_PORT",
    );
  }
  const engine = await startEngine(binary, file, port).catch((error: Error) => {
    throw new serverless.classes.Error(`lambda-once: ${error.message}`, "LAMBDA_ONCE_ENGINE");
  });
  void engine.ended.then((how) =>
    log.warning(`lambda-once: the embedded DynamoDB has ended (${how}); start \`serverless offline\` again.`),
  );
  return { url: engine.endpoint, of: "the embedded engine" };
}

/** The SDK asks for credentials, also where nobody checks them. A developer's own are left to the functions. */
function hasCredentials(): boolean {
  const named = [
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  ];
  if (named.some((name) => (process.env[name] ?? "") !== "")) return true;
  const files = [
    process.env["AWS_SHARED_CREDENTIALS_FILE"] ?? join(homedir(), ".aws", "credentials"),
    process.env["AWS_CONFIG_FILE"] ?? join(homedir(), ".aws", "config"),
  ];
  return files.some((file) => existsSync(file) && file !== devNull);
}

/** A request of `CreateTable`, and the TTL attribute for the request after it. */
interface Definition {
  readonly TableName: string;
  readonly ttl: string | undefined;
  readonly [property: string]: unknown;
}

/** A table's request from its CloudFormation properties; none where its name is known to CloudFormation alone. */
function definition(properties: Readonly<Record<string, unknown>>, aws: AwsProvider): Definition | undefined {
  const TableName = literalName(properties["TableName"], aws);
  if (TableName === undefined) return undefined;
  const ttl = properties["TimeToLiveSpecification"] as { AttributeName: string; Enabled: boolean } | undefined;
  const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, LocalSecondaryIndexes } = properties;
  const indexes = ((GlobalSecondaryIndexes ?? []) as object[]).map((index) => ({
    ...index,
    ProvisionedThroughput: undefined, // all is on demand here
  }));
  return {
    TableName,
    AttributeDefinitions,
    KeySchema,
    BillingMode: "PAY_PER_REQUEST",
    ...(indexes.length === 0 ? {} : { GlobalSecondaryIndexes: indexes }),
    ...(LocalSecondaryIndexes === undefined ? {} : { LocalSecondaryIndexes }),
    ttl: ttl?.Enabled === true ? ttl.AttributeName : undefined,
  };
}

function literalName(name: unknown, aws: AwsProvider): string | undefined {
  const text = typeof name === "object" && name !== null ? (name as Record<string, unknown>)["Fn::Sub"] : name;
  if (typeof text !== "string") return undefined;
  const known = text
    .replaceAll(/\$\{AWS::StackName\}/g, aws.naming.getStackName())
    .replaceAll(/\$\{AWS::Region\}/g, aws.getRegion());
  return known.includes("$") ? undefined : known;
}

async function createTables(
  serverless: Serverless,
  { url, of }: Endpoint,
  definitions: readonly Definition[],
): Promise<string[]> {
  const { AWS_ACCESS_KEY_ID: accessKeyId = "local", AWS_SECRET_ACCESS_KEY: secretAccessKey = "local" } = process.env;
  const send = sender({
    place: { region: serverless.getProvider("aws").getRegion(), url: new URL(url) },
    credentials: async () => ({ accessKeyId, secretAccessKey }),
    maxAttempts: 3,
    connectionTimeoutMs: 2_000,
    requestTimeoutMs: 10_000,
  });
  const unique = [...new Map(definitions.map((table) => [table.TableName, table])).values()];
  try {
    for (const table of unique) await createTable(send, table);
  } catch (error) {
    const { name, message } = error as Error;
    throw new serverless.classes.Error(
      `lambda-once: no table could be made at ${url}, the endpoint of ${of}: ${inShort(message || name)}. Start a DynamoDB ` +
        "there, or name another endpoint.",
      "LAMBDA_ONCE_TABLE",
    );
  }
  return unique.map(({ TableName }) => TableName);
}

/** One line: what answers may be no DynamoDB, and answer with a page. */
function inShort(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim().replace(/\.$/, "");
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
}

async function createTable(send: Send, { ttl, ...create }: Definition): Promise<void> {
  const { TableName } = create;
  try {
    await send("CreateTable", create);
  } catch (error) {
    if ((error as Error).name === "ResourceInUseException") return;
    throw error;
  }
  await untilActive(send, TableName);
  if (ttl === undefined) return;
  const TimeToLiveSpecification = { AttributeName: ttl, Enabled: true };
  await send("UpdateTimeToLive", { TableName, TimeToLiveSpecification }).catch((error: Error) => {
    // Some engines lack the call; the library checks expiry itself, so nothing depends on it.
    if (error.name !== "UnknownOperationException") throw error;
  });
}

async function untilActive(send: Send, TableName: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const { Table } = await send("DescribeTable", { TableName });
    if ((Table as { TableStatus?: string } | undefined)?.TableStatus === "ACTIVE") return;
    await sleep(100);
  }
  throw new Error(`${TableName} was not ready within 10 s`);
}
