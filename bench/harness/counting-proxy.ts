/** Stands between a function and the engine, changes nothing, and counts what goes through: requests, and bytes both ways. */
import { connect, createServer, type Socket } from "node:net";

export interface Counts {
  readonly requests: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

export interface CountingProxy {
  readonly endpoint: string;
  /** What went through since the last time. */
  readonly take: () => Counts;
  readonly stop: () => Promise<void>;
}

/** Where a request begins. Bodies are JSON and hold no line breaks. */
const REQUEST_LINE = /^[A-Z]+ \S+ HTTP\/1\.1\r$/;

export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let counts: Counts = { requests: 0, sentBytes: 0, receivedBytes: 0 };
  const count = (more: Counts): void => {
    counts = {
      requests: counts.requests + more.requests,
      sentBytes: counts.sentBytes + more.sentBytes,
      receivedBytes: counts.receivedBytes + more.receivedBytes,
    };
  };

  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true });
    let rest = "";
    client.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString("latin1")).split("\n");
      rest = lines.pop() ?? "";
      // A body has no line break at its end: the next request's first line follows it at once, after its closing brace.
      const requests = lines.filter((line) => REQUEST_LINE.test(line.slice(line.lastIndexOf("}") + 1))).length;
      count({ requests, sentBytes: chunk.length, receivedBytes: 0 });
    });
    upstream.on("data", (chunk: Buffer) => count({ requests: 0, sentBytes: 0, receivedBytes: chunk.length }));
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the counting proxy has no port");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    take() {
      const taken = counts;
      counts = { requests: 0, sentBytes: 0, receivedBytes: 0 };
      return taken;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}
