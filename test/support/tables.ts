/** A table that several processes share, that TTL may delete from at any moment, and into which a test can put a past. */
import { DeleteItemCommand } from "@aws-sdk/client-dynamodb";
import { describe } from "vitest";
import type { CompletedRecord, InProgressRecord, ReleasedRecord, StoredRecord } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { dynamoDBStore } from "../../src/stores/dynamodb.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { engineClient, freshTable } from "./dynamodb.ts";

export interface Table {
  readonly store: Store;
  /** The same table, from a process that shares nothing else with this one. */
  readonly anotherProcess: () => Store;
  /** As TTL does, or a person. */
  readonly remove: (id: string) => Promise<void>;
}

/** Runs a suite once over memory and once over DynamoDB. */
export function onEveryTable(suite: (makeTable: () => Promise<Table>) => void): void {
  describe("on memoryStore", () => suite(async () => memoryTable()));
  describe("on dynamoDBStore", () => suite(dynamoDBTable));
}

export async function dynamoDBTable(): Promise<Table> {
  const client = engineClient();
  const tableName = await freshTable(client);
  return {
    store: dynamoDBStore({ tableName, client }),
    anotherProcess: () => dynamoDBStore({ tableName, client: engineClient() }),
    remove: async (id) =>
      void (await client.send(new DeleteItemCommand({ TableName: tableName, Key: { id: { S: id } } }))),
  };
}

/** The memory store has no way to delete: here an id that was removed means another record from then on. */
export function memoryTable(): Table {
  const inner = memoryStore();
  const lives = new Map<string, number>();
  const suffix = (id: string): string => `~${lives.get(id) ?? 0}`;
  const into = <R extends { readonly id: string }>(record: R): R => ({ ...record, id: record.id + suffix(record.id) });
  const back = <R extends StoredRecord | undefined>(record: R): R =>
    record && { ...record, id: record.id.replace(/~\d+$/, "") };
  const store: Store = {
    ...inner,
    async insert(record) {
      const answer = await inner.insert(into(record));
      return answer.ok ? answer : { ok: false, seen: back(answer.seen) };
    },
    async swap(seen, next) {
      const answer = await inner.swap(into(seen), into(next));
      return answer.ok ? answer : { ok: false, seen: back(answer.seen) };
    },
    read: async (id) => back(await inner.read(id + suffix(id))),
  };
  return {
    store,
    anotherProcess: () => ({ ...store }),
    remove: async (id) => void lives.set(id, (lives.get(id) ?? 0) + 1),
  };
}

/** Puts a record there as if the past had left it. */
export async function plant(store: Store, record: StoredRecord): Promise<void> {
  const { id, owner, fence, attempts, leaseUntil, expiresAt, payloadHash, createdAt } = record;
  const claim: InProgressRecord = {
    id,
    status: "IN_PROGRESS",
    owner,
    fence,
    attempts,
    leaseUntil,
    expiresAt,
    createdAt,
    ...(payloadHash === undefined ? {} : { payloadHash }),
  };
  await store.insert(claim);
  if (record.status !== "IN_PROGRESS") await store.swap(claim, record);
}

type Common = Omit<InProgressRecord, "status" | "id">;

/** A past of one record: claimed at 1 000 000 000 000 for 30 s, by an owner who is no more. */
const PAST: Common = {
  owner: "owner-of-the-past",
  fence: 1_000_000_000_000,
  attempts: 3,
  leaseUntil: 1_000_000_030_000,
  expiresAt: 1_000_086_431,
  createdAt: 1_000_000_000_000,
};

export const inProgress = (id: string, change: Partial<Common> = {}): InProgressRecord => ({
  ...PAST,
  ...change,
  id,
  status: "IN_PROGRESS",
});

export const completedWith = (id: string, result: string, change: Partial<Common> = {}): CompletedRecord => ({
  ...PAST,
  ...change,
  id,
  status: "COMPLETED",
  result,
  completedAt: 1_000_000_000_500,
});

export const releasedOne = (id: string, change: Partial<Common> = {}): ReleasedRecord => ({
  ...PAST,
  ...change,
  id,
  status: "RELEASED",
});
