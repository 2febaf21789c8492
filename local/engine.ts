// Why: suites, demo and service need a DynamoDB and do not care which. This is what each of them gets.

export { answers } from "../src/serverless/engine.ts";

/** A DynamoDB-compatible endpoint. `stop` ends only what was started for it. */
export interface Engine {
  readonly name: string;
  readonly endpoint: string;
  readonly stop: () => Promise<void>;
}

/** The endpoint that the caller's environment names, if any: then nothing is started. */
export function endpointFromEnvironment(): Engine | undefined {
  const endpoint = process.env["DYNAMODB_ENDPOINT"];
  if (endpoint === undefined || endpoint === "") return undefined;
  if (!URL.canParse(endpoint)) {
    throw new Error(`DYNAMODB_ENDPOINT is "${endpoint}", which is not a URL such as http://127.0.0.1:8000.`);
  }
  return { name: "DYNAMODB_ENDPOINT", endpoint, stop: async () => {} };
}
