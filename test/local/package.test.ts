// Why: the deployment package is what runs in production. These tests look at what a deployment would send, and execute
// the packaged handler on recorded events against a real engine, in processes of their own (G6 over processes).

import { randomUUID } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../local/child-process.ts";
import { startEmbeddedEngine } from "../../local/embedded-engine.ts";
import type { Engine } from "../../local/engine.ts";
import { packageService } from "../../local/package-service.ts";
import { repository } from "../../local/paths.ts";
import { localAwsEnvironment, serverlessEnvironment } from "../../local/serverless-environment.ts";
import { createTables } from "../../local/tables.ts";
import { unzip } from "./unzip.ts";

interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: unknown;
}

interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a CloudFormation template is read, not modelled
  readonly Properties: any;
}

const folder = join(".build", `package-test-${process.pid}`);
const code = join(repository, folder, "code");
const stack = `packaged-${randomUUID().slice(0, 8)}`;
let engine: Engine;
let files: string[];
let resources: Record<string, Resource>;

beforeAll(async () => {
  const packaged = await packageService(folder);
  files = await unzip(packaged.zipFile, code);
  resources = JSON.parse(await readFile(packaged.templateFile, "utf8")).Resources;
  engine = await startEmbeddedEngine();
  await createTables(engine.endpoint, undefined, stack);
}, 120_000);

afterAll(async () => {
  await engine?.stop();
  await rm(join(repository, folder), { recursive: true, force: true });
});

async function invoke(handler: string, event: string): Promise<{ statusCode: number; headers: object; body: string }> {
  const script = fileURLToPath(new URL("./invoke.ts", import.meta.url));
  const args = [script, handler, join(import.meta.dirname, "events", event)];
  const functionName = `payments-dev-${handler.split(".").at(-1)}`;
  const output = await run(process.execPath, args, {
    cwd: code,
    env: serverlessEnvironment({
      ...localAwsEnvironment(engine.endpoint),
      AWS_LAMBDA_FUNCTION_NAME: functionName,
      _HANDLER: handler,
      IDEMPOTENCY_TABLE: `${stack}-idempotency`,
      LEDGER_TABLE: `${stack}-ledger`,
    }),
  });
  return JSON.parse(output);
}

describe("the packaged handler", () => {
  it("is one minified file below 512 KB", async () => {
    expect(files).toEqual(["examples/payments/payments.mjs"]);
    const bundle = await readFile(join(code, "examples/payments/payments.mjs"));
    expect(bundle.byteLength).toBeLessThan(512 * 1_024);
  });

  it.for([
    ["examples/payments/payments.createPayment", "http-api-v2.json"],
    ["examples/payments/payments.createPaymentRest", "rest-v1.json"],
  ] as const)(
    "%s answers a retry in another process with the first one's bytes, marked",
    { timeout: 30_000 },
    async ([handler, event]) => {
      const first = await invoke(handler, event);
      const second = await invoke(handler, event);

      expect(first.statusCode).toBe(201);
      expect(JSON.stringify(first)).not.toContain("Idempotent-Replayed");
      expect(second.statusCode).toBe(201);
      expect(second.body).toBe(first.body);
      expect(JSON.stringify(second)).toMatch(/"Idempotent-Replayed":\[?"true"/);
    },
  );
});

describe("the packaged CloudFormation template", () => {
  const tables = (): [string, Resource][] =>
    Object.entries(resources).filter(([, resource]) => resource.Type === "AWS::DynamoDB::Table");
  const functions = (): Resource[] =>
    Object.values(resources).filter((resource) => resource.Type === "AWS::Lambda::Function");
  const statements = (): Statement[] =>
    Object.values(resources)
      .filter((resource) => resource.Type === "AWS::IAM::Role")
      .flatMap((role) => role.Properties.Policies)
      .flatMap((policy) => policy.PolicyDocument.Statement);

  it("makes the idempotency table and the ledger, on demand", () => {
    expect(tables().map(([name]) => name)).toEqual(["IdempotencyTable", "LedgerTable"]);
    for (const [, table] of tables()) expect(table.Properties.BillingMode).toBe("PAY_PER_REQUEST");
  });

  it("gives the functions two actions on the idempotency table and two on the ledger, no more", () => {
    expect(statements().filter((statement) => JSON.stringify(statement).includes("dynamodb"))).toEqual([
      {
        Effect: "Allow",
        Action: ["dynamodb:PutItem", "dynamodb:GetItem"],
        Resource: { "Fn::GetAtt": ["IdempotencyTable", "Arn"] },
      },
      {
        Effect: "Allow",
        Action: ["dynamodb:PutItem", "dynamodb:Query"],
        Resource: { "Fn::GetAtt": ["LedgerTable", "Arn"] },
      },
    ]);
  });

  it("grants no action by wildcard, and nothing besides DynamoDB and its own logs", () => {
    const actions = statements().flatMap((statement) => statement.Action);
    expect(actions.filter((action) => action.includes("*"))).toEqual([]);
    expect(actions.filter((action) => !/^(dynamodb|logs):/.test(action))).toEqual([]);
  });

  it("tells the functions the names that the tables get", () => {
    expect(functions()).toHaveLength(3);
    for (const { Properties } of functions()) {
      expect(Properties).toMatchObject({ Runtime: "nodejs24.x", Architectures: ["arm64"], Timeout: 6 });
      expect(Properties.Environment.Variables).toEqual({
        IDEMPOTENCY_TABLE: "payments-dev-idempotency",
        LEDGER_TABLE: "payments-dev-ledger",
      });
    }
    // The stack that Serverless makes is named service-stage, and so the tables' names follow.
    expect(tables().map(([, table]) => table.Properties.TableName)).toEqual([
      { "Fn::Sub": `\${AWS::StackName}-idempotency` },
      { "Fn::Sub": `\${AWS::StackName}-ledger` },
    ]);
  });
});
