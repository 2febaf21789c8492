/** The DynamoDB store works with every client that a user may have, and changes none of them; attributes can be renamed. */
import { randomUUID } from "node:crypto";
import { CreateTableCommand, DynamoDB, type DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import {
  DynamoDBDocument,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  type TranslateConfig,
} from "@aws-sdk/lib-dynamodb";
import { describe, expect, inject, test } from "vitest";
import { everyOutcome, executeOnce, type Store } from "../../src/index.ts";
import { type DynamoDBStoreOptions, dynamoDBStore } from "../../src/stores/dynamodb.ts";
import { engineClient, freshTable } from "../support/dynamodb.ts";
import { gate } from "../support/gate.ts";

const RESULT = {
  id: "ch_1",
  empty: "",
  none: undefined,
  at: new Date(5),
  set: new Set([1]),
  big: 5n,
  bytes: Uint8Array.of(1),
};

/** First call, replay, waiting, release and second attempt: every path on which items are read and written. */
async function playThrough(store: Store): Promise<void> {
  const operation = "pay";
  const once = (): Promise<unknown> => executeOnce("k", () => RESULT, { store, operation, fingerprint: () => 1 });
  expect(await once()).toStrictEqual({ value: RESULT, replayed: false });
  expect(await once()).toStrictEqual({ value: RESULT, replayed: true });

  const running = gate();
  const first = executeOnce("slow", () => running.pass(), { store, operation });
  await running.reached;
  await expect(executeOnce("slow", () => 1, { store, operation })).rejects.toMatchObject({ name: "InProgressError" });
  // Waiters of another process read the record; here a store of its own stands for that.
  const reader: Store = { ...store };
  const waiting = executeOnce("slow", () => 1, { store: reader, operation, whenInProgress: { waitMs: 5_000 } });
  await new Promise((resolve) => setTimeout(resolve, 60));
  running.open();
  await first;
  expect(await waiting).toEqual({ value: undefined, replayed: true });

  for (const name of ["CardDeclined", ""]) {
    const failing = (): never => {
      throw Object.assign(new Error("no"), { name });
    };
    await expect(executeOnce(`failed ${name}`, failing, { store, operation })).rejects.toThrow("no");
    const record = await executeOnce(`failed ${name}`, ({ attempt }) => attempt, { store, operation });
    expect(record).toEqual({ value: 2, replayed: false });
  }
  const failing = (): Promise<never> => Promise.reject(new TypeError("kept"));
  const kept = { store, operation, shouldStore: everyOutcome };
  await expect(executeOnce("kept", failing, kept)).rejects.toThrow("kept");
  await expect(executeOnce("kept", () => expect.unreachable(), kept)).rejects.toThrow(TypeError);
}

const documentClient = (translate?: TranslateConfig): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(engineClient(), translate);

describe("a store plays all through with", () => {
  test.each<[string, () => NonNullable<DynamoDBStoreOptions["client"]>]>([
    ["a DynamoDBClient", () => engineClient()],
    [
      "the client with methods",
      () =>
        new DynamoDB({
          endpoint: inject("dynamoDB").endpoint,
          region: "us-east-1",
          credentials: { accessKeyId: "local", secretAccessKey: "local" },
        }),
    ],
    ["a document client", () => documentClient()],
    ["a document client with methods", () => DynamoDBDocument.from(engineClient())],
    ["one that wraps numbers", () => documentClient({ unmarshallOptions: { wrapNumbers: true } })],
    ["one that removes undefined", () => documentClient({ marshallOptions: { removeUndefinedValues: true } })],
    ["one that refuses undefined", () => documentClient({ marshallOptions: { removeUndefinedValues: false } })],
    ["one that turns what is empty into null", () => documentClient({ marshallOptions: { convertEmptyValues: true } })],
    [
      "one that converts class instances",
      () => documentClient({ marshallOptions: { convertClassInstanceToMap: true } }),
    ],
    [
      "one that converts top-level containers",
      () => documentClient({ marshallOptions: { convertTopLevelContainer: false } }),
    ],
    [
      "one that reads numbers in a way of its own",
      () => documentClient({ unmarshallOptions: { wrapNumbers: (text: string) => BigInt(text) as never } }),
    ],
  ])("%s", async (_name, make) => {
    const client = make();
    const tableName = await freshTable();
    await playThrough(dynamoDBStore({ tableName, client }));
  });

  test("several stores at once on one client", async () => {
    const client = engineClient();
    const stores = [1, 2, 3].map(async () => dynamoDBStore({ client, tableName: await freshTable() }));
    await Promise.all((await Promise.all(stores)).map(playThrough));
  });
});

describe("a client of the user's own stays as it was set", () => {
  test("two document clients on one client: the settings of the user's stay, whoever comes first", async () => {
    for (const userFirst of [true, false]) {
      const base = engineClient();
      const tableName = await freshTable();
      const settings: TranslateConfig = {
        marshallOptions: { removeUndefinedValues: true },
        unmarshallOptions: { wrapNumbers: true },
      };
      const early = userFirst ? DynamoDBDocumentClient.from(base, settings) : undefined;
      const store = dynamoDBStore({ tableName, client: base });
      const users = early ?? DynamoDBDocumentClient.from(base, settings);
      await users.send(new PutCommand({ TableName: tableName, Item: { id: "mine", n: 5, gone: undefined } }));
      const { Item } = await users.send(new GetCommand({ TableName: tableName, Key: { id: "mine" } }));
      expect(Item).toEqual({ id: "mine", n: expect.objectContaining({ value: "5" }) });
      await playThrough(store);
    }
  });

  test("a plain client still takes and gives attribute values", async () => {
    const base = engineClient();
    const tableName = await freshTable();
    await playThrough(dynamoDBStore({ tableName, client: base }));
    const { Item } = await base.send(new GetItemCommand({ TableName: tableName, Key: { id: { S: "none" } } }));
    expect(Item).toBeUndefined();
  });
});

describe("attributes", () => {
  /** The one item of a table, as attribute values. */
  async function itemOf(
    client: DynamoDBClient,
    tableName: string,
    key: string,
    id: string,
  ): Promise<Record<string, object>> {
    const { Item } = await client.send(new GetItemCommand({ TableName: tableName, Key: { [key]: { S: id } } }));
    return (Item ?? {}) as Record<string, object>;
  }

  const idOf = async (store: Store): Promise<string> => {
    const ids: string[] = [];
    const onEvent = ({ id }: { id?: string }): void => void ids.push(String(id));
    await executeOnce("k", () => ({ paid: true }), { store, operation: "pay", fingerprint: () => 1, onEvent });
    return String(ids[0]);
  };

  test("have the names of the design, and the result can be read in the table", async () => {
    const client = engineClient();
    const tableName = await freshTable();
    const item = await itemOf(client, tableName, "id", await idOf(dynamoDBStore({ tableName, client })));
    expect(item).toEqual({
      id: { S: expect.stringMatching(/^pay#[0-9a-f]{64}$/) },
      status: { S: "COMPLETED" },
      owner: { S: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      fence: { N: expect.stringMatching(/^\d{13}$/) },
      attempts: { N: "1" },
      lease_until: { N: expect.stringMatching(/^\d{13}$/) },
      expires_at: { N: expect.stringMatching(/^\d{10}$/) },
      payload_hash: { S: expect.stringMatching(/^[0-9a-f]{64}$/) },
      result: { S: '{"paid":true}' },
      created_at: { N: expect.stringMatching(/^\d{13}$/) },
      completed_at: { N: expect.stringMatching(/^\d{13}$/) },
    });
  });

  test("can all have other names", async () => {
    const client = engineClient();
    const TableName = `test-${randomUUID()}`;
    await client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [{ AttributeName: "p.k-1", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "p.k-1", KeyType: "HASH" }],
      }),
    );
    const attributeNames = {
      id: "p.k-1",
      status: "size",
      owner: "a",
      fence: "b c",
      attempts: "#d",
      lease_until: ":e",
      expires_at: "ttl",
      payload_hash: "hash",
      result: "data",
      created_at: "created",
      completed_at: "completed",
      error_name: "error",
    };
    const store = dynamoDBStore({ tableName: TableName, client, attributeNames });
    const item = await itemOf(client, TableName, "p.k-1", await idOf(store));
    expect(Object.keys(item).sort()).toEqual(
      ["#d", ":e", "a", "b c", "completed", "created", "data", "hash", "p.k-1", "size", "ttl"].sort(),
    );
    await playThroughRenamed(store);
  });

  test("may be swapped among each other", async () => {
    const client = engineClient();
    const tableName = await freshTable();
    await playThrough(dynamoDBStore({ tableName, client, attributeNames: { status: "owner", owner: "status" } }));
  });
});

/** As {@link playThrough}, after the record of key `k` was made. */
async function playThroughRenamed(store: Store): Promise<void> {
  const running = gate();
  const first = executeOnce("slow", () => running.pass(), { store, operation: "renamed" });
  await running.reached;
  await expect(executeOnce("slow", () => 1, { store, operation: "renamed" })).rejects.toMatchObject({
    name: "InProgressError",
  });
  running.open();
  await first;
  await expect(
    executeOnce("f", () => Promise.reject(new Error("no")), { store, operation: "renamed" }),
  ).rejects.toThrow("no");
  expect(await executeOnce("f", ({ attempt }) => attempt, { store, operation: "renamed" })).toEqual({
    value: 2,
    replayed: false,
  });
}
