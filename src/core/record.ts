/**
 * The record: one per idempotency key, and the states it can be in.
 *
 * Everything here is data. Stores translate a record to their own format; nothing above the store port knows that format.
 */

/** What every state of a record has. Times are epoch milliseconds unless the name says otherwise. */
interface RecordBase {
  /** Readable operation, `#`, SHA-256 (hex) of everything that scopes the key. */
  readonly id: string;
  /** A fresh UUID for each attempt. */
  readonly owner: string;
  /** Rises with every claim of this id. */
  readonly fence: number;
  /** How often it was claimed since it was last fresh. */
  readonly attempts: number;
  /** Until when the owner may be running. */
  readonly leaseUntil: number;
  /** Epoch **seconds**: the table's TTL attribute. Checked when read, since DynamoDB deletes late. */
  readonly expiresAt: number;
  /** Fingerprint of what must not change under one key; absent when the check is off. */
  readonly payloadHash?: string;
  /** When the first attempt claimed it. For people. */
  readonly createdAt: number;
}

export interface InProgressRecord extends RecordBase {
  readonly status: "IN_PROGRESS";
}

/** An outcome's text as it is stored: the codec's own, or its compressed UTF-8. */
export type ResultData = string | Uint8Array;

/** Where an outcome lies that is too long for the record: written before any record says so, and never changed. */
export interface BodyRef {
  readonly ref: string;
}

export interface CompletedRecord extends RecordBase {
  readonly status: "COMPLETED";
  readonly result: ResultData | BodyRef;
  readonly completedAt: number;
}

/** An attempt that ended without an outcome to keep. The fence and the count of attempts go on from here. */
export interface ReleasedRecord extends RecordBase {
  readonly status: "RELEASED";
  /** The name of the error that ended the attempt. For people. */
  readonly errorName?: string;
}

/** Parked: it failed as often as the caller allows, and is not run again before it expires. */
export interface FailedRecord extends RecordBase {
  readonly status: "FAILED";
  /** The name of the error that ended the last attempt; absent when that attempt died. For people. */
  readonly errorName?: string;
}

export type StoredRecord = InProgressRecord | CompletedRecord | ReleasedRecord | FailedRecord;

/** Exactly one version of a record: what a `swap` compares. */
export type RecordVersion = Pick<StoredRecord, "id" | "owner" | "fence" | "status">;
