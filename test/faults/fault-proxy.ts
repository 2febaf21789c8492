/**
 * An HTTP proxy between the AWS SDK and a real engine, which breaks what a network, a load balancer or DynamoDB itself
 * can break. It lies below the SDK's own retries: what is lost here, the SDK sends again by itself.
 *
 * It is also the witness. Requests about one record are handed to the engine one after the other, so `log` has every write
 * in the very order in which the engine took it, and whether an answer about it ever got back whole.
 */
import { once } from "node:events";
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault, FaultPlan } from "./fault-plan.ts";

/** An item, as the wire has it: `{ status: { S: "COMPLETED" }, fence: { N: "7" } }`. */
export type WireItem = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;

export interface Exchange {
  readonly lane: string;
  readonly id: string;
  readonly nth: number;
  readonly verb: "PutItem" | "GetItem";
  readonly fault: Fault | undefined;
  /** The item that a put brings. */
  readonly item: WireItem | undefined;
  /** Epoch milliseconds. */
  readonly arrivedAt: number;
  /** What the engine said to each copy that reached it, in order. */
  readonly taken: Taken[];
  /** Which of the engine's answers went back whole, to a client that was still there. */
  delivered: Taken | undefined;
}

export interface Taken {
  /** Its place among all that the engine was handed. */
  readonly order: number;
  readonly at: number;
  readonly status: number;
  readonly applied: boolean;
  /** What refused a write, or what was read. */
  readonly seen: WireItem | undefined;
}

export interface FaultProxy extends AsyncDisposable {
  /** For the client of a process. Its lane is its access key id, which has letters and digits alone. */
  readonly endpoint: string;
  readonly log: readonly Exchange[];
  /** From now on nothing breaks. What is on its way late still arrives. */
  readonly heal: () => void;
  /** Breaks every connection of a lane, in both directions: its process is cut off, until `restore` or `heal`. */
  readonly cutOff: (lane: string) => void;
  readonly restore: (lane: string) => void;
  /** Deletes a record behind the library's back, as TTL does, in its turn; `how` says whether there was one to delete. */
  readonly remove: (id: string, how: () => Promise<boolean>) => Promise<void>;
  readonly removals: readonly { readonly id: string; readonly order: number; readonly at: number }[];
  readonly counts: () => Readonly<Partial<Record<Fault, number>>>;
  readonly stop: () => Promise<void>;
}

