/** Powertools for AWS Lambda, with payload validation. Key and payload are the cheapest expressions that select them. */
import { IdempotencyConfig, makeIdempotent } from "@aws-lambda-powertools/idempotency";
import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import { type HttpHandler, respond } from "./work.ts";

export { observed } from "./work.ts";

const config = new IdempotencyConfig({
  eventKeyJmesPath: 'headers."idempotency-key"',
  payloadValidationJmesPath: "body",
  throwOnNoIdempotencyKey: true,
  useLocalCache: process.env["BENCH_CACHE"] === "on",
});

export const handler: HttpHandler = makeIdempotent(
  async (event: APIGatewayProxyEventV2, _context: Context) => respond(event),
  {
    persistenceStore: new DynamoDBPersistenceLayer({ tableName: process.env["IDEMPOTENCY_TABLE"] ?? "" }),
    config,
  },
);
