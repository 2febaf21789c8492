// Why: a DynamoDB that starts in milliseconds, from npm alone: no Java, no Docker. The lock file lists the package of
// one platform; for the others the same package of the platform at hand is found or fetched when it is first needed.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { enginePackage, findEngine, startEngine } from "../src/serverless/engine.ts";
import { run } from "./child-process.ts";
import { type Engine, endpointFromEnvironment } from "./engine.ts";
import { cacheDirectory, npmCommand } from "./paths.ts";

const version = "1.2.1";
const platform = `${process.platform}-${process.arch}`;

export interface EmbeddedEngineOptions {
  /** Where to keep the data; in memory by default. */
  readonly file?: string;
}

/** Starts the embedded engine on a free port, or takes the endpoint that `DYNAMODB_ENDPOINT` names. */
export async function startEmbeddedEngine(options: EmbeddedEngineOptions = {}): Promise<Engine> {
  const given = endpointFromEnvironment();
  if (given !== undefined) return given;

  const { endpoint, stop } = await startEngine(installedBinary() ?? (await fetchedBinary()), options.file);
  return { name: "embedded engine", endpoint, stop };
}

function installedBinary(): string | undefined {
  return findEngine([import.meta.filename, join(cacheDirectory, platform, "package.json")]);
}

async function fetchedBinary(): Promise<string> {
  const folder = join(cacheDirectory, platform);
  const [npm, ...args] = npmCommand("install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund");
  let reason = "the package holds no executable";
  try {
    await mkdir(folder, { recursive: true });
    await run(npm, [...args, `${enginePackage}@${version}`], { cwd: folder });
  } catch (error) {
    reason = (error as Error).message
      .split("\n")
      .filter((line) => !line.startsWith("npm warn"))
      .slice(0, 4)
      .join("\n  ");
  }
  const binary = findEngine([join(folder, "package.json")]);
  if (binary !== undefined) return binary;
  throw new Error(
    `There is no embedded DynamoDB for ${platform}: ${enginePackage}@${version} is not installed and could not be fetched ` +
      `(${reason}).\nStart any DynamoDB-compatible endpoint and name it, for example\n` +
      "  docker run --rm -p 8000:8000 amazon/dynamodb-local\n  DYNAMODB_ENDPOINT=http://127.0.0.1:8000 npm test",
  );
}
