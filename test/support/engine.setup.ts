/**
 * Starts the DynamoDB that the connected suites run on: the embedded engine, or with `DYNAMODB_ENGINE=dynamodb-local`
 * AWS's own. An engine that cannot be had fails the run; nothing is skipped.
 */
import type { TestProject } from "vitest/node";
import { startDynamoDBLocal } from "../../local/dynamodb-local.ts";
import { startEmbeddedEngine } from "../../local/embedded-engine.ts";

declare module "vitest" {
  export interface ProvidedContext {
    dynamoDB: { readonly endpoint: string; readonly engine: string };
  }
}

const ENGINES: Readonly<Record<string, typeof startDynamoDBLocal>> = {
  embedded: startEmbeddedEngine,
  "dynamodb-local": startDynamoDBLocal,
};

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const wanted = process.env["DYNAMODB_ENGINE"] ?? "embedded";
  const start = ENGINES[wanted];
  if (start === undefined)
    throw new Error(`DYNAMODB_ENGINE is "${wanted}"; it can be ${Object.keys(ENGINES).join(" or ")}.`);
  const engine = await start();
  project.provide("dynamoDB", { endpoint: engine.endpoint, engine: wanted });
  return engine.stop;
}
