/** lambda-once on the AWS SDK. */
import { idempotentHttp } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { type HttpHandler, respond } from "./work.ts";

export { observed } from "./work.ts";

export const handler: HttpHandler = idempotentHttp(respond, {
  store: dynamoDBStore(),
  operation: "bench",
  requireKey: true,
});
