// Why: what is found or fetched at run time is looked up from the repository's top, wherever a command was started.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export const repository: string = dirname(import.meta.dirname);
export const cacheDirectory: string = join(repository, ".cache");

/** How to start npm without a shell: the one that runs this script, else the one on the PATH. */
export function npmCommand(...args: readonly string[]): readonly [command: string, ...args: string[]] {
  const script = process.env["npm_execpath"];
  return script === undefined ? ["npm", ...args] : [process.execPath, script, ...args];
}

/** A file of an installed package, also where the package's `exports` hide it. */
export function packageFile(name: string, file: string): string {
  return join(dirname(createRequire(import.meta.filename).resolve(`${name}/package.json`)), file);
}
