/** Services as users write them, in folders of their own, on which the real framework is run. */
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { run } from "../../../local/child-process.ts";
import { packageFile, repository } from "../../../local/paths.ts";
import { serverlessEnvironment } from "../../../local/serverless-environment.ts";
import type { Template } from "./templates.ts";

const root = join(repository, ".build", `deploy-test-${process.pid}`);
let made = 0;

export const handlerFile = `import { idempotentHttp } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
const store = dynamoDBStore();
export const pay = idempotentHttp(async () => ({ statusCode: 201, body: crypto.randomUUID() }), { store, operation: "pay" });
`;

/** Writes a service and gives its folder, from which Node finds the library by its name. */
export async function writeService(config: object): Promise<string> {
  const folder = join(root, `service-${++made}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "handler.mjs"), handlerFile);
  await writeFile(join(folder, "serverless.yml"), stringify(config, { aliasDuplicateObjects: false }));
  return folder;
}

/** A copy of a service that the documents show, to be built in. */
export async function copyService(from: string): Promise<string> {
  const folder = join(root, `service-${++made}`);
  await cp(join(repository, from), folder, { recursive: true });
  return folder;
}

export async function removeServices(): Promise<void> {
  await rm(root, { recursive: true, force: true });
}

export const serverless: string = packageFile("serverless", "bin/serverless.js");

export interface Packaged {
  readonly folder: string;
  readonly output: string;
  readonly template: Template;
}

/** What `osls package` prints, and the template that a deployment would send. Rejects with what it printed. */
export async function packageService(service: object | string): Promise<Packaged> {
  const folder = typeof service === "string" ? service : await writeService(service);
  const output = await run(process.execPath, [serverless, "package"], { cwd: folder, env: serverlessEnvironment({}) });
  const file = join(folder, ".serverless", "cloudformation-template-update-stack.json");
  return { folder, output, template: JSON.parse(await readFile(file, "utf8")) as Template };
}
