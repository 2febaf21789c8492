// Why: the truth that a demo or a test can check: for each order every run of a handler and every effect, in the order in
// which they happened. It stands for a warehouse that honours idempotency keys: one key, one effect, whoever asks again.

import { ConditionalCheckFailedException, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, UpdateCommand } from "@aws-sdk/lib-dynamodb";

/** One item an order. Both lists only ever grow, each by one atomic update. */
export interface OrderHistory {
  readonly runs?: readonly { readonly step: string; readonly attempt: number; readonly fence: number }[];
  readonly effects?: readonly { readonly step: string; readonly at: string }[];
}

const client = DynamoDBDocumentClient.from(new DynamoDBClient());
const TableName = process.env["LEDGER_TABLE"];
const history = (orderId: string) => ({ order_id: orderId, entry: "history" });

export async function recordRun(orderId: string, step: string, attempt: number, fence: number): Promise<void> {
  await client.send(
    new UpdateCommand({
      TableName,
      Key: history(orderId),
      UpdateExpression: "SET runs = list_append(if_not_exists(runs, :none), :run)",
      ExpressionAttributeValues: { ":none": [], ":run": [{ step, attempt, fence }] },
    }),
  );
}

export async function recordEffect(orderId: string, step: string, idempotencyKey: string): Promise<void> {
  const update = new UpdateCommand({
    TableName,
    Key: history(orderId),
    UpdateExpression: "SET effects = list_append(if_not_exists(effects, :none), :effect) ADD effect_keys :keys",
    ConditionExpression: "NOT contains(effect_keys, :key)",
    ExpressionAttributeValues: {
      ":none": [],
      ":effect": [{ step, at: new Date().toISOString() }],
      ":key": idempotencyKey,
      ":keys": new Set([idempotencyKey]),
    },
  });
  await client.send(update).catch((error: unknown) => {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  });
}
