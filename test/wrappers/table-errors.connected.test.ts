/** A table that cannot be used gives an error that says which table, and what to do; the handler does not run (G10). */
import { randomUUID } from "node:crypto";
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  GetItemCommand,
  type KeySchemaElement,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import { mockClient } from "aws-sdk-client-mock";
import { describe, expect, test, vi } from "vitest";
import { executeOnce, isStoreUnavailableError, type StoreUnavailableError } from "../../src/index.ts";
import { type DynamoDBStoreOptions, dynamoDBStore } from "../../src/stores/dynamodb.ts";
import { engineClient, freshTable } from "../support/dynamodb.ts";
import { lambdaContext } from "../support/lambda-context.ts";

const client = engineClient({ maxAttempts: 1 });

/** What a call says, whose work is not to run. */
async function refusal(options: DynamoDBStoreOptions, key = "k1"): Promise<StoreUnavailableError> {
  const call = executeOnce(key, () => expect.unreachable(), {
    store: dynamoDBStore({ client, ...options }),
    operation: "pay",
    context: lambdaContext(5_000),
  });
  const error: unknown = await call.then(
    () => expect.unreachable(),
    (reason: unknown) => reason,
  );
  if (!isStoreUnavailableError(error)) throw error;
  return error;
}

type KeyPart = readonly [name: string, type: "S" | "N", role: "HASH" | "RANGE"];

async function tableWith(...keys: readonly KeyPart[]): Promise<string> {
  const TableName = `test-${randomUUID()}`;
  const input: CreateTableCommandInput = {
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: keys.map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    KeySchema: keys.map(([AttributeName, , KeyType]): KeySchemaElement => ({ AttributeName, KeyType })),
  };
  await client.send(new CreateTableCommand(input));
  return TableName;
}

test("a table that does not exist: named, with how to make it", async () => {
  const error = await refusal({ tableName: "no-such-table" });
  expect(error.message).toMatch(/`no-such-table`.*does not exist.*partition key `id` \(string\).*IDEMPOTENCY_TABLE/);
  expect(error.transient).toBe(false);
  expect(error.cause).toMatchObject({ name: "ResourceNotFoundException" });
});

describe("a table with another key schema: named, with the one it needs", () => {
  test.each<[string, readonly KeyPart[]]>([
    ["another name", [["pk", "S", "HASH"]]],
    [
      "a sort key",
      [
        ["id", "S", "HASH"],
        ["sk", "S", "RANGE"],
      ],
    ],
    ["a number as the key", [["id", "N", "HASH"]]],
  ])("%s", async (_name, keys) => {
    const tableName = await tableWith(...keys);
    const error = await refusal({ tableName });
    expect(error.message).toContain(`\`${tableName}\``);
    expect(error.message).toMatch(/key schema.*partition key `id` \(string\) and no sort key.*`attributeNames`/);
    expect(error.transient).toBe(false);
    await expect(dynamoDBStore({ client, tableName }).read("pay#1")).rejects.toThrow(/key schema/);
  });

  test("the error speaks of the names that are in use", async () => {
    const error = await refusal({ tableName: await tableWith(["id", "S", "HASH"]), attributeNames: { id: "pk" } });
    expect(error.message).toMatch(/partition key `pk`/);
  });
});

describe("an item that is not this library's: named, with what to do", () => {
  const strange: readonly [string, object][] = [
    ["nothing but the key", {}],
    ["a record of another library", { status: "COMPLETED", data: "x", expiration: 1 }],
    ["a status that there is not", { status: "DONE" }],
    ["a fence that is no number", { fence: "first" }],
    ["a completed record without a result", { status: "COMPLETED", completed_at: 1, result: undefined }],
    ["a record without an owner", { owner: undefined }],
  ];
  const whole = {
    status: "IN_PROGRESS",
    owner: "o",
    fence: 1,
    attempts: 1,
    lease_until: 1,
    expires_at: 9e9,
    created_at: 1,
  };

  test.each(strange)("%s", async (name, change) => {
    const tableName = await freshTable(client);
    const probe: string[] = [];
    await executeOnce("k1", () => 1, {
      store: dynamoDBStore({ client, tableName }),
      operation: "pay",
      onEvent: ({ id }) => void probe.push(String(id)),
    });
    const [id] = probe;
    const base = name === "nothing but the key" || name.includes("another library") ? {} : whole;
    const documents = DynamoDBDocumentClient.from(engineClient(), { marshallOptions: { removeUndefinedValues: true } });
    await documents.send(new PutCommand({ TableName: tableName, Item: { ...base, ...change, id } }));
    const error = await refusal({ tableName });
    expect(error.message).toContain(`\`${tableName}\``);
    expect(error.message).toContain(`\`${id}\``);
    expect(error.message).toMatch(/not a record that this version of lambda-once knows.*table of its own/);
    expect(error.transient).toBe(false);
    await expect(dynamoDBStore({ client, tableName }).read(String(id))).rejects.toThrow(
      /not a record that this version/,
    );
  });
});

