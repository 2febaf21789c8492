/**
 * Records in the memory of this process: for tests and local work. Every Lambda instance has a memory of its own, so it
 * protects nothing in production.
 */
import type { StoredRecord } from "../core/record.ts";
import { InvalidOptionsError } from "../errors.ts";
import type { Store } from "../store.ts";

/** DynamoDB's item limit less what a record holds besides its result: what is stored here can be stored there. */
const DEFAULT_MAX_RESULT_BYTES = 400 * 1_024 - 2_048;

/** As the DynamoDB store does by default. */
const COMPRESS_ABOVE = 1_024;

/** Expired records are looked for once for this many inserts, so that a long test run does not grow without end. */
const SWEEP_EVERY = 1_000;

export interface MemoryStoreOptions {
  /** The longest stored result, in bytes, compressed where that makes it shorter. Default: what the DynamoDB store can hold, 407 552. */
  readonly maxResultBytes?: number;
}

/** A store that forgets when the process ends. Each call makes a store of its own. */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  if (typeof options !== "object" || options === null) {
    throw new InvalidOptionsError("memoryStore: the options must be an object such as `{ maxResultBytes }`.");
  }
  const { maxResultBytes = DEFAULT_MAX_RESULT_BYTES, ...unknown } = options;
  const [name] = Object.keys(unknown);
  if (name !== undefined)
    throw new InvalidOptionsError(`memoryStore: unknown option \`${name}\`. Allowed: maxResultBytes.`);
  if (!Number.isSafeInteger(maxResultBytes) || maxResultBytes < 1) {
    throw new InvalidOptionsError("memoryStore: `maxResultBytes` must be a whole number of bytes, 1 or more.");
  }
  const records = new Map<string, StoredRecord>();
  let inserts = 0;

  return {
    maxResultBytes,
    compressAbove: COMPRESS_ABOVE,
    async insert(record) {
      if (++inserts % SWEEP_EVERY === 0) sweep(records);
      const seen = records.get(record.id);
      if (seen !== undefined) return { ok: false, seen };
      records.set(record.id, Object.freeze({ ...record }));
      return { ok: true };
    },
    async swap(version, next) {
      const seen = records.get(version.id);
      if (seen?.owner !== version.owner || seen.fence !== version.fence || seen.status !== version.status) {
        return { ok: false, seen };
      }
      records.set(next.id, Object.freeze({ ...next }));
      return { ok: true };
    },
    async read(id) {
      return records.get(id);
    },
  };
}

/** As TTL does, and as late: an hour after the expiry, when no clock in doubt could still need the record. */
function sweep(records: Map<string, StoredRecord>): void {
  const now = Date.now();
  for (const [id, record] of records) if (record.expiresAt * 1_000 + 3_600_000 < now) records.delete(id);
}
