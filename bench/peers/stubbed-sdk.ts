/** lambda-once on a stub of the SDK's client. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { idempotentHttp } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { answer, type Write } from "./stub-table.ts";
import { type HttpHandler, respond } from "./work.ts";

export { observed } from "./work.ts";

const client = new DynamoDBClient({});
client.send = (({ input }: { readonly input: Write }) => answer(input)) as never;

export const handler: HttpHandler = idempotentHttp(respond, {
  store: dynamoDBStore({ client }),
  operation: "bench",
  requireKey: true,
  ...(process.env["BENCH_VALIDATION"] === "off" ? { fingerprint: false } : {}),
});
