/** The DynamoDB store on the AWS SDK's document client: the default. */
import { type AttributeValue, type ConditionalCheckFailedException, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand, type TranslateConfig } from "@aws-sdk/lib-dynamodb";
import { InvalidOptionsError } from "../errors.ts";
import type { Store } from "../store.ts";
import type { AttributeNames, Item } from "./dynamodb-item.ts";
import { checkedTableName, ITEM_STORE_OPTIONS, type ItemStoreOptions, itemStore } from "./dynamodb-store.ts";
import type { ItemClient } from "./item-client.ts";

export type { AttributeNames };

export interface DynamoDBStoreOptions extends ItemStoreOptions {
  /**
   * A client of your own. Default: one made for this store, which keeps its connections open, takes 1 s at most to
   * connect and 3 s for a request, and retries as the SDK does.
   */
  readonly client?: DynamoDBClient | DynamoDBDocumentClient;
}

const TIMEOUTS = { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true } as const;

/**
 * A store on a DynamoDB table: partition key `id` (string), no sort key, TTL on `expires_at`.
 *
 * @throws InvalidOptionsError at once when there is no table name or an option is wrong. A missing table, another key
 *   schema or denied access is found by the first call: a `StoreUnavailableError` that names the table and what to do.
 */
export function dynamoDBStore(options: DynamoDBStoreOptions = {}): Store {
  const tableName = checkedTableName("dynamoDBStore", options, [...ITEM_STORE_OPTIONS, "client"]);
  const { client } = options;
  if (client !== undefined && typeof (client as { send?: unknown } | null)?.send !== "function") {
    throw new InvalidOptionsError("dynamoDBStore: `client` must be a DynamoDBClient or a DynamoDBDocumentClient.");
  }
  return itemStore(sdkClient(documentClient(client)), tableName, options);
}

function sdkClient(documents: DynamoDBDocumentClient): ItemClient {
  return {
    async put(TableName, Item, condition) {
      const returned = condition && ({ ReturnValuesOnConditionCheckFailure: "ALL_OLD" } as const);
      try {
        await documents.send(new PutCommand({ TableName, Item, ...condition, ...returned }));
        return { ok: true };
      } catch (error) {
        if (!isRefusal(error)) throw error;
        return { ok: false, item: error.Item && plain(error.Item) };
      }
    },
    async get(TableName, Key) {
      const { Item } = await documents.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
      return Item;
    },
  };
}

/**
 * A client that is given keeps its settings. One document client sets the translation of all that share its client:
 * what is set there already stays.
 */
function documentClient(client: DynamoDBStoreOptions["client"]): DynamoDBDocumentClient {
  if (client instanceof DynamoDBDocumentClient || isDocumentClient(client)) return client;
  const base = client ?? new DynamoDBClient({ requestHandler: TIMEOUTS });
  const config = base.config as { translateConfig?: TranslateConfig };
  return DynamoDBDocumentClient.from(base, config.translateConfig);
}

/** Also one of another copy of the SDK. */
function isDocumentClient(client: DynamoDBStoreOptions["client"]): client is DynamoDBDocumentClient {
  return client?.constructor.name === "DynamoDBDocumentClient";
}

function isRefusal(error: unknown): error is ConditionalCheckFailedException {
  return error instanceof Error && error.name === "ConditionalCheckFailedException";
}

/** The item of an exception: the document client translates answers, not exceptions. */
function plain(item: Readonly<Record<string, AttributeValue>>): Item {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value.S ?? value.N ?? value.B]));
}
