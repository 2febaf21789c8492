// Why: the tables used locally are made from the very CloudFormation files that are deployed, so the two cannot differ.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { parse, type ScalarTag } from "yaml";
import { repository } from "./paths.ts";

export const idempotencyTableFile: string = join(repository, "infra", "idempotency-table.yml");
export const ledgerTableFile: string = join(repository, "examples", "payments", "ledger-table.yml");

/** The stack that `serverless.yml` deploys when no stage is given. */
export const stackName = "payments-dev";

export interface TableDefinition {
  readonly tableName: string;
  readonly create: CreateTableCommandInput;
  readonly ttlAttribute: string | undefined;
}

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: TableProperties }>>;
}

interface TableProperties extends Omit<CreateTableCommandInput, "TableName"> {
  readonly TableName: string;
  readonly TimeToLiveSpecification?: { readonly AttributeName: string; readonly Enabled: boolean };
}

/** Talks to a local endpoint only: credentials and region are made up, whatever the environment says. */
export function localClient(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
}

export async function readTableDefinitions(file: string, stack: string = stackName): Promise<TableDefinition[]> {
  const substitute: ScalarTag = {
    tag: "!Sub",
    resolve: (text) => text.replaceAll(/\$\{AWS::StackName\}/g, stack),
  };
  const template = parse(await readFile(file, "utf8"), { customTags: [substitute] }) as Template;
  return Object.values(template.Resources)
    .filter((resource) => resource.Type === "AWS::DynamoDB::Table")
    .map(({ Properties: { TimeToLiveSpecification: ttl, ...create } }) => ({
      tableName: create.TableName,
      create,
      ttlAttribute: ttl?.Enabled === true ? ttl.AttributeName : undefined,
    }));
}

/** Creates the tables that are not there yet, and gives the names of all. */
export async function createTables(
  endpoint: string,
  files: readonly string[] = [idempotencyTableFile, ledgerTableFile],
  stack: string = stackName,
): Promise<string[]> {
  const client = localClient(endpoint);
  try {
    const tables = (await Promise.all(files.map((file) => readTableDefinitions(file, stack)))).flat();
    await Promise.all(tables.map((table) => createTable(client, table)));
    return tables.map((table) => table.tableName);
  } finally {
    client.destroy();
  }
}

async function createTable(client: DynamoDBClient, table: TableDefinition): Promise<void> {
  try {
    await client.send(new CreateTableCommand(table.create));
  } catch (error) {
    if (error instanceof ResourceInUseException) return;
    throw error;
  }
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName: table.tableName });
  if (table.ttlAttribute === undefined) return;
  const specification = { AttributeName: table.ttlAttribute, Enabled: true };
  const command = new UpdateTimeToLiveCommand({ TableName: table.tableName, TimeToLiveSpecification: specification });
  await client.send(command).catch((error: Error) => {
    // Some engines lack the call; the library checks expiry itself, so nothing depends on it.
    if (error.name !== "UnknownOperationException") throw error;
  });
}
