// Why: executes a handler as Lambda does: in a fresh Node process that finds it by its handler string, with an event
// from JSON, and whose only sight of the world is its environment. Prints the answer as JSON.
// Usage: node invoke.ts HANDLER EVENT_FILE, from the unpacked package's folder.

import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [handler = "", eventFile = ""] = process.argv.slice(2);
const dot = handler.lastIndexOf(".");
const module = (await import(pathToFileURL(resolve(`${handler.slice(0, dot)}.mjs`)).href)) as Record<
  string,
  (event: unknown, context: unknown) => Promise<unknown>
>;
const deadline = Date.now() + 6_000;
const answer = await module[handler.slice(dot + 1)]?.(JSON.parse(await readFile(eventFile, "utf8")), {
  awsRequestId: randomUUID(),
  functionName: process.env["AWS_LAMBDA_FUNCTION_NAME"],
  functionVersion: "$LATEST",
  getRemainingTimeInMillis: () => deadline - Date.now(),
});
console.log(JSON.stringify(answer));
