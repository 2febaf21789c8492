// Why: the deployment package is what runs in production. These tests look at what a deployment would send, and execute
// the packaged handler on recorded events against a real engine, in processes of their own (G6 over processes).

import { randomUUID } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../local/child-process.ts";
import { startEmbeddedEngine } from "../../local/embedded-engine.ts";
import type { Engine } from "../../local/engine.ts";
import { packageService } from "../../local/package-service.ts";
import { repository } from "../../local/paths.ts";
import { localAwsEnvironment, serverlessEnvironment } from "../../local/serverless-environment.ts";
import { createTables, localClient } from "../../local/tables.ts";
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

async function invoke<A>(handler: string, event: string): Promise<A> {
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
  // What the handler logs is printed as well.
  return JSON.parse(output.split("\n").findLast((line) => /^\{.*\}$/.test(line)) ?? "");
}

interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: object;
  readonly body: string;
}

describe("the packaged handlers", () => {
  it("are one minified file each, below 512 KB", async () => {
    expect(files.toSorted()).toEqual(["examples/orders/orders.mjs", "examples/payments/payments.mjs"]);
    for (const file of files) expect((await readFile(join(code, file))).byteLength).toBeLessThan(512 * 1_024);
  });

  it.for([
    ["examples/payments/payments.createPayment", "http-api-v2.json"],
    ["examples/payments/payments.createPaymentRest", "rest-v1.json"],
  ] as const)(
    "%s answers a retry in another process with the first one's bytes, marked",
    { timeout: 30_000 },
    async ([handler, event]) => {
      const first = await invoke<HttpAnswer>(handler, event);
      const second = await invoke<HttpAnswer>(handler, event);

      expect(first.statusCode).toBe(201);
      expect(JSON.stringify(first)).not.toContain("Idempotent-Replayed");
      expect(second.statusCode).toBe(201);
      expect(second.body).toBe(first.body);
      expect(JSON.stringify(second)).toMatch(/"Idempotent-Replayed":\[?"true"/);
    },
  );

  it("consume a batch with an order that was sent twice and a message that is none, and the batch again, with one effect", {
    timeout: 30_000,
  }, async () => {
    const unreadable = { batchItemFailures: [{ itemIdentifier: "2e1424d4-f796-459a-8184-9c92662be6da" }] };
    for (let deliveries = 1; deliveries <= 2; deliveries += 1) {
      expect(await invoke("examples/orders/orders.consumeOrders", "sqs-standard.json")).toEqual(unreadable);
    }
    const client = localClient(engine.endpoint);
    const Key = { order_id: { S: "order-1" }, entry: { S: "history" } };
    const { Item } = await client.send(new GetItemCommand({ TableName: `${stack}-ledger`, Key }));
    client.destroy();
    expect([Item?.["runs"]?.L, Item?.["effects"]?.L].map((list) => list?.length)).toEqual([1, 1]);
  });
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

  it("gives the functions two actions on the idempotency table and three on the ledger, no more", () => {
    expect(statements().filter((statement) => JSON.stringify(statement).includes("dynamodb"))).toEqual([
      {
        Effect: "Allow",
        Action: ["dynamodb:PutItem", "dynamodb:GetItem"],
        Resource: { "Fn::GetAtt": ["IdempotencyTable", "Arn"] },
      },
      {
        Effect: "Allow",
        Action: ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"],
        Resource: { "Fn::GetAtt": ["LedgerTable", "Arn"] },
      },
    ]);
  });

  it("lets the consumers do with the queues what Lambda needs, deferring and moving poison, no more", () => {
    const queues = ["OrdersQueue", "OrderEventsQueue"].map((queue) => ({ "Fn::GetAtt": [queue, "Arn"] }));
    expect(statements().filter((statement) => JSON.stringify(statement).includes("sqs"))).toEqual([
      { Effect: "Allow", Action: ["sqs:ChangeMessageVisibility"], Resource: queues },
      { Effect: "Allow", Action: ["sqs:SendMessage"], Resource: { "Fn::GetAtt": ["OrderEventsDeadLetters", "Arn"] } },
      {
        Effect: "Allow",
        Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        Resource: queues,
      },
    ]);
  });

  it("grants no action by wildcard, and nothing besides DynamoDB, the queues and its own logs", () => {
    const actions = statements().flatMap((statement) => statement.Action);
    expect(actions.filter((action) => action.includes("*"))).toEqual([]);
    expect(actions.filter((action) => !/^(dynamodb|sqs|logs):/.test(action))).toEqual([]);
  });

  it.for([
    ["OrdersQueue", "ConsumeOrdersLambdaFunction", { MaximumBatchingWindowInSeconds: 1 }, 37],
    ["OrderEventsQueue", "ConsumeOrderEventsLambdaFunction", {}, 36],
  ] as const)(
    "consumes %s by partial batch responses, hidden six times the function's time",
    ([queue, name, window, visibility]) => {
      const mapping = Object.values(resources).find(
        ({ Type, Properties }) =>
          Type === "AWS::Lambda::EventSourceMapping" && Properties.EventSourceArn["Fn::GetAtt"][0] === queue,
      );
      expect(mapping?.Properties).toEqual({
        EventSourceArn: { "Fn::GetAtt": [queue, "Arn"] },
        FunctionName: { "Fn::GetAtt": [name, "Arn"] },
        Enabled: true,
        BatchSize: 10,
        ...window,
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        ScalingConfig: { MaximumConcurrency: 5 },
      });
      expect(resources[name]?.Properties.Timeout).toBe(6);
      expect(resources[queue]?.Properties.VisibilityTimeout).toBe(visibility);
    },
  );

  it.for([
    ["OrdersQueue", "OrdersDeadLetters", 5],
    ["OrderEventsQueue", "OrderEventsDeadLetters", 20],
  ] as const)(
    "gives %s the dead-letter queue %s, of its own kind and kept for 14 days",
    ([queue, deadLetters, max]) => {
      expect(resources[queue]?.Properties.RedrivePolicy).toEqual({
        deadLetterTargetArn: { "Fn::GetAtt": [deadLetters, "Arn"] },
        maxReceiveCount: max,
      });
      expect(resources[deadLetters]?.Properties.FifoQueue).toBe(resources[queue]?.Properties.FifoQueue);
      expect(resources[deadLetters]?.Properties.MessageRetentionPeriod).toBe(14 * 86_400);
    },
  );

  it("tells the functions the names that the tables get", () => {
    expect(functions()).toHaveLength(5);
    for (const { Properties } of functions()) {
      expect(Properties).toMatchObject({ Runtime: "nodejs24.x", Architectures: ["arm64"], Timeout: 6 });
      expect(Properties.Environment.Variables).toEqual({
        IDEMPOTENCY_TABLE: "payments-dev-idempotency",
        LEDGER_TABLE: "payments-dev-ledger",
        ...(Properties.FunctionName === "payments-dev-consumeOrderEvents"
          ? { ORDER_EVENTS_DEAD_LETTERS: { Ref: "OrderEventsDeadLetters" } }
          : {}),
      });
    }
    // The stack that Serverless makes is named service-stage, and so the tables' names follow.
    expect(tables().map(([, table]) => table.Properties.TableName)).toEqual([
      "payments-dev-idempotency",
      { "Fn::Sub": `\${AWS::StackName}-ledger` },
    ]);
  });
});
