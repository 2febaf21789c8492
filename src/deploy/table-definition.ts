/**
 * What every way of deploying must agree on: the table's key and TTL attribute, the actions that the store uses, and the
 * names by which functions and alarms find them. The attribute names are the store's own, so they cannot drift from it.
 */
import { attributeNames } from "../stores/dynamodb-item.ts";

const names = attributeNames();

/** The table's only key attribute, a string. */
export const partitionKey: string = names.id;

/** Epoch seconds: DynamoDB deletes an item some time after it. */
export const ttlAttribute: string = names.expires_at;

/** All that the store asks of a table. */
export const tableActions: readonly string[] = ["dynamodb:PutItem", "dynamodb:GetItem"];

/** Where `dynamoDBStore()` finds the table's name when it is given none. */
export const tableVariable = "IDEMPOTENCY_TABLE";

/** What the metrics of docs/observability.md are called. Alarms and dashboards watch these. */
export const metricNamespace = "LambdaOnce";
export const metricDimension = "service";
/** The events that are counted, which are also the metrics' names. */
export const countedEvents: readonly string[] = [
  "replayed",
  "rejected",
  "mismatch",
  "takenOver",
  "parked",
  "ownershipLost",
  "completionFailed",
  "unprotected",
];
