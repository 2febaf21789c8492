/**
 * Finds the embedded DynamoDB, which npm installs as a binary for the platform at hand, and starts it. It ends with the
 * process that started it, however that ends.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Child, startChild, untilReady } from "./child-process.ts";
import { freePort } from "./free-ports.ts";

const platform = `${process.platform}-${process.arch}`;
export const enginePackage: string = `@dynoxide/${platform}`;
const executable = process.platform === "win32" ? "dynoxide.exe" : "dynoxide";

/** The engine's executable, if its package is installed where one of these files could import it. */
export function findEngine(importers: readonly string[]): string | undefined {
  for (const importer of importers) {
    try {
      const binary = join(dirname(createRequire(importer).resolve(`${enginePackage}/package.json`)), executable);
      if (existsSync(binary)) return binary;
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}

export interface RunningEngine {
  readonly endpoint: string;
  /** Resolves when it has ended, with how. */
  readonly ended: Promise<string>;
  readonly stop: () => Promise<void>;
}

/** @param file where the data is kept; in memory by default. @param port a free one by default. */
export async function startEngine(binary: string, file?: string, port?: number): Promise<RunningEngine> {
  const chosen = port ?? (await freePort());
  const endpoint = `http://127.0.0.1:${chosen}`;
  const storage = file === undefined ? [] : ["--db-path", file];
  const child: Child = startChild(binary, ["--host", "127.0.0.1", "--port", String(chosen), ...storage]);
  await untilReady(child, () => answers(endpoint), "The embedded DynamoDB", 10_000);
  return { endpoint, ended: child.ended, stop: child.kill };
}

/** An engine at work answers any HTTP request, if only with an error. */
export async function answers(endpoint: string): Promise<boolean> {
  const response = await fetch(endpoint, { signal: AbortSignal.timeout(1_000) });
  await response.arrayBuffer();
  return true;
}
