// Why: how a function is configured and bundled is said once, in serverless.yml. What runs locally reads it there.

import { mkdirSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { parse, type ScalarTag } from "yaml";
import type { MappingSettings } from "./event-source-mapping.ts";
import { repository } from "./paths.ts";

export interface ConsumerSettings extends MappingSettings {
  readonly handler: string;
  readonly timeoutSeconds: number;
  /** The logical id of the queue that it consumes. */
  readonly queue: string;
}

interface Service {
  readonly provider: { readonly timeout: number };
  readonly functions: Readonly<
    Record<string, { handler: string; timeout?: number; events: readonly { readonly sqs?: SqsEvent }[] }>
  >;
  readonly custom: { readonly esbuild: Pick<BuildOptions, "bundle" | "minify" | "format" | "mainFields"> };
}

interface SqsEvent {
  readonly arn: { readonly logicalId: string };
  readonly batchSize?: number;
  readonly maximumBatchingWindow?: number;
  readonly maximumConcurrency?: number;
  readonly functionResponseType?: "ReportBatchItemFailures";
}

async function readService(): Promise<Service> {
  const customTags: ScalarTag[] = ["!GetAtt", "!Ref"].map((tag) => ({
    tag,
    resolve: (text) => ({ logicalId: text.replace(/\.Arn$/, "") }),
  }));
  return parse(await readFile(join(repository, "serverless.yml"), "utf8"), { customTags });
}

/** A function that consumes a queue, with Lambda's defaults where serverless.yml says nothing. */
export async function readConsumer(name: string): Promise<ConsumerSettings> {
  const { provider, functions } = await readService();
  const settings = functions[name];
  const sqs = settings?.events.find((event) => event.sqs !== undefined)?.sqs;
  if (settings === undefined || sqs === undefined) throw new Error(`serverless.yml has no consumer ${name}.`);
  return {
    handler: settings.handler,
    timeoutSeconds: settings.timeout ?? provider.timeout,
    queue: sqs.arn.logicalId,
    batchSize: sqs.batchSize ?? 10,
    batchingWindowSeconds: sqs.maximumBatchingWindow ?? 0,
    maximumConcurrency: sqs.maximumConcurrency ?? 5,
    reportBatchItemFailures: sqs.functionResponseType === "ReportBatchItemFailures",
  };
}

let bundled = 0;

/** Bundles handlers as a deployment does, into a folder that is gone when this process ends. */
export async function bundleHandlers(handlers: readonly string[]): Promise<string> {
  const { bundle, minify, format, mainFields } = (await readService()).custom.esbuild;
  const folder = join(repository, ".build", `functions-${process.pid}-${++bundled}`);
  mkdirSync(folder, { recursive: true });
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const files = new Set(handlers.map((handler) => `${handler.slice(0, handler.lastIndexOf("."))}.ts`));
  await build({
    absWorkingDir: repository,
    entryPoints: [...files],
    outbase: ".",
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    platform: "node",
    target: "node24",
    logLevel: "error",
    ...{ bundle, minify, format, mainFields },
  } as BuildOptions);
  return folder;
}
