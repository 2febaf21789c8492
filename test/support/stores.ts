/** Every store of the package, for suites that all of them must pass. */
import { describe, inject } from "vitest";
import type { Store } from "../../src/store.ts";
import { dynamoDBStore } from "../../src/stores/dynamodb.ts";
import { leanDynamoDBStore } from "../../src/stores/lean.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { engineClient, freshTable } from "./dynamodb.ts";

export const STORES: Readonly<Record<string, () => Promise<Store>>> = {
  memoryStore: async () => memoryStore(),
  dynamoDBStore: async () => {
    const client = engineClient();
    return dynamoDBStore({ tableName: await freshTable(client), client });
  },
  leanDynamoDBStore: async () =>
    leanDynamoDBStore({ tableName: await freshTable(), endpoint: inject("dynamoDB").endpoint, region: "us-east-1" }),
};

/** Runs a suite once for each store. */
export function onEveryStore(suite: (makeStore: () => Promise<Store>) => void): void {
  for (const [name, makeStore] of Object.entries(STORES)) describe(`on ${name}`, () => suite(makeStore));
}
