/** An engine in a process of its own with an empty table, and the environment of a function that uses it. */
import { randomUUID } from "node:crypto";
import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import { startDynamoDBLocal } from "../../local/dynamodb-local.ts";
import { startEmbeddedEngine } from "../../local/embedded-engine.ts";
import type { Engine } from "../../local/engine.ts";
import { idempotencyTableFile, localClient, readTableDefinitions } from "../../local/tables.ts";

export interface Table {
  readonly engine: Engine;
  readonly name: string;
}

const STARTS: Readonly<Record<"embedded" | "dynamodb-local", () => Promise<Engine>>> = {
  embedded: startEmbeddedEngine,
  "dynamodb-local": startDynamoDBLocal,
};

/** Starts the engine for as long as `use` takes. */
export async function withEngine<T>(
  use: (table: Table) => Promise<T>,
  kind: keyof typeof STARTS = "embedded",
): Promise<T> {
  const engine = await STARTS[kind]();
  try {
    return await use({ engine, name: await createTable(engine) });
  } finally {
    await engine.stop();
  }
}

export async function createTable(engine: Engine): Promise<string> {
  const [definition] = await readTableDefinitions(idempotencyTableFile);
  if (definition === undefined) throw new Error("infra/idempotency-table.yml defines no table");
  const TableName = `bench-${randomUUID()}`;
  const client = localClient(engine.endpoint);
  try {
    await client.send(new CreateTableCommand({ ...definition.create, TableName }));
  } finally {
    client.destroy();
  }
  return TableName;
}

/** What Lambda gives a function, and nothing of this process that changes how Node.js runs. */
export function functionEnvironment(endpoint: string, tableName: string): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return {
    ...(PATH === undefined ? {} : { PATH }),
    ...(HOME === undefined ? {} : { HOME }),
    ...(TMPDIR === undefined ? {} : { TMPDIR }),
    AWS_LAMBDA_FUNCTION_NAME: "bench",
    _HANDLER: "index.handler",
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    IDEMPOTENCY_TABLE: tableName,
  };
}
