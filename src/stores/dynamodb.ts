/**
 * Records in a DynamoDB table, one item each, on the AWS SDK's document client.
 *
 * Each verb is one request: two conditional puts and a strongly consistent read. A function needs `dynamodb:PutItem` and
 * `dynamodb:GetItem` on the table. Upholds G1 to G4 with the conditions below.
 */
import { type ConditionalCheckFailedException, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  type PutCommandInput,
  type TranslateConfig,
} from "@aws-sdk/lib-dynamodb";
import type { RecordVersion, StoredRecord } from "../core/record.ts";
import { InvalidOptionsError } from "../errors.ts";
import type { Store, SwapResult } from "../store.ts";
import { explain, withoutOldItem } from "./dynamodb-errors.ts";
import { type AttributeNames, attributeNames, fromItem, plain, type Table, toItem } from "./dynamodb-item.ts";

export type { AttributeNames };

export interface DynamoDBStoreOptions {
  /** The table's name or ARN. Default: the environment variable `IDEMPOTENCY_TABLE`. */
  readonly tableName?: string;
  /**
   * A client of your own. Default: one made for this store, which keeps its connections open, takes 1 s at most to
   * connect and 3 s for a request, and retries as the SDK does.
   */
  readonly client?: DynamoDBClient | DynamoDBDocumentClient;
  /** Other names for the item's attributes, by their default names, such as `{ id: "pk", expires_at: "ttl" }`. */
  readonly attributeNames?: Partial<AttributeNames>;
}

/** DynamoDB's item limit of 400 KB, less what a record holds besides its result. */
const MAX_RESULT_BYTES = 400 * 1_024 - 2_048;

const TIMEOUTS = { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true } as const;

/**
 * A store on a DynamoDB table: partition key `id` (string), no sort key, TTL on `expires_at`.
 *
 * @throws InvalidOptionsError at once when there is no table name or an option is wrong. A missing table, another key
 *   schema or denied access is found by the first call: a `StoreUnavailableError` that names the table and what to do.
 */
export function dynamoDBStore(options: DynamoDBStoreOptions = {}): Store {
  checkStoreOptions(options);
  const tableName = options.tableName ?? process.env["IDEMPOTENCY_TABLE"];
  const names = attributeNames(options.attributeNames);
  const documents = documentClient(options.client);
  const put = { TableName: tableName, ReturnValuesOnConditionCheckFailure: "ALL_OLD" } as const;
  const table: Table = { name: String(tableName), names };

  /** A conditional put. Where the condition does not hold, `seen` is what stands there. */
  async function putIf(record: StoredRecord, condition: Condition): Promise<SwapResult> {
    try {
      await documents.send(new PutCommand({ ...put, ...condition, Item: toItem(record, names) }));
      return { ok: true };
    } catch (error) {
      if (!isRefusal(error)) throw explain(error, table, "dynamodb:PutItem");
      return { ok: false, seen: error.Item && fromItem(plain(error.Item), table) };
    }
  }

  return {
    maxResultBytes: MAX_RESULT_BYTES,
    async insert(record) {
      const answer = await putIf(record, absent(names));
      if (answer.ok) return answer;
      if (answer.seen === undefined) throw withoutOldItem(table);
      return { ok: false, seen: answer.seen };
    },
    swap: (seen, next) => putIf(next, version(seen, names)),
    async read(id) {
      try {
        const { Item } = await documents.send(
          new GetCommand({ TableName: tableName, Key: { [names.id]: id }, ConsistentRead: true }),
        );
        return Item && fromItem(Item, table);
      } catch (error) {
        throw explain(error, table, "dynamodb:GetItem");
      }
    },
  };
}

type Condition = Pick<
  PutCommandInput,
  "ConditionExpression" | "ExpressionAttributeNames" | "ExpressionAttributeValues"
>;

/** The condition of `insert`. */
function absent(names: AttributeNames): Condition {
  return { ConditionExpression: "attribute_not_exists(#id)", ExpressionAttributeNames: { "#id": names.id } };
}

/** The condition of `swap`: exactly the version that was seen. */
function version(seen: RecordVersion, names: AttributeNames): Condition {
  return {
    ConditionExpression: "#status = :status AND #owner = :owner AND #fence = :fence",
    ExpressionAttributeNames: { "#status": names.status, "#owner": names.owner, "#fence": names.fence },
    ExpressionAttributeValues: { ":status": seen.status, ":owner": seen.owner, ":fence": seen.fence },
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

const OPTIONS: readonly string[] = ["tableName", "client", "attributeNames"];

function checkStoreOptions(options: DynamoDBStoreOptions): void {
  const fail = (what: string): never => {
    throw new InvalidOptionsError(`dynamoDBStore: ${what}.`);
  };
  if (typeof options !== "object" || options === null) fail("the options must be an object such as `{ tableName }`");
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name)) fail(`unknown option \`${name}\`; allowed are ${OPTIONS.join(", ")}`);
  }
  const tableName: unknown = options.tableName ?? process.env["IDEMPOTENCY_TABLE"];
  if (tableName === undefined || tableName === "") {
    fail("`tableName` is missing: give the table's name, or set the environment variable IDEMPOTENCY_TABLE");
  }
  if (typeof tableName !== "string" || !/^[\w.:/-]{3,1024}$/.test(tableName)) {
    fail(
      `\`tableName\` must be the name or ARN of a table (letters, digits, "_", "-" and ".", 3 or more), not ${JSON.stringify(tableName)}`,
    );
  }
  if (options.client !== undefined && typeof (options.client as { send?: unknown } | null)?.send !== "function") {
    fail("`client` must be a DynamoDBClient or a DynamoDBDocumentClient");
  }
}
