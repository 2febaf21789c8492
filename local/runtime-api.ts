// Why: the outside of a function's processes: Lambda's Runtime API, from which each of them takes its events and to which it
// gives its answers. One server serves all processes of a function; each has a path of its own.

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Assignment {
  readonly requestId: string;
  readonly deadline: number;
  readonly payload: string;
}

export type Answer =
  | { readonly kind: "returned"; readonly payload: string }
  | { readonly kind: "threw"; readonly error: string };

/** What the API asks of the process behind a path. */
export interface Process {
  /** The process is ready: resolves when there is something to do. */
  readonly next: () => Promise<Assignment>;
  readonly answer: (requestId: string, answer: Answer) => void;
  readonly initFailed: (error: string) => void;
}

export interface RuntimeApi {
  /** What `AWS_LAMBDA_RUNTIME_API` has to be for a process. */
  readonly addressOf: (name: string) => string;
  readonly stop: () => Promise<void>;
}

const route =
  /^\/(?<name>[^/]+)\/2018-06-01\/runtime\/(?:invocation\/(?<id>[^/]+)|init)(?:\/(?<what>response|error))?$/;

export async function startRuntimeApi(find: (name: string) => Process | undefined): Promise<RuntimeApi> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    serve(find, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    addressOf: (name) => `127.0.0.1:${port}/${name}`,
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(
  find: (name: string) => Process | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { name = "", id, what } = route.exec(request.url ?? "")?.groups ?? {};
  const process = find(name);
  if (process === undefined) {
    response.writeHead(404).end();
    return;
  }
  if (request.method === "GET") {
    const { requestId, deadline, payload } = await process.next();
    response.writeHead(200, {
      "Content-Type": "application/json",
      "Lambda-Runtime-Aws-Request-Id": requestId,
      "Lambda-Runtime-Deadline-Ms": String(deadline),
    });
    response.end(payload);
    return;
  }
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = Buffer.concat(parts).toString();
  if (id === undefined) process.initFailed(summary(body));
  else
    process.answer(
      id,
      what === "error" ? { kind: "threw", error: summary(body) } : { kind: "returned", payload: body },
    );
  response.writeHead(202).end();
}

function summary(body: string): string {
  const { errorType, errorMessage } = JSON.parse(body) as { readonly errorType: string; readonly errorMessage: string };
  return `${errorType}: ${errorMessage}`;
}
