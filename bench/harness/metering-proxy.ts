/**
 * Stands between a function and the engine, asks the engine for the capacity units of every request, and adds them up. No peer
 * has to know of it: local engines do not check signatures, so the question can be put into any request.
 */
import { createServer, type IncomingMessage, request as send } from "node:http";

export interface Units {
  readonly write: number;
  readonly read: number;
  /** Refused writes of which the engine told no units, by AWS's rule: the larger item of the two, one unit at least. */
  readonly computedWrite: number;
  readonly refusedWrites: number;
  /** Refused writes of which the engine told the units, as it told them. */
  readonly refusedReported: number;
}

export interface MeteringProxy {
  readonly endpoint: string;
  /** What was used since the last time. */
  readonly take: () => Units;
  readonly stop: () => Promise<void>;
}

const NONE: Units = { write: 0, read: 0, computedWrite: 0, refusedWrites: 0, refusedReported: 0 };

interface Answer {
  readonly ConsumedCapacity?: { readonly CapacityUnits?: number };
}

export async function startMeteringProxy(target: string): Promise<MeteringProxy> {
  let units = NONE;
  /** What the engine charged for the write that stored an item, by its key: that is how large the item is. */
  const stored = new Map<string, number>();

  function meter(operation: string, input: Record<string, unknown>, status: number, answer: Answer): void {
    const told = answer.ConsumedCapacity?.CapacityUnits;
    if (operation === "GetItem") {
      units = { ...units, read: units.read + (told ?? Number.NaN) };
      return;
    }
    if (operation !== "PutItem" && operation !== "UpdateItem") {
      // Nobody shall believe a sum in which something is missing.
      units = { ...units, write: Number.NaN };
      return;
    }
    const key = keyOf(input);
    if (status === 200) {
      stored.set(key, told ?? Number.NaN);
      units = { ...units, write: units.write + (told ?? Number.NaN) };
      return;
    }
    const item = stored.get(key);
    if (item === undefined) return; // A request that is not valid costs nothing.
    units = {
      ...units,
      refusedWrites: units.refusedWrites + 1,
      computedWrite: units.computedWrite + Math.max(1, item),
      refusedReported: units.refusedReported + (told ?? 0),
    };
  }

  const server = createServer(async (incoming, outgoing) => {
    const operation = String(incoming.headers["x-amz-target"]).split(".").at(-1) ?? "";
    const input = JSON.parse((await bytesOf(incoming)).toString()) as Record<string, unknown>;
    const body = JSON.stringify({ ...input, ReturnConsumedCapacity: "TOTAL" });
    const headers = { ...incoming.headers, "content-length": String(Buffer.byteLength(body)) };
    delete headers["accept-encoding"];
    const upstream = send(target, { method: "POST", headers }, async (response) => {
      const bytes = await bytesOf(response);
      const status = response.statusCode ?? 500;
      meter(operation, input, status, status < 500 ? (JSON.parse(bytes.toString()) as Answer) : {});
      // The check sum is of another answer than the one that was asked for.
      const { "x-amz-crc32": _, "transfer-encoding": __, ...kept } = response.headers;
      outgoing.writeHead(status, { ...kept, "content-length": bytes.length });
      outgoing.end(bytes);
    });
    upstream.on("error", (error) => outgoing.destroy(error));
    upstream.end(body);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the metering proxy has no port");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    take() {
      const taken = units;
      units = NONE;
      return taken;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

/** The partition key is called `id` by all peers. */
function keyOf(input: Record<string, unknown>): string {
  const { id } = (input["Key"] ?? input["Item"] ?? {}) as { readonly id?: unknown };
  return JSON.stringify(id);
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
