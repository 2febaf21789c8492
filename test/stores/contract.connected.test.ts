/** The contract of the store port (src/store.ts), which every store passes. G1, G2. */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { CompletedRecord, InProgressRecord, ReleasedRecord } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { onEveryStore } from "../support/stores.ts";

const claim = (id: string, change: Partial<InProgressRecord> = {}): InProgressRecord => ({
  id,
  status: "IN_PROGRESS",
  owner: "owner-a",
  fence: 1_764_000_000_000,
  attempts: 1,
  leaseUntil: 1_764_000_032_000,
  expiresAt: 1_764_086_433,
  payloadHash: "abc",
  createdAt: 1_764_000_000_000,
  ...change,
});

const completed = (mine: InProgressRecord): CompletedRecord => ({
  ...mine,
  status: "COMPLETED",
  result: '{"paid":true}',
  completedAt: 1_764_000_000_500,
});

describe("the store contract", () => {
  onEveryStore((makeStore) => {
    let store: Store;
    beforeAll(async () => {
      store = await makeStore();
    });
    const freshId = (): string => `op#${randomUUID()}`;

    test("insert creates a record that read gives back whole", async () => {
      const record = claim(freshId());
      expect(await store.insert(record)).toEqual({ ok: true });
      expect(await store.read(record.id)).toEqual(record);
    });

    test("insert says what is there, and changes nothing", async () => {
      const first = claim(freshId());
      await store.insert(first);
      expect(await store.insert({ ...first, owner: "owner-b", fence: 1_764_000_000_001 })).toEqual({
        ok: false,
        seen: first,
      });
      expect(await store.read(first.id)).toEqual(first);
    });

    test("insert refuses an expired record too: expiry is the protocol's to judge", async () => {
      const old = claim(freshId(), { expiresAt: 1 });
      await store.insert(old);
      expect(await store.insert({ ...old, owner: "owner-b" })).toEqual({ ok: false, seen: old });
    });

    test("swap replaces the version that was seen", async () => {
      const mine = claim(freshId());
      await store.insert(mine);
      expect(await store.swap(mine, completed(mine))).toEqual({ ok: true });
      expect(await store.read(mine.id)).toEqual(completed(mine));
    });

    test.each([
      ["owner", { owner: "owner-b" }],
      ["fence", { fence: 1_764_000_000_001 }],
    ])("swap refuses another %s, says what is there, and changes nothing", async (_name, change) => {
      const there = claim(freshId());
      await store.insert(there);
      const seen = { ...there, ...change };
      expect(await store.swap(seen, completed(seen))).toEqual({ ok: false, seen: there });
      expect(await store.read(there.id)).toEqual(there);
    });

    test("swap refuses another status: what is completed does not change", async () => {
      const mine = claim(freshId());
      await store.insert(mine);
      await store.swap(mine, completed(mine));
      const again: CompletedRecord = { ...completed(mine), result: '{"paid":false}' };
      expect(await store.swap(mine, again)).toEqual({ ok: false, seen: completed(mine) });
      expect(await store.read(mine.id)).toEqual(completed(mine));
    });

    test("swap says that the record is gone, and does not create it", async () => {
      const mine = claim(freshId());
      expect(await store.swap(mine, completed(mine))).toEqual({ ok: false, seen: undefined });
      expect(await store.read(mine.id)).toBeUndefined();
    });

    test("read gives undefined where there is nothing", async () => {
      expect(await store.read(freshId())).toBeUndefined();
    });

    test("a release keeps fence and attempts, and the next claim takes over from it", async () => {
      const mine = claim(freshId(), { attempts: 3 });
      const released: ReleasedRecord = { ...mine, status: "RELEASED", errorName: "CardDeclined" };
      await store.insert(mine);
      await store.swap(mine, released);
      expect(await store.read(mine.id)).toEqual(released);
      const next = claim(mine.id, { owner: "owner-b", fence: 1_764_000_000_009, attempts: 4 });
      expect(await store.swap(released, next)).toEqual({ ok: true });
      expect(await store.read(mine.id)).toEqual(next);
    });

    test("a record without a fingerprint stays without one", async () => {
      const { payloadHash: _, ...record } = claim(freshId());
      await store.insert(record);
      expect(await store.read(record.id)).toEqual(record);
    });

    test("of twenty inserts at once exactly one succeeds, and the others are told of it", async () => {
      const id = freshId();
      const owners = Array.from({ length: 20 }, (_, i) => `owner-${i}`);
      const answers = await Promise.all(owners.map((owner) => store.insert(claim(id, { owner }))));
      const winners = owners.filter((_, i) => answers[i]?.ok);
      expect(winners).toHaveLength(1);
      const seen = answers.flatMap((answer) => (answer.ok ? [] : [answer.seen.owner]));
      expect(new Set(seen)).toEqual(new Set(winners));
    });

    test("of twenty takeovers of one version exactly one succeeds", async () => {
      const there = claim(freshId());
      await store.insert(there);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          store.swap(there, claim(there.id, { owner: `taker-${i}`, fence: 1_764_000_000_100 + i })),
        ),
      );
      expect(answers.filter((answer) => answer.ok)).toHaveLength(1);
    });

    test("the longest result that the store admits to can be stored", async () => {
      const mine = claim(`${"o".repeat(100)}#${"f".repeat(64)}`, { payloadHash: "a".repeat(64), owner: randomUUID() });
      const long: CompletedRecord = { ...completed(mine), result: "x".repeat(store.maxResultBytes) };
      await store.insert(mine);
      expect(await store.swap(mine, long)).toEqual({ ok: true });
      expect(await store.read(mine.id)).toEqual(long);
    });

    test("text of every kind survives", async () => {
      const mine = claim(freshId());
      const result = JSON.stringify({ a: 'é😀\u0000 "\\', b: "\ud800" });
      await store.insert(mine);
      await store.swap(mine, { ...completed(mine), result });
      expect(await store.read(mine.id)).toEqual({ ...completed(mine), result });
    });
  });
});
