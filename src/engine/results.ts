/**
 * A result on its way into the store and back: compressed where that pays, and in a body of its own where it is long.
 *
 * Upholds G13 (what the store cannot hold is found out before the record is written) and G27 (a completed record never
 * refers to a body that was not written before it).
 */
import type { CompletedRecord, InProgressRecord, ResultData } from "../core/record.ts";
import { said } from "../core/said.ts";
import { ResultNotStorableError, StoreUnavailableError } from "../errors.ts";
import { warn } from "../events.ts";
import { ask, type Call, shown } from "./call.ts";
import { compressed, decompressed } from "./compression.ts";
import type { Runtime } from "./runtime.ts";

/** How long a body outlives its record, besides the clock error allowed for: nobody may find the record without it. */
const BODY_OUTLIVES_SECONDS = 3_600;

type Result = CompletedRecord["result"];

export type Placed =
  | { readonly kind: "inline"; readonly result: ResultData }
  | { readonly kind: "body"; readonly data: ResultData }
  | { readonly kind: "unstorable"; readonly reason: string };

/** Where a result's text goes. */
export async function place({ store }: Runtime, text: string): Promise<Placed> {
  const { maxResultBytes, compressAbove = Number.POSITIVE_INFINITY, bodies } = store;
  const plain = Buffer.byteLength(text);
  const data = plain > compressAbove ? await compressed(text) : text;
  const bytes = typeof data === "string" ? plain : data.length;
  if (bytes <= (bodies?.inlineLimit ?? maxResultBytes)) return { kind: "inline", result: data };
  const most = bodies?.maxBytes ?? maxResultBytes;
  if (bytes <= most) return { kind: "body", data };
  const shorter = bytes === plain ? "" : ` (${bytes} compressed)`;
  return { kind: "unstorable", reason: `it is ${plain} bytes${shorter}, and the store holds ${most}` };
}

export interface BodyTerms {
  readonly data: ResultData;
  /** Epoch seconds: the latest that the record may expire. */
  readonly recordExpiresAt: number;
  readonly toleranceMs: number;
}

/** Writes a body for this attempt's record. Rejects as a verb of the store does, and then no record may refer to it. */
export async function writeBody(
  runtime: Runtime,
  call: Call,
  mine: InProgressRecord,
  { data, recordExpiresAt, toleranceMs }: BodyTerms,
  giveUpAt: number,
): Promise<Result> {
  const { bodies } = runtime.store;
  if (bodies === undefined) throw noBodies(call);
  const { id, owner } = mine;
  const expiresAt = recordExpiresAt + Math.ceil(toleranceMs / 1_000) + BODY_OUTLIVES_SECONDS;
  return { ref: await ask(runtime, call, giveUpAt, () => bodies.put({ id, owner, expiresAt, data })) };
}

/**
 * The text of a stored result. Rejects with a `StoreUnavailableError` when it is not to be had now, with a
 * `ResultNotStorableError` when it never will be.
 */
export async function textOf(
  runtime: Runtime,
  call: Call,
  result: Result,
  giveUpAt: number | undefined,
): Promise<string> {
  if (typeof result === "string") return result;
  const data = result instanceof Uint8Array ? result : await readBody(runtime, call, result.ref, giveUpAt);
  try {
    return await decompressed(data);
  } catch (error) {
    throw unreadable(call, said(error));
  }
}

async function readBody(runtime: Runtime, call: Call, ref: string, giveUpAt: number | undefined): Promise<ResultData> {
  const { bodies } = runtime.store;
  if (bodies === undefined) throw noBodies(call);
  const data = await ask(runtime, call, giveUpAt, () => bodies.get(ref));
  if (data === undefined)
    throw unreadable(call, `it lay in \`${ref}\`, where it was deleted before its record expired`);
  return data;
}

function noBodies(call: Call): StoreUnavailableError {
  return new StoreUnavailableError(`The store keeps no results beside their records (${shown(call)}).`, {
    operation: call.operation,
    key: call.key,
    transient: false,
  });
}

/** A caller may be told no more than that there is none: whoever runs the function has to hear of it. */
function unreadable(call: Call, why: string): ResultNotStorableError {
  warn(`A stored outcome of the operation \`${call.operation}\` cannot be read: ${why}`);
  return new ResultNotStorableError(
    `The stored outcome cannot be read, so it cannot be replayed: ${why}. It is not run again (${shown(call)}).`,
    call,
  );
}
