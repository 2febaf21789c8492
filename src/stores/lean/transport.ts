/**
 * node:https, and node:http for endpoints without TLS alone: DynamoDB Local, and the container's credentials.
 *
 * An `import` of node:http in an ES module reads all that it exports, `WebSocket` with undici behind it among them: 75
 * modules more in a cold start. Asking for it by name reads nothing.
 */
import * as https from "node:https";

export type Transport = Pick<typeof import("node:http"), "Agent" | "request">;

export function plainHttp(): Transport {
  return process.getBuiltinModule("node:http");
}

export function transportOf(url: URL): Transport {
  return url.protocol === "https:" ? (https as Transport) : plainHttp();
}
