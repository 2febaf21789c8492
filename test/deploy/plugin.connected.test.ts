/**
 * The plugin in the real framework: a service as a user writes it is packaged and run with serverless-offline, and what
 * comes out is looked at, line by line, as CloudFormation and as HTTP.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, inject, it } from "vitest";
import { startChild, untilReady } from "../../local/child-process.ts";
import { freePorts } from "../../local/free-ports.ts";
import { serverlessEnvironment } from "../../local/serverless-environment.ts";
import { readZip } from "../local/unzip.ts";
import { copyService, packageService, removeServices, serverless, writeService } from "./support/services.ts";
import { danglingReferences, ofType, statements, wildcards } from "./support/templates.ts";

afterAll(removeServices);

const base = {
  service: "shop",
  provider: { name: "aws", runtime: "nodejs24.x" },
  plugins: ["lambda-once/serverless"],
};

describe("a service with one more line", () => {
  it("is packaged with table, variable and permission, and every reference resolves", {
    timeout: 120_000,
  }, async () => {
    const { output, template } = await packageService({
      ...base,
      functions: {
        pay: { handler: "handler.pay", events: [{ httpApi: "POST /pay" }, { http: "POST /v1/pay" }] },
        consume: {
          handler: "handler.pay",
          environment: { QUEUE: "orders" },
          events: [
            { sqs: { arn: { "Fn::GetAtt": ["Orders", "Arn"] }, functionResponseType: "ReportBatchItemFailures" } },
          ],
        },
      },
      resources: {
        Resources: {
          Orders: {
            Type: "AWS::SQS::Queue",
            Properties: {
              VisibilityTimeout: 36,
              RedrivePolicy: {
                deadLetterTargetArn: { "Fn::GetAtt": ["OrdersDeadLetters", "Arn"] },
                maxReceiveCount: 5,
              },
            },
          },
          OrdersDeadLetters: { Type: "AWS::SQS::Queue" },
        },
      },
    });
    expect(output).not.toContain("Warning");
    expect(ofType(template, "AWS::DynamoDB::Table").map(([id]) => id)).toEqual(["IdempotencyTable"]);
    expect(
      ofType(template, "AWS::Lambda::Function").map(([, { Properties }]) => Properties.Environment.Variables),
    ).toEqual([
      { IDEMPOTENCY_TABLE: "shop-dev-idempotency" },
      { QUEUE: "orders", IDEMPOTENCY_TABLE: "shop-dev-idempotency" },
    ]);
    const found = statements(template);
    expect(found.filter(({ Action }) => String(Action).includes("dynamodb"))).toEqual([
      {
        Effect: "Allow",
        Action: ["dynamodb:PutItem", "dynamodb:GetItem"],
        Resource: { "Fn::GetAtt": ["IdempotencyTable", "Arn"] },
      },
    ]);
    expect(wildcards(found)).toEqual([]);
    expect(danglingReferences(template)).toEqual([]);
  });

  it("is packaged as one small file, for the service that the documents show", { timeout: 60_000 }, async () => {
    const { folder, output, template } = await packageService(await copyService("examples/snippets/service"));
    expect(output).not.toContain("Warning");
    expect(danglingReferences(template)).toEqual([]);
    const files = readZip(await readFile(join(folder, ".serverless", "payments.zip")));
    expect([...files.keys()]).toEqual(["payment.mjs"]);
    expect(files.get("payment.mjs")?.byteLength).toBeLessThan(512 * 1_024);
  });

  it("is told of settings that undo the protection, and packaged all the same", { timeout: 60_000 }, async () => {
    const { output } = await packageService({
      ...base,
      functions: { pay: { handler: "handler.pay", timeout: 60, events: [{ http: "POST /pay" }] } },
    });
    expect(output).toMatch(/Warning: lambda-once: function pay may run 60 s, .* \[gateway-timeout\]/);
  });

  it("is refused with every wrong option named", { timeout: 60_000 }, async () => {
    const wrong = packageService({
      ...base,
      functions: { pay: { handler: "handler.pay" } },
      custom: { lambdaOnce: { tabelName: "x", encryption: "none" } },
    });
    await expect(wrong).rejects.toThrow(
      /lambda-once:\n {2}- `custom\.lambdaOnce\.tabelName` is not an option \(did you mean `tableName`\?\); .*\n {2}- `custom\.lambdaOnce\.encryption` must be "aws-owned" or "aws-managed" or the ARN of a KMS key or an ARN by !GetAtt or !ImportValue or !Sub, not "none"\./,
    );
  });
});

describe("serverless offline", () => {
  const offline = {
    ...base,
    functions: { pay: { handler: "handler.pay", events: [{ httpApi: "POST /pay" }] } },
    plugins: [...base.plugins, "serverless-offline"],
    custom: { "serverless-offline": { noPrependStageInUrl: true, noSponsor: true } },
  };

  async function twice(
    folder: string,
    path: string,
    environment: Record<string, string> = {},
  ): Promise<{ output: string; answers: Response[] }> {
    const [http, lambda] = await freePorts(2);
    const args = [serverless, "offline", "--httpPort", String(http), "--lambdaPort", String(lambda)];
    const env = serverlessEnvironment(environment);
    const child = startChild(process.execPath, args, { cwd: folder, env });
    try {
      const url = `http://localhost:${http}`;
      await untilReady(child, async () => (await fetch(url)).status === 404, "serverless offline", 60_000);
      const call = (): Promise<Response> =>
        fetch(`${url}${path}`, { method: "POST", headers: { "idempotency-key": "k1" }, body: '{"amount":100}' });
      const answers = [await call(), await call()];
      return { output: child.output(), answers };
    } finally {
      await child.kill();
    }
  }

  async function expectReplay([first, second]: readonly Response[]): Promise<void> {
    const body = await first?.text();
    expect(first?.status).toBe(201);
    expect(first?.headers.get("idempotent-replayed")).toBeNull();
    expect(second?.status).toBe(201);
    expect(await second?.text()).toBe(body);
    expect(second?.headers.get("idempotent-replayed")).toBe("true");
  }

  // The lock file holds the engine of this platform alone; elsewhere there is none to bring along.
  it.skipIf(process.platform !== "linux" || process.arch !== "x64")(
    "brings the embedded engine along, with the table in it, for the service that the documents show",
    { timeout: 90_000 },
    async () => {
      const { output, answers } = await twice(await copyService("examples/snippets/service"), "/payments");
      expect(output).toMatch(/lambda-once: DynamoDB runs at http:\/\/127\.0\.0\.1:\d+, with payments-dev-idempotency/);
      await expectReplay(answers);
    },
  );

  it("takes the endpoint that the environment names", { timeout: 90_000 }, async () => {
    const { endpoint } = inject("dynamoDB");
    const { output, answers } = await twice(await writeService(offline), "/pay", { DYNAMODB_ENDPOINT: endpoint });
    expect(output).toContain(`lambda-once: DynamoDB runs at ${endpoint}, with shop-dev-idempotency`);
    await expectReplay(answers);
  });
});
