// Why: local tables are made from the deployed definitions. These tests pin what the library relies on in them, and that
// the creator leaves tables in an engine which match.

import { randomUUID } from "node:crypto";
import { DescribeTableCommand, DescribeTimeToLiveCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEmbeddedEngine } from "../../local/embedded-engine.ts";
import type { Engine } from "../../local/engine.ts";
import {
  createTables,
  idempotencyTableFile,
  ledgerTableFile,
  localClient,
  readTableDefinitions,
} from "../../local/tables.ts";

describe("the table definitions", () => {
  it("give the idempotency table the key, the TTL attribute and the name that the library expects", async () => {
    expect(await readTableDefinitions(idempotencyTableFile)).toEqual([
      {
        tableName: "payments-dev-idempotency",
        create: {
          TableName: "payments-dev-idempotency",
          BillingMode: "PAY_PER_REQUEST",
          AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        },
        ttlAttribute: "expires_at",
      },
    ]);
  });

  it("keep the ledger, which nothing may forget, without a TTL", async () => {
    const [ledger] = await readTableDefinitions(ledgerTableFile, "other");
    expect(ledger).toMatchObject({ tableName: "other-ledger", ttlAttribute: undefined });
    expect(ledger?.create.KeySchema).toEqual([
      { AttributeName: "order_id", KeyType: "HASH" },
      { AttributeName: "entry", KeyType: "RANGE" },
    ]);
  });
});

describe("the table creator", () => {
  const stack = `tables-${randomUUID().slice(0, 8)}`;
  let engine: Engine;
  let client: DynamoDBClient;

  beforeAll(async () => {
    engine = await startEmbeddedEngine();
    client = localClient(engine.endpoint);
  });
  afterAll(async () => {
    client?.destroy();
    await engine?.stop();
  });

  it("leaves tables that match, also when called twice or by two at once", async () => {
    const names = [`${stack}-idempotency`, `${stack}-ledger`];
    const create = (): Promise<string[]> => createTables(engine.endpoint, undefined, stack);
    expect(await Promise.all([create(), create()])).toEqual([names, names]);
    expect(await create()).toEqual(names);

    const { Table } = await client.send(new DescribeTableCommand({ TableName: `${stack}-idempotency` }));
    expect(Table).toMatchObject({ TableStatus: "ACTIVE", KeySchema: [{ AttributeName: "id", KeyType: "HASH" }] });
    const ttl = await client.send(new DescribeTimeToLiveCommand({ TableName: `${stack}-idempotency` }));
    expect(ttl.TimeToLiveDescription).toMatchObject({ TimeToLiveStatus: "ENABLED", AttributeName: "expires_at" });
  });
});
