/** lambda-once on its own client. */
import { idempotentHttp } from "lambda-once";
import { leanDynamoDBStore } from "lambda-once/lean";
import { cacheOption } from "./cache-option.ts";
import { type HttpHandler, respond } from "./work.ts";

export { observed } from "./work.ts";

export const handler: HttpHandler = idempotentHttp(respond, {
  store: leanDynamoDBStore(),
  operation: "bench",
  requireKey: true,
  ...cacheOption(),
});
