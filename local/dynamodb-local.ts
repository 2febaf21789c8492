// Why: the second engine that everything is checked against is AWS's own DynamoDB Local. An npm package ships it; it is
// packed into a cache rather than depended upon, because that package's dependencies are large.

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { run, startChild, untilReady } from "./child-process.ts";
import { answers, type Engine, endpointFromEnvironment } from "./engine.ts";
import { freePort } from "./free-ports.ts";
import { cacheDirectory, npmCommand } from "./paths.ts";

const packageName = "amplify-dynamodb-simulator";
const version = "2.9.30";
const javaNeeded = 17;

/** Starts DynamoDB Local in memory on a free port, or takes the endpoint that `DYNAMODB_ENDPOINT` names. */
export async function startDynamoDBLocal(): Promise<Engine> {
  const given = endpointFromEnvironment();
  if (given !== undefined) return given;

  const java = await findJava();
  const folder = await emulatorFolder();
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const args = ["-Djava.library.path=DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar", "-inMemory", "-sharedDb"];
  const child = startChild(java, [...args, "-disableTelemetry", "-port", String(port)], { cwd: folder });
  await untilReady(child, () => answers(endpoint), "DynamoDB Local", 60_000);
  return { name: "DynamoDB Local", endpoint, stop: child.kill };
}

async function findJava(): Promise<string> {
  const home = process.env["JAVA_HOME"];
  const candidates = [...(home === undefined ? [] : [join(home, "bin", "java")]), "java"];
  const seen: string[] = [];
  for (const java of candidates) {
    const found = /version "(\d+)/.exec(await run(java, ["-version"]).catch(() => ""))?.[1];
    if (found !== undefined && Number(found) >= javaNeeded) return java;
    if (found !== undefined) seen.push(`${java} is version ${found}`);
  }
  throw new Error(
    `DynamoDB Local needs Java ${javaNeeded} or later; ${seen.length > 0 ? seen.join(", ") : "no java was found"}.\n` +
      "Install one (apt install openjdk-17-jre-headless, brew install openjdk, winget install EclipseAdoptium.Temurin.21.JRE)\n" +
      "and put it on the PATH or set JAVA_HOME; or name a running endpoint in DYNAMODB_ENDPOINT.",
  );
}

async function emulatorFolder(): Promise<string> {
  const folder = join(cacheDirectory, `${packageName}-${version}`);
  if (existsSync(join(folder, "DynamoDBLocal.jar"))) return folder;

  await mkdir(cacheDirectory, { recursive: true });
  const work = await mkdtemp(join(cacheDirectory, "unpack-"));
  try {
    const [npm, ...args] = npmCommand("pack", `${packageName}@${version}`, "--silent");
    await run(npm, args, { cwd: work });
    const archive = (await readdir(work)).find((name) => name.endsWith(".tgz"));
    if (archive === undefined) throw new Error(`npm pack ${packageName}@${version} left no archive.`);
    await run("tar", ["-xzf", archive, "package/emulator"], { cwd: work });
    // Whoever renames first wins; the other's copy is thrown away.
    await rename(join(work, "package", "emulator"), folder).catch((error: unknown) => {
      if (!existsSync(join(folder, "DynamoDBLocal.jar"))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return folder;
}
