/** The state machine as a table: every state of a record against every request, in literal values (G2 to G5, G7, G9, G14). */
import { describe, expect, test } from "vitest";
import type {
  CompletedRecord,
  FailedRecord,
  InProgressRecord,
  ReleasedRecord,
  StoredRecord,
} from "../../src/core/record.ts";
import { claimed, completed, decideClaim, decideSettled, parked, released } from "../../src/core/transitions.ts";

/** Claimed at 1 000 000 ms with a lease to 1 032 000, tolerance 1 000: free from 1 033 001, expired from 2 000 000. */
const RUNNING: InProgressRecord = {
  id: "op#1",
  status: "IN_PROGRESS",
  owner: "owner-a",
  fence: 1_000_000,
  attempts: 3,
  leaseUntil: 1_032_000,
  expiresAt: 2_000,
  payloadHash: "same",
  createdAt: 1_000_000,
};
const DONE: CompletedRecord = { ...RUNNING, status: "COMPLETED", result: '"paid"', completedAt: 1_001_000 };
const GIVEN_UP: ReleasedRecord = { ...RUNNING, status: "RELEASED" };
const PARKED: FailedRecord = { ...RUNNING, status: "FAILED", errorName: "CardDeclined" };
const unhashed = <T extends StoredRecord>({ payloadHash: _, ...record }: T): StoredRecord => record as StoredRecord;

const FRESH = { kind: "claimable", takeover: false, attempts: 1 };
const NEXT = { kind: "claimable", takeover: false, attempts: 4, createdAt: 1_000_000 };
const TAKEOVER = { kind: "claimable", takeover: true, attempts: 4, createdAt: 1_000_000 };
const BUSY = { kind: "busy", freeAt: 1_033_001 };
const MISMATCH = { kind: "mismatch" };
const EXHAUSTED = { kind: "exhausted", parked: false };
const STAYS_PARKED = { kind: "exhausted", parked: true };
const REPLAY = { kind: "replay", record: DONE };

