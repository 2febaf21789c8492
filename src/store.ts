/**
 * The store port: all that the protocol asks of a database.
 *
 * Three verbs, each **one atomic operation** on one record. The protocol above them is written once, in `core` and
 * `engine`; a store adds no rule of its own, never retries around a verb in a way that could apply it twice unseen,
 * and keeps records for as long as `expiresAt` says, or longer. Upholds G1 and G2 together with `core/transitions.ts`.
 */
import type { InProgressRecord, RecordVersion, ResultData, StoredRecord } from "./core/record.ts";

export type InsertResult =
  | { readonly ok: true }
  /** A record with this id exists, and this is it. */
  | { readonly ok: false; readonly seen: StoredRecord };

export type SwapResult =
  | { readonly ok: true }
  /** Another version stands there, or `undefined`: none at all. */
  | { readonly ok: false; readonly seen: StoredRecord | undefined };

export interface Store {
  /**
   * Creates the record if no record with its id exists, expired or not; otherwise says what is there.
   *
   * A rejected promise means that the outcome is **unknown**: the record may have been created. Reject with a
   * `StoreUnavailableError` to say what to do about it; anything else is wrapped in one.
   */
  insert(record: InProgressRecord): Promise<InsertResult>;

  /**
   * Replaces exactly the version that was seen, which is the one with the same owner, fence and status; otherwise
   * changes nothing and says what is there now. Rejects as `insert` does; with a `ResultNotStorableError` when the
   * database says that the record is too large.
   */
  swap(seen: RecordVersion, next: StoredRecord): Promise<SwapResult>;

  /** A strongly consistent read: it sees every write that was answered before it began. */
  read(id: string): Promise<StoredRecord | undefined>;

  /** The longest `result` that a record can hold, in bytes, UTF-8 or compressed. */
  readonly maxResultBytes: number;

  /** Texts of more bytes than this are compressed where that makes them shorter. Absent: none is. */
  readonly compressAbove?: number;

  /** Where longer results go. Absent: one that a record cannot hold is not stored (G13). */
  readonly bodies?: ResultBodies & {
    /** The longest result, in bytes, that is kept in the record itself. At most `maxResultBytes`. */
    readonly inlineLimit: number;
  };
}

export interface ResultBody {
  /** The record's id. */
  readonly id: string;
  /** The attempt's owner: with the id it names one body, which is written by that attempt alone. */
  readonly owner: string;
  /** Epoch **seconds** from when on nothing refers to it any more. Later than the record's own expiry. */
  readonly expiresAt: number;
  readonly data: ResultData;
}

/** Results beside their records. A body is written before the record that refers to it, once, and never changed (G27). */
export interface ResultBodies {
  /** The longest body, in bytes. */
  readonly maxBytes: number;

  /**
   * Writes a body and gives what `get` finds it by. Resolves when the body is sure to be there; writing it again with
   * the same content is harmless. Rejects as `insert` does, and then nothing may refer to it.
   */
  put(body: ResultBody): Promise<string>;

  /** Sees every body whose `put` was answered before. `undefined`: there is none. Rejects as `read` does. */
  get(ref: string): Promise<ResultData | undefined>;
}