export interface FaultProxyOptions {
  /** The engine's endpoint. */
  readonly upstream: string;
  readonly plan: FaultPlan;
  /** Longer than the client's time-out: how long what is late is late. */
  readonly lateMs: number;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: 5_000 });
  const log: Exchange[] = [];
  const removals: { id: string; order: number; at: number }[] = [];
  const counts: Partial<Record<Fault, number>> = {};
  const seen = new Map<string, number>();
  const queues = new Map<string, Promise<unknown>>();
  const cut = new Set<string>();
  const late = new Set<Promise<unknown>>();
  let plan: FaultPlan = options.plan;
  let order = 0;

  /** One after the other for each record. */
  function inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const turn = (queues.get(id) ?? Promise.resolve()).then(work, work);
    queues.set(
      id,
      turn.catch(() => undefined),
    );
    return turn;
  }

  function forward(incoming: IncomingMessage, body: Buffer, exchange: Exchange): Promise<Answer> {
    return inTurn(exchange.id, async () => {
      const answer = await send(options.upstream, agent, incoming, body);
      const said = parse(answer.body);
      exchange.taken.push({
        order: order++,
        at: Date.now(),
        status: answer.status,
        applied: exchange.verb === "PutItem" && answer.status === 200,
        seen: said["Item"] as WireItem | undefined,
      });
      return answer;
    });
  }

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const lane = /Credential=(\w+)\//.exec(incoming.headers.authorization ?? "")?.[1] ?? "";
    const body = await bytes(incoming);
    const verb = String(incoming.headers["x-amz-target"]).split(".")[1];
    if (verb !== "PutItem" && verb !== "GetItem") throw new Error(`the library asked for ${verb}`);
    const input = parse(body) as { Item?: WireItem; Key?: WireItem };
    const id = (input.Item ?? input.Key)?.["id"]?.S ?? "";
    const nth = seen.get(`${lane} ${id}`) ?? 0;
    seen.set(`${lane} ${id}`, nth + 1);
    const fault = cut.has(lane) ? "refuse" : plan({ lane, id, nth });
    if (fault !== undefined) counts[fault] = (counts[fault] ?? 0) + 1;
    const exchange: Exchange = {
      lane,
      id,
      nth,
      verb,
      fault,
      item: input.Item,
      arrivedAt: Date.now(),
      taken: [],
      delivered: undefined,
    };
    log.push(exchange);
    const toEngine = (): Promise<Answer> => forward(incoming, body, exchange);
    const reset = (): void => void incoming.socket.resetAndDestroy();
    const write = ({ status, headers }: Answer, body: Buffer, length: number): boolean => {
      if (cut.has(lane) || outgoing.destroyed) {
        reset();
        return false;
      }
      outgoing.writeHead(status, { ...headers, "content-length": length }).write(body);
      return true;
    };
    const deliver = (answer: Answer): void => {
      if (!write(answer, answer.body, answer.body.length)) return;
      if (answer.headers["x-injected"] === undefined) exchange.delivered = exchange.taken.at(-1);
      outgoing.end();
    };

    switch (fault) {
      case undefined:
        return deliver(await toEngine());
      case "refuse":
        return reset();
      case "loseAnswer":
        await toEngine();
        return reset();
      case "delayAnswer": {
        const answer = await toEngine();
        await sleep(options.lateMs);
        return deliver(answer);
      }
      case "lateRequest":
        await sleep(options.lateMs);
        return deliver(await toEngine());
      case "throttle":
        return deliver(nth % 2 === 0 ? THROUGHPUT : THROTTLING);
      case "serverError":
        return deliver(INTERNAL);
      case "unavailable":
        return deliver(UNAVAILABLE);
      case "doneBut500":
        await toEngine();
        return deliver(INTERNAL);
      case "cutBody": {
        const answer = await toEngine();
        const half = answer.body.subarray(0, answer.body.length >> 1);
        if (write(answer, half, answer.body.length)) setImmediate(() => outgoing.destroy());
        return;
      }
      case "shortBody": {
        const answer = await toEngine();
        const half = answer.body.subarray(0, answer.body.length >> 1);
        if (write(answer, half, half.length)) outgoing.end();
        return;
      }
      case "duplicate":
        await toEngine();
        return deliver(await toEngine());
      case "duplicateLate": {
        deliver(await toEngine());
        await sleep(options.lateMs);
        await toEngine();
        return;
      }
    }
  }

  const server = createServer((incoming, outgoing) => {
    const handled = handle(incoming, outgoing).catch((error: unknown) => {
      outgoing.destroy();
      if (!stopped) failures.push(error);
    });
    late.add(handled);
    void handled.then(() => late.delete(handled));
  });
  const failures: unknown[] = [];
  let stopped = false;
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  const stop = async (): Promise<void> => {
    if (stopped) return;
    await Promise.all(late);
    stopped = true;
    server.closeAllConnections();
    server.close();
    agent.destroy();
    if (failures.length > 0) throw new AggregateError(failures, "the fault proxy itself failed");
  };
  return {
    endpoint: `http://127.0.0.1:${port}`,
    log,
    heal: () => {
      plan = () => undefined;
      cut.clear();
    },
    cutOff: (lane) => void cut.add(lane),
    restore: (lane) => void cut.delete(lane),
    removals,
    remove: (id, how) =>
      inTurn(id, async () => {
        if (await how()) removals.push({ id, order: order++, at: Date.now() });
      }),
    counts: () => counts,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

const MODEL = "com.amazonaws.dynamodb.v20120810";
const THROUGHPUT = refusal(
  400,
  `${MODEL}#ProvisionedThroughputExceededException`,
  "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.",
);
const THROTTLING = refusal(
  400,
  "com.amazon.coral.availability#ThrottlingException",
  "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly.",
);
const INTERNAL = refusal(
  500,
  `${MODEL}#InternalServerError`,
  "The request processing has failed because of an unknown error.",
);
const UNAVAILABLE = refusal(503, `${MODEL}#ServiceUnavailable`, "The service is currently unavailable.");

function refusal(status: number, type: string, message: string): Answer {
  const headers = { "content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "INJECTED", "x-injected": "yes" };
  return { status, headers, body: Buffer.from(JSON.stringify({ __type: type, message })) };
}

async function send(upstream: string, agent: Agent, incoming: IncomingMessage, body: Buffer): Promise<Answer> {
  const { host: _host, connection: _connection, ...headers } = incoming.headers;
  const outgoing = request(upstream, { agent, method: incoming.method ?? "POST", path: "/", headers });
  outgoing.end(body);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  const { connection: _c, "keep-alive": _k, "transfer-encoding": _t, ...answered } = response.headers;
  return { status: response.statusCode ?? 0, headers: answered, body: await bytes(response) };
}

async function bytes(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function parse(body: Buffer): Readonly<Record<string, unknown>> {
  return JSON.parse(body.toString());
}
