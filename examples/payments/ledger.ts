// Why: the truth that a demo or a test can check. It only ever grows: an entry for each run of the handler and one for
// each charge. A charge is one conditional put under the provider's idempotency key, so a repeated key adds nothing.

import { randomUUID } from "node:crypto";
import { ConditionalCheckFailedException, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, PutCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";
import type { Charge } from "./provider.ts";

export interface LedgerEntry {
  readonly kind: "run" | "charge";
  readonly at: string;
  readonly attempt?: number;
  readonly chargeId?: string;
  readonly amount?: number;
  readonly currency?: string;
}

const client = DynamoDBDocumentClient.from(new DynamoDBClient());
const TableName = process.env["LEDGER_TABLE"];

export async function recordRun(orderId: string, attempt: number): Promise<void> {
  const entry: LedgerEntry = { kind: "run", at: new Date().toISOString(), attempt };
  await client.send(new PutCommand({ TableName, Item: { order_id: orderId, entry: `run#${randomUUID()}`, ...entry } }));
}

export async function recordCharge({ orderId, ...charge }: Charge, idempotencyKey: string): Promise<void> {
  const entry: LedgerEntry = { kind: "charge", at: new Date().toISOString(), ...charge };
  const put = new PutCommand({
    TableName,
    Item: { order_id: orderId, entry: `charge#${idempotencyKey}`, ...entry },
    ConditionExpression: "attribute_not_exists(entry)",
  });
  await client.send(put).catch((error: unknown) => {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  });
}

/** The entries of an order, oldest first. */
export async function readEntries(orderId: string): Promise<LedgerEntry[]> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: "order_id = :order",
      ExpressionAttributeValues: { ":order": orderId },
      ConsistentRead: true,
    }),
  );
  return Items.map(({ order_id: _order, entry: _entry, ...entry }) => entry as LedgerEntry).sort((a, b) =>
    a.at.localeCompare(b.at),
  );
}
