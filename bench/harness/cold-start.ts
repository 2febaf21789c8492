/** Loads a bundle as Lambda's runtime does, gives it one event, and says when it had the answer. */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { context, httpEvent } from "./events.ts";

const [, , file = "", key = ""] = process.argv;
const { handler } = file.endsWith(".cjs")
  ? createRequire(import.meta.url)(file)
  : await import(pathToFileURL(file).href);
const { statusCode } = await handler(httpEvent(key, 512), context);
const { user, system } = process.cpuUsage();
process.stdout.write(`${statusCode} ${(user + system) / 1_000}`, () => process.exit());
