/** Powertools on a stub of the SDK's client. */
import { IdempotencyConfig, makeIdempotent } from "@aws-lambda-powertools/idempotency";
import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import { answer, type Write } from "./stub-table.ts";
import { type HttpHandler, respond } from "./work.ts";

export { observed } from "./work.ts";

const client = new DynamoDBClient({});
client.send = (({ input }: { readonly input: Write }) => answer(input)) as never;

const config = new IdempotencyConfig({
  eventKeyJmesPath: 'headers."idempotency-key"',
  throwOnNoIdempotencyKey: true,
  ...(process.env["BENCH_VALIDATION"] === "off" ? {} : { payloadValidationJmesPath: "body" }),
});

export const handler: HttpHandler = makeIdempotent(
  async (event: APIGatewayProxyEventV2, _context: Context) => respond(event),
  {
    persistenceStore: new DynamoDBPersistenceLayer({ tableName: "bench", awsSdkV3Client: client }),
    config,
  },
);