describe("what no engine can be made to say", () => {
  const mocked = (): DynamoDBDocumentClient => DynamoDBDocumentClient.from(new DynamoDBClient({ region: "us-east-1" }));
  const denied = (action: string): Error =>
    Object.assign(new Error(`User: arn:aws:sts::1:assumed-role/f is not authorized to perform: ${action}`), {
      name: "AccessDeniedException",
    });

  test("access denied: the table, and what to allow", async () => {
    const own = mocked();
    const mock = mockClient(own);
    mock.on(PutItemCommand).rejects(denied("dynamodb:PutItem"));
    mock.on(GetItemCommand).rejects(denied("dynamodb:GetItem"));
    const error = await refusal({ client: own, tableName: "payments" });
    expect(error.message).toMatch(/`payments`.*access is denied.*dynamodb:PutItem and dynamodb:GetItem/);
    expect(error.transient).toBe(false);
    await expect(dynamoDBStore({ client: own, tableName: "payments" }).read("x")).rejects.toThrow(
      /this was dynamodb:GetItem/,
    );
  });

  test.each([
    ["ProvisionedThroughputExceededException", "ThrottlingException"],
    ["InternalServerError", "InternalServerError"],
  ])("%s passes by itself: the same request may succeed later", async (name) => {
    const own = mocked();
    mockClient(own)
      .on(PutItemCommand)
      .rejects(Object.assign(new Error("slow down"), { name }));
    const error = await refusal({ client: own, tableName: "payments" });
    expect(error.message).toMatch(new RegExp(`\`payments\`.*${name}: slow down`));
    expect(error.transient).toBe(true);
  });

  test.each([
    ["CredentialsProviderError", "Could not load credentials from any providers", /credentials/],
    ["UnrecognizedClientException", "The security token included in the request is invalid.", /credentials/],
    ["ExpiredTokenException", "The security token included in the request is expired", /credentials/],
    ["Error", "Region is missing", /AWS_REGION/],
  ])("%s, %s: says what to do", async (name, message, advice) => {
    const own = mocked();
    mockClient(own)
      .on(PutItemCommand)
      .rejects(Object.assign(new Error(message), { name }));
    const error = await refusal({ client: own, tableName: "payments" });
    expect(error.message).toMatch(advice);
    expect(error.message).toContain("`payments`");
    expect(error.transient).toBe(false);
  });

  test("an endpoint that says nothing of the old item: what it must support", async () => {
    const own = mocked();
    mockClient(own)
      .on(PutItemCommand)
      .rejects(Object.assign(new Error("The conditional request failed"), { name: "ConditionalCheckFailedException" }));
    expect((await refusal({ client: own, tableName: "payments" })).message).toMatch(
      /ReturnValuesOnConditionCheckFailure/,
    );
  });
});

test("no table name: found when the store is made", () => {
  vi.stubEnv("IDEMPOTENCY_TABLE", undefined);
  expect(() => dynamoDBStore({ client })).toThrow(/`tableName` is missing.*IDEMPOTENCY_TABLE/);
  vi.stubEnv("IDEMPOTENCY_TABLE", "no-such-table-either");
  expect(() => dynamoDBStore({ client })).not.toThrow();
  vi.unstubAllEnvs();
});

test("the table's name is read from IDEMPOTENCY_TABLE when the store is made", async () => {
  const tableName = await freshTable(client);
  vi.stubEnv("IDEMPOTENCY_TABLE", tableName);
  const store = dynamoDBStore({ client });
  vi.unstubAllEnvs();
  expect(await executeOnce("k", () => 1, { store, operation: "pay" })).toEqual({ value: 1, replayed: false });
  expect(await executeOnce("k", () => 2, { store, operation: "pay" })).toEqual({ value: 1, replayed: true });
});
