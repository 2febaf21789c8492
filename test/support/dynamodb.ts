/** A table of its own on the engine of this run, made from the CloudFormation file that users deploy. */
import { randomUUID } from "node:crypto";
import { CreateTableCommand, DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { inject } from "vitest";
import { idempotencyTableFile, readTableDefinitions } from "../../local/tables.ts";

export function engineClient(config: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient({
    endpoint: inject("dynamoDB").endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    ...config,
  });
}

/** Creates an idempotency table with a fresh name, and gives the name. */
export async function freshTable(client: DynamoDBClient = engineClient()): Promise<string> {
  const [definition] = await readTableDefinitions(idempotencyTableFile);
  if (definition === undefined) throw new Error("infra/idempotency-table.yml defines no table");
  const TableName = `test-${randomUUID()}`;
  await client.send(new CreateTableCommand({ ...definition.create, TableName }));
  return TableName;
}
