// Why: what is deployed is a zip, so that zip is what is looked at and executed. Packaging needs neither the network nor
// credentials; a developer's own are kept out to prove it.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./child-process.ts";
import { packageFile, repository } from "./paths.ts";
import { serverlessEnvironment } from "./serverless-environment.ts";

export interface PackagedService {
  readonly zipFile: string;
  /** The CloudFormation template that a deployment would send. */
  readonly templateFile: string;
}

/** Runs `serverless package` into a folder below the repository. */
export async function packageService(folder: string): Promise<PackagedService> {
  await mkdir(join(repository, folder), { recursive: true });
  const serverless = packageFile("serverless", "bin/serverless.js");
  await run(process.execPath, [serverless, "package", "--package", folder], {
    cwd: repository,
    env: serverlessEnvironment({ ESBUILD_WORK_FOLDER: join(folder, "work") }),
  });
  return {
    zipFile: join(repository, folder, "payments.zip"),
    templateFile: join(repository, folder, "cloudformation-template-update-stack.json"),
  };
}

if (import.meta.main) console.log(`Packaged ${(await packageService(".serverless")).zipFile}`);
