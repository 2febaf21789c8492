// Why: a DynamoDB that starts in milliseconds, from npm alone: no Java, no Docker. The lock file lists the package of
// one platform; for the others the same package of the platform at hand is found or fetched when it is first needed.

import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { run, startChild, untilReady } from "./child-process.ts";
import { answers, type Engine, endpointFromEnvironment } from "./engine.ts";
import { freePort } from "./free-ports.ts";
import { cacheDirectory, npmCommand } from "./paths.ts";

const version = "1.2.1";
const platform = `${process.platform}-${process.arch}`;
const packageName = `@dynoxide/${platform}`;
const executable = process.platform === "win32" ? "dynoxide.exe" : "dynoxide";

export interface EmbeddedEngineOptions {
  /** Where to keep the data; in memory by default. */
  readonly file?: string;
}

/** Starts the embedded engine on a free port, or takes the endpoint that `DYNAMODB_ENDPOINT` names. */
export async function startEmbeddedEngine(options: EmbeddedEngineOptions = {}): Promise<Engine> {
  const given = endpointFromEnvironment();
  if (given !== undefined) return given;

  const binary = (await installedBinary()) ?? (await fetchedBinary());
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const storage = options.file === undefined ? [] : ["--db-path", options.file];
  const child = startChild(binary, ["--host", "127.0.0.1", "--port", String(port), ...storage]);
  await untilReady(child, () => answers(endpoint), "The embedded engine", 10_000);
  return { name: "embedded engine", endpoint, stop: child.kill };
}

async function installedBinary(): Promise<string | undefined> {
  return findBinary(import.meta.filename) ?? findBinary(join(cacheDirectory, platform, "package.json"));
}

function findBinary(from: string): string | undefined {
  try {
    const binary = join(dirname(createRequire(from).resolve(`${packageName}/package.json`)), executable);
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

async function fetchedBinary(): Promise<string> {
  const folder = join(cacheDirectory, platform);
  const [npm, ...args] = npmCommand("install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund");
  let reason = "the package holds no executable";
  try {
    await mkdir(folder, { recursive: true });
    await run(npm, [...args, `${packageName}@${version}`], { cwd: folder });
  } catch (error) {
    reason = (error as Error).message
      .split("\n")
      .filter((line) => !line.startsWith("npm warn"))
      .slice(0, 4)
      .join("\n  ");
  }
  const binary = findBinary(join(folder, "package.json"));
  if (binary !== undefined) return binary;
  throw new Error(
    `There is no embedded DynamoDB for ${platform}: ${packageName}@${version} is not installed and could not be fetched ` +
      `(${reason}).\nStart any DynamoDB-compatible endpoint and name it, for example\n` +
      "  docker run --rm -p 8000:8000 amazon/dynamodb-local\n  DYNAMODB_ENDPOINT=http://127.0.0.1:8000 npm test",
  );
}
