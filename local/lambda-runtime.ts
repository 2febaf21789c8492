// Why: the inside of a function's process. It finds the handler as Lambda does and asks the Runtime API for one event after
// another: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
// Usage: node lambda-runtime.ts, with AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT and _HANDLER in the environment.

import { Agent, request } from "node:http";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Context } from "aws-lambda";

type Handler = (event: unknown, context: Partial<Context>) => unknown;

interface Answer {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

const { AWS_LAMBDA_RUNTIME_API: api = "", LAMBDA_TASK_ROOT: root = "", _HANDLER: name = "" } = process.env;
const agent = new Agent({ keepAlive: true });

// `fetch` gives up on an answer after five minutes; the next event may take longer.
function ask(method: "GET" | "POST", path: string, body = ""): Promise<Answer> {
  return new Promise((done, failed) => {
    const sent = request(`http://${api}/2018-06-01/runtime/${path}`, { method, agent }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => done({ headers: answer.headers, body: Buffer.concat(parts).toString() }));
      answer.on("error", failed);
    });
    sent.on("error", failed);
    sent.end(body);
  });
}

function described(error: unknown): string {
  const { name: errorType = "Error", message = String(error), stack = "" } = (error ?? {}) as Partial<Error>;
  return JSON.stringify({ errorType, errorMessage: message, stackTrace: stack.split("\n") });
}

async function findHandler(): Promise<Handler> {
  const dot = name.lastIndexOf(".");
  const module: Record<string, unknown> = await import(pathToFileURL(resolve(root, `${name.slice(0, dot)}.mjs`)).href);
  const handler = module[name.slice(dot + 1)];
  if (typeof handler !== "function") throw new Error(`${name} is not a function of the bundle.`);
  return handler as Handler;
}

function contextOf(requestId: string, deadline: number): Partial<Context> {
  const { AWS_LAMBDA_FUNCTION_NAME: functionName = "", AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory = "" } = process.env;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName,
    functionVersion: "$LATEST",
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${functionName}`,
    memoryLimitInMB: memory,
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: `local/[$LATEST]${process.pid}`,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

const handler = await findHandler().catch(async (error: unknown) => {
  await ask("POST", "init/error", described(error));
  throw error;
});

for (;;) {
  const { headers, body } = await ask("GET", "invocation/next");
  const requestId = String(headers["lambda-runtime-aws-request-id"]);
  try {
    const context = contextOf(requestId, Number(headers["lambda-runtime-deadline-ms"]));
    const value = await handler(JSON.parse(body), context);
    await ask("POST", `invocation/${requestId}/response`, value === undefined ? "null" : JSON.stringify(value));
  } catch (error) {
    await ask("POST", `invocation/${requestId}/error`, described(error));
  }
}