describe("what a record that was met means for a claimant", () => {
  test.each<
    [
      string,
      StoredRecord,
      { owner?: string; payloadHash?: string | undefined; now: number; maxAttempts?: number },
      object,
    ]
  >([
    // In progress
    [
      "running: mine, so an answer was lost",
      RUNNING,
      { owner: "owner-a", now: 1_000_500 },
      { kind: "mine", record: RUNNING },
    ],
    [
      "running: mine, after the lease",
      RUNNING,
      { owner: "owner-a", now: 1_900_000 },
      { kind: "mine", record: RUNNING },
    ],
    [
      "running: mine, after the expiry",
      RUNNING,
      { owner: "owner-a", now: 9_000_000 },
      { kind: "mine", record: RUNNING },
    ],
    ["running: another's, lease live", RUNNING, { now: 1_000_500 }, BUSY],
    ["running: on the last millisecond of the lease", RUNNING, { now: 1_032_000 }, BUSY],
    ["running: lease over by less than the tolerance", RUNNING, { now: 1_032_999 }, BUSY],
    ["running: lease over by exactly the tolerance", RUNNING, { now: 1_033_000 }, BUSY],
    ["running: one millisecond later", RUNNING, { now: 1_033_001 }, TAKEOVER],
    ["running: other payload, lease live", RUNNING, { payloadHash: "other", now: 1_000_500 }, MISMATCH],
    ["running: other payload, lease over", RUNNING, { payloadHash: "other", now: 1_500_000 }, MISMATCH],
    ["running: other payload, expired", RUNNING, { payloadHash: "other", now: 2_000_000 }, FRESH],
    ["running: the claimant checks no payload", RUNNING, { payloadHash: undefined, now: 1_000_500 }, BUSY],
    ["running: the record has no payload", unhashed(RUNNING), { now: 1_033_001 }, TAKEOVER],
    ["running: expired and its lease over", RUNNING, { now: 2_000_000 }, FRESH],
    ["running: expired while its lease is live", { ...RUNNING, expiresAt: 1_000 }, { now: 1_032_500 }, BUSY],
    ["running: expired, on the last millisecond", { ...RUNNING, expiresAt: 1_000 }, { now: 1_033_000 }, BUSY],
    ["running: expired, one millisecond later", { ...RUNNING, expiresAt: 1_000 }, { now: 1_033_001 }, FRESH],
    // Completed
    ["done: same payload", DONE, { now: 1_002_000 }, REPLAY],
    ["done: mine (an attempt of this call finished elsewhere)", DONE, { owner: "owner-a", now: 1_002_000 }, REPLAY],
    ["done: long after the lease", DONE, { now: 1_999_999 }, REPLAY],
    ["done: other payload", DONE, { payloadHash: "other", now: 1_002_000 }, MISMATCH],
    ["done: other payload, last millisecond", DONE, { payloadHash: "other", now: 1_999_999 }, MISMATCH],
    ["done: the claimant checks no payload", DONE, { payloadHash: undefined, now: 1_002_000 }, REPLAY],
    ["done: expired", DONE, { now: 2_000_000 }, FRESH],
    ["done: expired before its lease would have ended", { ...DONE, expiresAt: 1_010 }, { now: 1_010_000 }, FRESH],
    ["done: expired, other payload", DONE, { payloadHash: "other", now: 2_000_000 }, FRESH],
    // Released
    ["given up: same payload", GIVEN_UP, { now: 1_002_000 }, NEXT],
    ["given up: other payload", GIVEN_UP, { payloadHash: "other", now: 1_002_000 }, NEXT],
    ["given up: mine", GIVEN_UP, { owner: "owner-a", now: 1_002_000 }, NEXT],
    ["given up: after what was its lease", GIVEN_UP, { now: 1_500_000 }, NEXT],
    ["given up: expired", GIVEN_UP, { now: 2_000_000 }, FRESH],
    // Parked, and as many attempts as there may be (all these records were claimed three times)
    ["parked: there may be three attempts", PARKED, { maxAttempts: 3, now: 1_002_000 }, STAYS_PARKED],
    ["parked: there may be more by now", PARKED, { maxAttempts: 4, now: 1_002_000 }, NEXT],
    ["parked: no limit any more", PARKED, { now: 1_002_000 }, NEXT],
    ["parked: expired", PARKED, { maxAttempts: 3, now: 2_000_000 }, FRESH],
    ["given up: it was the last attempt", GIVEN_UP, { maxAttempts: 3, now: 1_002_000 }, EXHAUSTED],
    ["given up: one attempt is left", GIVEN_UP, { maxAttempts: 4, now: 1_002_000 }, NEXT],
    ["given up: expired, whatever the limit", GIVEN_UP, { maxAttempts: 1, now: 2_000_000 }, FRESH],
    ["running: the last attempt is live", RUNNING, { maxAttempts: 3, now: 1_000_500 }, BUSY],
    ["running: the last attempt died", RUNNING, { maxAttempts: 3, now: 1_033_001 }, EXHAUSTED],
    [
      "running: mine, the last attempt",
      RUNNING,
      { owner: "owner-a", maxAttempts: 3, now: 1_000_500 },
      { kind: "mine" },
    ],
    ["done: by the last attempt", DONE, { maxAttempts: 3, now: 1_002_000 }, REPLAY],
    [
      "done: other payload, by the last attempt",
      DONE,
      { payloadHash: "other", maxAttempts: 3, now: 1_002_000 },
      MISMATCH,
    ],
  ])("%s", (_name, seen, me, decision) => {
    const claimant = { owner: "owner-b", payloadHash: "same", toleranceMs: 1_000, ...me };
    expect(decideClaim(seen, claimant)).toMatchObject(decision);
  });

  test("a fresh claim over an expired record begins anew", () => {
    const me = { owner: "owner-b", payloadHash: "same", toleranceMs: 1_000, now: 2_000_000 };
    expect(decideClaim(DONE, me)).toEqual({ kind: "claimable", takeover: false, attempts: 1, createdAt: 2_000_000 });
  });

  test("without a tolerance a lease ends with its last millisecond", () => {
    const me = { owner: "owner-b", payloadHash: "same", toleranceMs: 0 };
    expect(decideClaim(RUNNING, { ...me, now: 1_032_000 })).toEqual({ kind: "busy", freeAt: 1_032_001 });
    expect(decideClaim(RUNNING, { ...me, now: 1_032_001 })).toMatchObject({ takeover: true });
  });
});

