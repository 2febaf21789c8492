/** What `serverless offline` finds or starts, what the functions are told of it, and what is said where that fails. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, inject, it, vi } from "vitest";
import { configure } from "../../src/serverless/configure.ts";
import type { Serverless, Service } from "../../src/serverless/framework.ts";
import { prepareOffline } from "../../src/serverless/offline.ts";

const closed = "http://127.0.0.1:1";
const said: string[] = [];
const say = (text: string): void => void said.push(text);
const log = { notice: say, warning: say, info: say };
let server: Server | undefined;

beforeEach(() => {
  said.length = 0;
  for (const name of ["DYNAMODB_ENDPOINT", "AWS_ENDPOINT_URL_DYNAMODB"]) vi.stubEnv(name, "");
});

afterEach(() => {
  vi.unstubAllEnvs();
  server?.close();
  server = undefined;
});

function offline(lambdaOnce: object, parts: Partial<Service> = {}): Promise<void> {
  const service = {
    service: "shop",
    provider: {},
    functions: { pay: { handler: "pay.handler" } },
    custom: { lambdaOnce },
    ...parts,
  };
  const serverless: Serverless = {
    service,
    serviceDir: process.cwd(),
    processedInput: { commands: ["offline"] },
    classes: { Error },
    getProvider: () => ({
      naming: { getStackName: () => "shop-dev" },
      getStage: () => "dev",
      getRegion: () => "us-east-1",
      getRuntime: (own) => own ?? "nodejs24.x",
    }),
  };
  return prepareOffline(serverless, configure(serverless), log);
}

async function listening(answer: string): Promise<number> {
  const made = createServer((_request, response) => response.writeHead(501).end(answer));
  server = made;
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  return (made.address() as AddressInfo).port;
}

it("tells the functions the plain name of a table that an ARN names, for no local engine knows ARNs", async () => {
  const { endpoint } = inject("dynamoDB");
  const existingTable = "arn:aws:dynamodb:us-east-1:123456789012:table/offline-by-arn";
  const pay = { handler: "pay.handler" };
  const own = { handler: "own.handler", environment: { IDEMPOTENCY_TABLE: "another" } };
  await offline({ existingTable, offline: { endpoint } }, { functions: { pay, own } });
  expect(pay).toMatchObject({ environment: { IDEMPOTENCY_TABLE: "offline-by-arn" } });
  expect(own).toMatchObject({ environment: { IDEMPOTENCY_TABLE: "another" } });
  expect(said).toEqual([`lambda-once: DynamoDB runs at ${endpoint}, with offline-by-arn`]);
});

it("says where an endpoint that is no URL comes from", async () => {
  vi.stubEnv("DYNAMODB_ENDPOINT", "localhost:8000");
  await expect(offline({})).rejects.toThrow(
    'lambda-once: the environment variable DYNAMODB_ENDPOINT must be a URL such as http://127.0.0.1:8000, not "localhost:8000".',
  );
});

it("says where an endpoint comes from that nobody answers at, and what to do", async () => {
  vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", closed);
  await expect(offline({})).rejects.toThrow(
    /^lambda-once: no table could be made at http:\/\/127\.0\.0\.1:1, the endpoint of the environment variable AWS_ENDPOINT_URL_DYNAMODB: .*ECONNREFUSED.*\. Start a DynamoDB there, or name another endpoint\.$/,
  );
  await expect(offline({ offline: { endpoint: closed } })).rejects.toThrow(
    "the endpoint of `custom.lambdaOnce.offline.endpoint`",
  );
  const provider = { environment: { AWS_ENDPOINT_URL_DYNAMODB: closed } };
  await expect(offline({}, { provider })).rejects.toThrow("AWS_ENDPOINT_URL_DYNAMODB of `provider.environment`");
});

it("does not repeat a whole page of something that is no DynamoDB", async () => {
  const port = await listening(`<html>\n${"page\n".repeat(1_000)}</html>`);
  const failed = await offline({ offline: { endpoint: `http://127.0.0.1:${port}` } }).catch((error: Error) => error);
  expect((failed as Error).message.length).toBeLessThan(400);
  expect((failed as Error).message).not.toContain("\n");
});

// The lock file holds the engine of this platform alone; elsewhere there is none to start.
it.skipIf(process.platform !== "linux" || process.arch !== "x64")(
  "says that the embedded engine's port is taken, and what to change",
  { timeout: 30_000 },
  async () => {
    const port = await listening("");
    await expect(offline({ offline: { port } })).rejects.toThrow(
      `lambda-once: port ${port} of \`custom.lambdaOnce.offline.port\` is taken. Choose another, or leave it out, and a free one is taken.`,
    );
    await expect(offline({ offline: { file: "no/such/folder/data.db" } })).rejects.toThrow(
      /^lambda-once: The embedded DynamoDB ended \(exit code 1\) before it was ready/,
    );
  },
);
