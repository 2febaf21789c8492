/**
 * lambda-once on a stub of the document client. The stub translates items to attribute values as the real one does, since
 * Powertools does so itself: both sides are measured with that work. It can also take items as they are.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { idempotentHttp } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { answer } from "./stub-table.ts";
import { type HttpHandler, respond } from "./work.ts";

export { observed } from "./work.ts";

interface DocumentWrite {
  readonly input: { readonly Item: object; readonly ExpressionAttributeValues?: object };
}

const translates = process.env["BENCH_TRANSLATION"] !== "off";
const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));

client.send = (({ input }: DocumentWrite) => {
  if (!translates) return answer(input);
  const { Item, ExpressionAttributeValues: values } = input;
  if (values !== undefined) marshall(values);
  return answer({ Item: marshall(Item) });
}) as never;

export const handler: HttpHandler = idempotentHttp(respond, {
  store: dynamoDBStore({ client }),
  operation: "bench",
  requireKey: true,
  ...(process.env["BENCH_VALIDATION"] === "off" ? { fingerprint: false } : {}),
});
