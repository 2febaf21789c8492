/** The DynamoDB store on the AWS SDK's client: the default. */
import {
  type ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  type GetItemCommandOutput,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { InvalidOptionsError } from "../errors.ts";
import type { Store } from "../store.ts";
import type { AttributeNames, Item } from "./dynamodb-item.ts";
import { checkedTableName, ITEM_STORE_OPTIONS, type ItemStoreOptions, itemStore } from "./dynamodb-store.ts";
import type { ItemClient } from "./item-client.ts";

export type { AttributeNames };

/** What a `DynamoDBDocumentClient` of `@aws-sdk/lib-dynamodb` is to this store: it sends the plain commands as well. */
export interface CommandSender {
  send(command: never): Promise<unknown>;
}

export interface DynamoDBStoreOptions extends ItemStoreOptions {
  /**
   * A client of your own, a `DynamoDBClient` or a `DynamoDBDocumentClient`. Default: one made for this store, which keeps
   * its connections open, takes 1 s at most to connect and 3 s for a request, and retries as the SDK does.
   */
  readonly client?: DynamoDBClient | CommandSender;
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
  const { client = new DynamoDBClient({ requestHandler: TIMEOUTS }) } = options;
  if (typeof (client as { send?: unknown } | null)?.send !== "function") {
    throw new InvalidOptionsError("dynamoDBStore: `client` must be a DynamoDBClient or a DynamoDBDocumentClient.");
  }
  return itemStore(sdkClient(client), tableName, options);
}

function sdkClient(client: CommandSender): ItemClient {
  const send = (command: PutItemCommand | GetItemCommand): Promise<unknown> => client.send(command as never);
  return {
    async put(TableName, item, condition) {
      const Item = item as SdkItem;
      const conditional = condition && { ...condition, ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const };
      try {
        await send(new PutItemCommand({ TableName, Item, ...(conditional as object) }));
        return { ok: true };
      } catch (error) {
        if (!isRefusal(error)) throw error;
        return { ok: false, item: error.Item as Item | undefined };
      }
    },
    async get(TableName, key) {
      const answer = await send(new GetItemCommand({ TableName, Key: key as SdkItem, ConsistentRead: true }));
      return (answer as GetItemCommandOutput).Item as Item | undefined;
    },
  };
}

/** The SDK has a type for each kind of attribute. */
type SdkItem = NonNullable<GetItemCommandOutput["Item"]>;

function isRefusal(error: unknown): error is ConditionalCheckFailedException {
  return error instanceof Error && error.name === "ConditionalCheckFailedException";
}
