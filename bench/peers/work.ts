/** What every peer's handler does: nothing but to count itself and answer. */
import type { APIGatewayProxyEventV2, Context, SQSEvent } from "aws-lambda";

export type HttpHandler = (event: APIGatewayProxyEventV2, context: Context) => Promise<unknown>;
export type QueueHandler = (event: SQSEvent, context: Context) => Promise<unknown>;

interface Response {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** The benchmark looks on and steers through this. */
export const observed: {
  runs: number;
  workMs: number;
  onRun: (() => void) | undefined;
  /** Called before calls, with whether they are replays of the calls before. */
  before: ((replay: boolean) => void) | undefined;
} = { runs: 0, workMs: 0, onRun: undefined, before: undefined };

/** The header that says how many bytes the response's body has. */
export const SIZE_HEADER = "x-response-bytes";

export function respond(event: APIGatewayProxyEventV2): Response {
  observed.runs++;
  return {
    statusCode: 201,
    headers: { "content-type": "application/json" },
    body: bodyOf(Number(event.headers[SIZE_HEADER] ?? 512)),
  };
}

/** A record's work: so many milliseconds of waiting for something else. */
export async function work(): Promise<void> {
  observed.runs++;
  observed.onRun?.();
  if (observed.workMs > 0) await new Promise((resolve) => void setTimeout(resolve, observed.workMs));
}

const bodies = new Map<number, string>();

function bodyOf(bytes: number): string {
  const known = bodies.get(bytes);
  if (known !== undefined) return known;
  const made = orders(bytes);
  bodies.set(bytes, made);
  return made;
}

/** Order lines as a shop has them: half of it names that come back, half ids and amounts that do not. */
function orders(bytes: number): string {
  let state = 1;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * below);
  };
  let text = '{"orders":[';
  for (let line = 0; ; line++) {
    const id = Array.from({ length: 4 }, () => next(65_536).toString(16).padStart(4, "0")).join("");
    const order = { line, id, sku: `SKU-${next(9_000) + 1_000}`, status: "CONFIRMED", amount: next(1_000_000) / 100 };
    const more = `${line === 0 ? "" : ","}${JSON.stringify(order)}`;
    if (text.length + more.length > bytes - 2) break;
    text += more;
  }
  return `${text.padEnd(bytes - 2)}]}`;
}