describe("what a refused completion or release means", () => {
  const complete = completed(RUNNING, '"mine"', 1_002_000, 86_400);
  const release = released(RUNNING, "CardDeclined", 1_002_000, 86_400);
  const other = { ...RUNNING, owner: "owner-b", fence: 1_000_001 };
  const otherDone: CompletedRecord = { ...DONE, owner: "owner-b" };
  const otherGivenUp: ReleasedRecord = { ...GIVEN_UP, owner: "owner-b" };

  test.each<[string, StoredRecord | undefined, CompletedRecord | ReleasedRecord, object]>([
    ["completion: mine is there", DONE, complete, { kind: "done" }],
    ["completion: gone", undefined, complete, { kind: "gone" }],
    ["completion: another is running", other, complete, { kind: "lost", record: other }],
    ["completion: another has finished", otherDone, complete, { kind: "superseded", record: otherDone }],
    [
      "completion: another has finished with another payload",
      { ...otherDone, payloadHash: "other" },
      complete,
      { kind: "lost", record: { ...otherDone, payloadHash: "other" } },
    ],
    ["completion: another has given up", otherGivenUp, complete, { kind: "lost", record: otherGivenUp }],
    ["completion: mine, but given up", GIVEN_UP, complete, { kind: "lost", record: GIVEN_UP }],
    ["release: mine is there", GIVEN_UP, release, { kind: "done" }],
    ["release: gone", undefined, release, { kind: "gone" }],
    ["release: another is running", other, release, { kind: "lost", record: other }],
    ["release: another has given up", otherGivenUp, release, { kind: "lost", record: otherGivenUp }],
    ["release: another has finished", otherDone, release, { kind: "superseded", record: otherDone }],
  ])("%s", (_name, seen, next, decision) => {
    expect(decideSettled(seen, RUNNING, next)).toEqual(decision);
  });
});

describe("the next version of a record", () => {
  test("a claim", () => {
    const terms = { id: "op#1", owner: "owner-a", fence: 7, attempts: 2, createdAt: 1_000_000, leaseUntil: 1_032_000 };
    expect(claimed({ ...terms, payloadHash: "same", toleranceMs: 1_000, ttlSeconds: 86_400 })).toEqual({
      id: "op#1",
      status: "IN_PROGRESS",
      owner: "owner-a",
      fence: 7,
      attempts: 2,
      leaseUntil: 1_032_000,
      expiresAt: 87_433,
      payloadHash: "same",
      createdAt: 1_000_000,
    });
  });

  test("a claim without a fingerprint has no such property", () => {
    const terms = { id: "op#1", owner: "owner-a", fence: 7, attempts: 1, createdAt: 1, leaseUntil: 2 };
    expect(claimed({ ...terms, payloadHash: undefined, toleranceMs: 0, ttlSeconds: 1 })).not.toHaveProperty(
      "payloadHash",
    );
  });

  test("a completion is the claim with its outcome, and lives from now on", () => {
    expect(completed(RUNNING, '"paid"', 1_005_001, 86_400)).toEqual({
      ...RUNNING,
      status: "COMPLETED",
      result: '"paid"',
      completedAt: 1_005_001,
      expiresAt: 87_406,
    });
  });

  test("a release keeps the fence and the count of attempts", () => {
    expect(released(RUNNING, "CardDeclined", 1_005_000, 60)).toEqual({
      ...RUNNING,
      status: "RELEASED",
      errorName: "CardDeclined",
      expiresAt: 1_065,
    });
    expect(released(RUNNING, undefined, 1_005_000, 60)).not.toHaveProperty("errorName");
  });

  test("a parked record keeps whose it was and how often it was tried", () => {
    const expected = { ...RUNNING, status: "FAILED", errorName: "CardDeclined", expiresAt: 1_065 };
    expect(parked(RUNNING, "CardDeclined", 1_005_000, 60)).toEqual(expected);
    expect(parked({ ...GIVEN_UP, errorName: "Old" }, undefined, 1_005_000, 60)).not.toHaveProperty("errorName");
    expect(parked(DONE, undefined, 1_005_000, 60)).not.toHaveProperty("result");
    expect(parked(unhashed(RUNNING), undefined, 1_005_000, 60)).not.toHaveProperty("payloadHash");
  });
});
