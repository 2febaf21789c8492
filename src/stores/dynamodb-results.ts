/**
 * Results that are too long for a record: a body in an item of its own, and beyond an item, in a store of large results.
 *
 * A refused write costs what a write of the record costs, so a replay of a long record would cost as much as storing it.
 * With a body the record stays within one unit, and the replay is that unit and a read.
 */
import type { ResultData } from "../core/record.ts";
import { InvalidOptionsError, StoreUnavailableError } from "../errors.ts";
import type { ResultBodies } from "../store.ts";
import { explain } from "./dynamodb-errors.ts";
import { resultData, type Table, toBodyItem } from "./dynamodb-item.ts";
import type { ItemClient } from "./item-client.ts";

/** DynamoDB's item limit of 400 KB, less what a record holds besides its result. */
export const MAX_RESULT_BYTES: number = 400 * 1_024 - 2_048;

/** From here on a result costs a unit more than the smallest record does. */
export const COMPRESS_ABOVE = 1_024;

/** Above, a replay from a body costs less than a third of one from the record; a new call one write more. */
const INLINE_LIMIT = 4_096;

export interface ResultOptions {
  /**
   * The longest result, in bytes as stored, that is kept in the record itself. A longer one goes into an item of its own:
   * one write more for a new call, and replays that cost a write unit and a read. 0 to 407 552. Default: 4 096.
   */
  readonly inlineLimit?: number;
  /** Results of more bytes than this are compressed; `Infinity` leaves all of them readable. Default: 1 024. */
  readonly compressAbove?: number;
  /** Where results go that no item holds, such as `s3Results({ bucket })`. Default: they cannot be stored. */
  readonly largeResults?: ResultBodies;
}

/** Throws an {@link InvalidOptionsError}. */
export function checkResultOptions(maker: string, options: ResultOptions): void {
  const { inlineLimit = 0, compressAbove = 0, largeResults } = options;
  const fail = (what: string): InvalidOptionsError => new InvalidOptionsError(`${maker}: ${what}.`);
  if (!Number.isSafeInteger(inlineLimit) || inlineLimit < 0 || inlineLimit > MAX_RESULT_BYTES)
    throw fail(`\`inlineLimit\` must be a whole number of bytes from 0 to ${MAX_RESULT_BYTES}`);
  if (compressAbove !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(compressAbove) && compressAbove >= 0))
    throw fail("`compressAbove` must be a whole number of bytes, 0 or more, or `Infinity`");
  if (largeResults === undefined) return;
  const verbs = [
    (largeResults as Partial<ResultBodies> | null)?.put,
    (largeResults as Partial<ResultBodies> | null)?.get,
  ];
  if (verbs.some((verb) => typeof verb !== "function") || !(largeResults.maxBytes > 0))
    throw fail('`largeResults` must be such as `s3Results({ bucket })` from "lambda-once/s3"');
}

const IN_ITEM = "item:";

/** Item or large store, by length; the reference tells which. */
export function bodiesOf(
  client: ItemClient,
  table: Table,
  { inlineLimit = INLINE_LIMIT, largeResults }: ResultOptions,
): ResultBodies & { readonly inlineLimit: number } {
  const { name, names } = table;
  return {
    inlineLimit,
    maxBytes: Math.max(MAX_RESULT_BYTES, largeResults?.maxBytes ?? 0),
    async put(body) {
      if (largeResults !== undefined && lengthOf(body.data) > MAX_RESULT_BYTES) return await largeResults.put(body);
      const id = `${body.id}#${body.owner}`;
      try {
        await client.put(name, toBodyItem(id, body, names));
      } catch (error) {
        throw explain(error, table, "dynamodb:PutItem");
      }
      return `${IN_ITEM}${id}`;
    },
    async get(ref) {
      if (!ref.startsWith(IN_ITEM)) {
        if (largeResults === undefined) throw elsewhere(table, ref);
        return await largeResults.get(ref);
      }
      try {
        const item = await client.get(name, { [names.id]: { S: ref.slice(IN_ITEM.length) } });
        return item && resultData(item, table);
      } catch (error) {
        throw explain(error, table, "dynamodb:GetItem");
      }
    },
  };
}

function lengthOf(data: ResultData): number {
  return typeof data === "string" ? Buffer.byteLength(data) : data.length;
}

function elsewhere(table: Table, ref: string): StoreUnavailableError {
  return new StoreUnavailableError(
    `Idempotency table \`${table.name}\`: an outcome lies in \`${ref}\`. Give the store the \`largeResults\` that it was stored with.`,
    { transient: false },
  );
}
