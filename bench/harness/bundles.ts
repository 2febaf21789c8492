/** Every peer as it would be deployed: one minified file, the SDK's ES modules in it, nothing left out. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { repository } from "../../local/paths.ts";

export type Format = "esm" | "cjs";

export type Peer =
  | "nothing"
  | "floor"
  | "by-hand"
  | "lean"
  | "sdk"
  | "powertools"
  | "stubbed-sdk"
  | "stubbed-powertools"
  | "lean-sqs"
  | "sdk-sqs"
  | "powertools-sqs";

/** How the documents call them. */
export const NAMES = {
  nothing: "bare Node.js",
  floor: "floor: node:https, a signature",
  lean: "lambda-once/lean",
  byHand: "by hand on the SDK",
  sdk: "lambda-once/dynamodb",
  powertools: "Powertools",
} as const;

/** In the order of that list; what is a case of one of them comes right after it. */
export function inOrder(variants: Iterable<string>): readonly string[] {
  const place = (variant: string): number => Object.values(NAMES).findIndex((name) => variant.startsWith(name));
  return [...variants].toSorted((a, b) => place(a) - place(b) || a.length - b.length);
}

const folder = join(repository, ".build", "bench");

export interface Bundled {
  readonly file: string;
  readonly code: Uint8Array;
}

export async function bundle(peer: Peer, format: Format = "esm", external: readonly string[] = []): Promise<Bundled> {
  if (!existsSync(join(repository, "dist", "index.js"))) {
    throw new Error("The library is not built: `npm run bench` builds it, or run `npm run build` first.");
  }
  const suffix = external.length > 0 ? "-external" : "";
  const outfile = join(folder, `${peer}${suffix}.${format === "esm" ? "mjs" : "cjs"}`);
  await build({
    entryPoints: [join(repository, "bench", "peers", `${peer}.ts`)],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node24",
    mainFields: ["module", "main"],
    format,
    external: [...external],
    logLevel: "error",
  });
  return { file: outfile, code: await readFile(outfile) };
}
