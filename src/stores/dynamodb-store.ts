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
import { type AttributeNames, attributeNames, fromItem, type Item, type Table, toItem } from "./dynamodb-item.ts";

/** What the store asks of a client. Both reject with an error whose `name` is DynamoDB's, such as `AccessDeniedException`. */
export interface ItemClient {
  /** One `PutItem` with `ReturnValuesOnConditionCheckFailure: ALL_OLD`; where the condition fails, what stands there. */
  readonly put: (tableName: string, item: Item, condition: Condition) => Promise<PutAnswer>;
  /** One `GetItem` with `ConsistentRead`. */
  readonly get: (tableName: string, key: Item) => Promise<Item | undefined>;
}

export type PutAnswer = { readonly ok: true } | { readonly ok: false; readonly item: Item | undefined };

export interface Condition {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, string | number>;
}

/** DynamoDB's item limit of 400 KB, less what a record holds besides its result. */
const MAX_RESULT_BYTES = 400 * 1_024 - 2_048;

export function itemStore(client: ItemClient, tableName: string, renamed: Partial<AttributeNames> | undefined): Store {
  const names = attributeNames(renamed);
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
    async insert(record) {
      const answer = await putIf(record, absent(names));
      if (answer.ok) return answer;
      if (answer.seen === undefined) throw withoutOldItem(table);
      return { ok: false, seen: answer.seen };
    },
    swap: (seen, next) => putIf(next, version(seen, names)),
    async read(id) {
      try {
        const item = await client.get(tableName, { [names.id]: id });
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
    ExpressionAttributeValues: { ":status": seen.status, ":owner": seen.owner, ":fence": seen.fence },
  };
}

/** The table that an option or the environment names. Throws an {@link InvalidOptionsError} for wrong options. */
export function checkedTableName(
  maker: string,
  options: { readonly tableName?: unknown },
  allowed: readonly string[],
): string {
  const fail = (what: string): InvalidOptionsError => new InvalidOptionsError(`${maker}: ${what}.`);
  if (typeof options !== "object" || options === null)
    throw fail("the options must be an object such as `{ tableName }`");
  for (const name of Object.keys(options)) {
    if (!allowed.includes(name)) throw fail(`unknown option \`${name}\`; allowed are ${allowed.join(", ")}`);
  }
  const tableName = options.tableName ?? process.env["IDEMPOTENCY_TABLE"];
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
