/** What a store on a DynamoDB table asks of a client: the port between it and the AWS SDK, or the lean client. */
import type { Item } from "./dynamodb-item.ts";

/** Both reject with an error whose `name` is DynamoDB's, such as `AccessDeniedException`. */
export interface ItemClient {
  /** One `PutItem` with `ReturnValuesOnConditionCheckFailure: ALL_OLD`; where a condition fails, what stands there. */
  readonly put: (tableName: string, item: Item, condition?: Condition) => Promise<PutAnswer>;
  /** One `GetItem` with `ConsistentRead`. */
  readonly get: (tableName: string, key: Item) => Promise<Item | undefined>;
}

export type PutAnswer = { readonly ok: true } | { readonly ok: false; readonly item: Item | undefined };

export interface Condition {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: Item;
}
