/**
 * Records in a DynamoDB table, one item each, over whatever client can put and get an item.
 *
 * Each verb is one request: two conditional puts and a strongly consistent read. A function needs `dynamodb:PutItem` and
 * `dynamodb:GetItem` on the table. Upholds G1 to G4 with the conditions below.
 */
import type { RecordVersion, StoredRecord } from "../core/record.ts";
import { InvalidOptionsError } from "../errors.ts";
import type { Store, SwapResult } from "../store.ts";
import { explain, withoutOldItem } from "./dynamodb-errors.ts";
import { type AttributeNames, attributeNames, fromItem, type Table, toItem } from "./dynamodb-item.ts";
import {
  bodiesOf,
  COMPRESS_ABOVE,
  checkResultOptions,
  MAX_RESULT_BYTES,
  type ResultOptions,
} from "./dynamodb-results.ts";
import type { Condition, ItemClient } from "./item-client.ts";

/** What every store on a DynamoDB table lets be set. */
export interface ItemStoreOptions extends ResultOptions {
  /** The table's name or ARN. Default: the environment variable `IDEMPOTENCY_TABLE`. */
  readonly tableName?: string;
  /** Other names for the item's attributes, by their default names, such as `{ id: "pk", expires_at: "ttl" }`. */
  readonly attributeNames?: Partial<AttributeNames>;
}

export const ITEM_STORE_OPTIONS: readonly (keyof ItemStoreOptions)[] = [
  "tableName",
  "attributeNames",
  "inlineLimit",
  "compressAbove",
  "largeResults",
];

export function itemStore(client: ItemClient, tableName: string, options: ItemStoreOptions): Store {
  const names = attributeNames(options.attributeNames);
  const table: Table = { name: tableName, names };

  async function putIf(record: StoredRecord, condition: Condition): Promise<SwapResult> {
    try {
      const answer = await client.put(tableName, toItem(record, names), condition);
      return answer.ok ? answer : { ok: false, seen: answer.item && fromItem(answer.item, table) };
    } catch (error) {
      throw explain(error, table, "dynamodb:PutItem");
    }
  }

  return {
    maxResultBytes: MAX_RESULT_BYTES,
    compressAbove: options.compressAbove ?? COMPRESS_ABOVE,
    bodies: bodiesOf(client, table, options),
    async insert(record) {
      const answer = await putIf(record, absent(names));
      if (answer.ok) return answer;
      if (answer.seen === undefined) throw withoutOldItem(table);
      return { ok: false, seen: answer.seen };
    },
    swap: (seen, next) => putIf(next, version(seen, names)),
    async read(id) {
      try {
        const item = await client.get(tableName, { [names.id]: { S: id } });
        return item && fromItem(item, table);
      } catch (error) {
        throw explain(error, table, "dynamodb:GetItem");
      }
    },
  };
}

/** The condition of `insert`. */
function absent(names: AttributeNames): Condition {
  return { ConditionExpression: "attribute_not_exists(#id)", ExpressionAttributeNames: { "#id": names.id } };
}

/** The condition of `swap`: exactly the version that was seen. */
function version(seen: RecordVersion, names: AttributeNames): Condition {
  return {
    ConditionExpression: "#status = :status AND #owner = :owner AND #fence = :fence",
    ExpressionAttributeNames: { "#status": names.status, "#owner": names.owner, "#fence": names.fence },
    ExpressionAttributeValues: {
      ":status": { S: seen.status },
      ":owner": { S: seen.owner },
      ":fence": { N: `${seen.fence}` },
    },
  };
}

/** The table that an option or the environment names. Throws an {@link InvalidOptionsError} for wrong options. */
export function checkedTableName(maker: string, options: ItemStoreOptions, allowed: readonly string[]): string {
  const fail = (what: string): InvalidOptionsError => new InvalidOptionsError(`${maker}: ${what}.`);
  if (typeof options !== "object" || options === null)
    throw fail("the options must be an object such as `{ tableName }`");
  for (const name of Object.keys(options)) {
    if (!allowed.includes(name)) throw fail(`unknown option \`${name}\`; allowed are ${allowed.join(", ")}`);
  }
  checkResultOptions(maker, options);
  const tableName: unknown = options.tableName ?? process.env["IDEMPOTENCY_TABLE"];
  if (tableName === undefined || tableName === "") {
    throw fail("`tableName` is missing: give the table's name, or set the environment variable IDEMPOTENCY_TABLE");
  }
  if (typeof tableName !== "string" || !/^[\w.:/-]{3,1024}$/.test(tableName)) {
    const shown = JSON.stringify(tableName);
    throw fail(
      `\`tableName\` must be the name or ARN of a table (letters, digits, "_", "-" and ".", 3 or more), not ${shown}`,
    );
  }
  return tableName;
}
