/**
 * The DynamoDB store without the AWS SDK: signed requests over node:https. The same items, conditions and errors; a cold
 * start without the SDK's code to load.
 */
import { InvalidOptionsError } from "../errors.ts";
import type { Store } from "../store.ts";
import type { AttributeNames, Item } from "./dynamodb-item.ts";
import { checkedTableName, ITEM_STORE_OPTIONS, type ItemStoreOptions, itemStore } from "./dynamodb-store.ts";
import type { ItemClient } from "./item-client.ts";
import { fromJson, toJson } from "./lean/attribute-values.ts";
import {
  type CredentialProvider,
  type ExpiringCredentials,
  environmentCredentials,
  remembering,
} from "./lean/credentials.ts";
import { type EndpointOptions, placeOf } from "./lean/endpoint.ts";
import { isServiceError, type Send, sender } from "./lean/requests.ts";

export type { AttributeNames, CredentialProvider, ExpiringCredentials };

export interface LeanDynamoDBStoreOptions extends ItemStoreOptions, EndpointOptions {
  /** Default: the environment's keys, read for each request, else the container endpoint's. */
  readonly credentials?: CredentialProvider;
  /** Tries in all, with pauses between them, on throttles, 5xx and network errors. Default: 4. */
  readonly maxAttempts?: number;
  /** Default: 1 000. */
  readonly connectionTimeoutMs?: number;
  /** From sending a request to its whole answer. Default: 3 000. */
  readonly requestTimeoutMs?: number;
}

const OPTIONS: readonly (keyof LeanDynamoDBStoreOptions)[] = [
  ...ITEM_STORE_OPTIONS,
  "region",
  "endpoint",
  "useFipsEndpoint",
  "useDualstackEndpoint",
  "credentials",
  "maxAttempts",
  "connectionTimeoutMs",
  "requestTimeoutMs",
];

/**
 * A store on a DynamoDB table as `dynamoDBStore` makes it, without the AWS SDK.
 *
 * @throws InvalidOptionsError at once when there is no table name or Region, or an option is wrong.
 */
export function leanDynamoDBStore(options: LeanDynamoDBStoreOptions = {}): Store {
  const tableName = checkedTableName("leanDynamoDBStore", options, OPTIONS);
  const { credentials } = options;
  if (credentials !== undefined && typeof credentials !== "function") {
    throw new InvalidOptionsError(
      "leanDynamoDBStore: `credentials` must be a function that gives a promise of credentials.",
    );
  }
  const send = sender({
    place: placeOf(options, process.env),
    credentials: credentials === undefined ? environmentCredentials() : remembering(credentials),
    maxAttempts: positive("maxAttempts", options.maxAttempts ?? 4),
    connectionTimeoutMs: positive("connectionTimeoutMs", options.connectionTimeoutMs ?? 1_000),
    requestTimeoutMs: positive("requestTimeoutMs", options.requestTimeoutMs ?? 3_000),
  });
  return itemStore(leanClient(send), tableName, options);
}

function positive(name: string, value: unknown): number {
  if (Number.isSafeInteger(value) && Number(value) > 0) return Number(value);
  throw new InvalidOptionsError(
    `leanDynamoDBStore: \`${name}\` must be a whole number above 0, not ${JSON.stringify(value)}.`,
  );
}

function leanClient(send: Send): ItemClient {
  return {
    async put(TableName, item, condition) {
      try {
        await send("PutItem", { TableName, Item: toJson(item), ...(condition && { ...condition, ...ALL_OLD }) });
        return { ok: true };
      } catch (error) {
        if (!(error instanceof Error && isServiceError(error) && error.name === "ConditionalCheckFailedException"))
          throw error;
        return { ok: false, item: itemOf(error.answer["Item"]) };
      }
    },
    async get(TableName, key) {
      const answer = await send("GetItem", { TableName, Key: key, ConsistentRead: true });
      return itemOf(answer["Item"]);
    },
  };
}

/** Where a condition fails, the answer says what stands there. */
const ALL_OLD = { ReturnValuesOnConditionCheckFailure: "ALL_OLD" };

function itemOf(json: unknown): Item | undefined {
  return json === undefined || json === null ? undefined : fromJson(json as Parameters<typeof fromJson>[0]);
}
