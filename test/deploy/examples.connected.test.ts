/**
 * The examples beside the Serverless one: each is built as its tool builds it, as far as that goes without an account, and
 * what was built is executed on a recorded event, in a process of its own, on the engine of this run.
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { App } from "aws-cdk-lib";
import { type BuildOptions, build } from "esbuild";
import { afterAll, describe, expect, inject, it } from "vitest";
import { refundsStack } from "../../examples/cdk/refunds-stack.ts";
import { run } from "../../local/child-process.ts";
import { repository } from "../../local/paths.ts";
import { localAwsEnvironment, serverlessEnvironment } from "../../local/serverless-environment.ts";
import { freshTable } from "../support/dynamodb.ts";
import { danglingReferences, ofType, readTemplate, statements, type Template, wildcards } from "./support/templates.ts";

const folder = join(repository, ".build", `examples-test-${process.pid}`);
const http = join(repository, "test", "local", "events", "http-api-v2.json");
const event = (name: string): string => join(import.meta.dirname, "events", name);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs `HANDLER` of a folder with built code, as Lambda does, on an event. Its answer is the last line. */
async function invoke(
  code: string,
  handler: string,
  eventFile: string,
  table: string,
): Promise<Record<string, unknown>> {
  const script = fileURLToPath(new URL("../local/invoke.ts", import.meta.url));
  const output = await run(process.execPath, [script, handler, eventFile], {
    cwd: code,
    env: serverlessEnvironment({
      ...localAwsEnvironment(inject("dynamoDB").endpoint),
      AWS_LAMBDA_FUNCTION_NAME: handler.split(".").at(-1) ?? "",
      _HANDLER: handler,
      IDEMPOTENCY_TABLE: table,
    }),
  });
  return JSON.parse(output.split("\n").at(-1) ?? "");
}

async function expectReplay(code: string, handler: string): Promise<void> {
  const table = await freshTable();
  const first = await invoke(code, handler, http, table);
  const second = await invoke(code, handler, http, table);
  expect(first).toMatchObject({ statusCode: 201 });
  expect(first["headers"]).toBeUndefined();
  expect(second).toEqual({ ...first, headers: { "Idempotent-Replayed": "true" } });
}

function expectSound(template: Template, implicit: readonly string[] = []): void {
  expect(danglingReferences(template, implicit)).toEqual([]);
  expect(wildcards(statements(template))).toEqual([]);
}

describe("SAM", () => {
  const template = readTemplate("examples/sam/template.yaml");
  const functions = ofType(template, "AWS::Serverless::Function");

  it("refers to nothing that it does not have, and allows nothing by wildcard", () => {
    expectSound(template, ["ServerlessHttpApi"]);
    expect(functions.map(([id]) => id)).toEqual(["CreateTransfer", "SettleTransfer"]);
    const source = functions[1]?.[1].Properties.Events.Queue.Properties;
    expect(source.FunctionResponseTypes).toEqual(["ReportBatchItemFailures"]);
    const timeout = (template as unknown as { Globals: { Function: { Timeout: number } } }).Globals.Function.Timeout;
    const queue = template.Resources["TransfersQueue"]?.Properties;
    expect(queue.VisibilityTimeout).toBeGreaterThanOrEqual(6 * timeout);
    expect(queue.RedrivePolicy.deadLetterTargetArn).toEqual({ "Fn::GetAtt": ["TransfersDeadLetters", "Arn"] });
  });

  it("has handlers that are safe to retry, bundled as the template says", { timeout: 60_000 }, async () => {
    const { BuildProperties } = functions[0]?.[1].Metadata ?? {};
    const [from = "", to = ""] = String(BuildProperties["OutExtension"]).split("=");
    const code = join(folder, "sam");
    await build({
      absWorkingDir: join(repository, "examples", "sam"),
      entryPoints: BuildProperties["EntryPoints"],
      outdir: code,
      bundle: true,
      platform: "node",
      format: BuildProperties["Format"],
      outExtension: { [from]: to },
      mainFields: String(BuildProperties["MainFields"]).split(","),
      minify: BuildProperties["Minify"],
      target: BuildProperties["Target"],
      logLevel: "error",
    } as BuildOptions);
    await expectReplay(code, "transfers.createTransfer");
    const failed = { batchItemFailures: [{ itemIdentifier: "2e1424d4-f796-459a-8184-9c92662be6da" }] };
    expect(await invoke(code, "transfers.settleTransfer", event("sqs.json"), await freshTable())).toEqual(failed);
  });
});

describe("CDK", () => {
  it("synthesises a sound stack, whose asset is safe to retry", { timeout: 90_000 }, async () => {
    const app = new App({ outdir: join(folder, "cdk.out") });
    const stack = refundsStack(app, "Refunds");
    const template = app.synth().getStackByName(stack.stackName).template as Template;
    expectSound(template, ["BootstrapVersion"]);
    const [[, fn] = []] = ofType(template, "AWS::Lambda::Function");
    expect(fn?.Properties).toMatchObject({
      Runtime: "nodejs24.x",
      Architectures: ["arm64"],
      Handler: "index.createRefund",
    });

    const assets = (await readdir(app.outdir)).filter((name) => name.startsWith("asset."));
    expect(assets).toHaveLength(1);
    const code = join(app.outdir, assets[0] ?? "");
    expect(await readdir(code)).toEqual(["index.mjs"]);
    await expectReplay(code, "index.createRefund");
  });
});

describe("esbuild", () => {
  it("writes one file, whose handler runs an event once however often it is delivered", {
    timeout: 60_000,
  }, async () => {
    const code = join(folder, "esbuild");
    await run(process.execPath, [join(repository, "examples", "esbuild", "build.ts"), code], { cwd: repository });
    expect((await readdir(code)).toSorted()).toEqual(["invoices.mjs", "invoices.mjs.map"]);
    const table = await freshTable();
    const first = await invoke(code, "invoices.sendInvoices", event("scheduled.json"), table);
    expect(first).toEqual({ day: "2026-11-24", run: expect.stringMatching(/^[\da-f-]{36}$/) });
    expect(await invoke(code, "invoices.sendInvoices", event("scheduled.json"), table)).toEqual(first);
  });
});
