// Why: runs the example under the API Gateway emulator that Serverless users have, on ports of its own, as a process
// tree that can be killed outright and started again on the same tables. Nothing here asks the network or a login.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Child, startChild, untilReady } from "./child-process.ts";
import { freePorts } from "./free-ports.ts";
import { packageFile, repository } from "./paths.ts";
import { localAwsEnvironment, serverlessEnvironment } from "./serverless-environment.ts";

export interface ServiceOptions {
  /** The DynamoDB that the service's functions talk to. */
  readonly dynamoDBEndpoint: string;
  readonly onLine?: (line: string) => void;
}

export interface Service {
  readonly url: string;
  /** The last lines that it printed. */
  readonly output: () => string;
  readonly ended: Promise<string>;
  /** SIGKILL, in the middle of whatever it does. */
  readonly kill: () => Promise<void>;
}

let started = 0;

export async function startService(options: ServiceOptions): Promise<Service> {
  const [httpPort, lambdaPort, albPort, websocketPort] = await freePorts(4);
  const url = `http://127.0.0.1:${httpPort}`;
  const workFolder = join(".build", `offline-${process.pid}-${++started}`);
  const ports = { httpPort, lambdaPort, albPort, websocketPort };
  const flags = Object.entries(ports).flatMap(([name, port]) => [`--${name}`, String(port)]);
  const serverless = packageFile("serverless", "bin/serverless.js");
  const child: Child = startChild(process.execPath, [serverless, "offline", "start", "--host", "127.0.0.1", ...flags], {
    cwd: repository,
    // serverless-offline hands its functions every AWS_ variable that it has itself.
    env: serverlessEnvironment({ ...localAwsEnvironment(options.dynamoDBEndpoint), ESBUILD_WORK_FOLDER: workFolder }),
    ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
  });
  const removeWork = (): void => rmSync(join(repository, workFolder), { recursive: true, force: true });
  process.once("exit", removeWork);
  await untilReady(child, () => fetch(url).then((response) => response.status === 404), "The service", 60_000);
  return {
    url,
    output: child.output,
    ended: child.ended,
    async kill() {
      await child.kill();
      process.removeListener("exit", removeWork);
      removeWork();
    },
  };
}
