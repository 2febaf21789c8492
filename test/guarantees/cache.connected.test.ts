/** The in-process cache: a replay that asks nobody is judged as the store's answer would be. G5, G6, G7, G8, G21. */
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createCache } from "../../src/engine/cache.ts";
import { everyOutcome, executeOnce, isPayloadMismatchError, isResultNotStorableError } from "../../src/index.ts";
import { type CountedStore, counted } from "../support/batch-events.ts";
import { fail, faultyStore } from "../support/faults.ts";
import { noise } from "../support/noise.ts";
import { errorOf, payment, protect, recorder, recordIdOf } from "../support/payments.ts";
import { onEveryTable, type Table } from "../support/tables.ts";

describe("the cache", () => {
  onEveryTable((makeTable) => {
    let table: Table;
    let store: CountedStore;
    beforeAll(async () => {
      table = await makeTable();
    });
    beforeEach(() => {
      store = counted(table.store);
    });

    test("answers a replay without asking the store: of its own call, and of one it has seen replayed", async () => {
      const event = payment();
      const told = recorder();
      const handler = vi.fn(() => ({ charge: "ch_1" }));
      const pay = protect(store, handler, { cache: {}, onEvent: told.onEvent });
      expect(await pay(event)).toEqual({ charge: "ch_1" });
      expect(await pay(event)).toEqual({ charge: "ch_1" });
      expect(store.verbs).toEqual(["insert", "swap"]);
      const elsewhere = counted(table.anotherProcess());
      const payElsewhere = protect(elsewhere, handler, { cache: {}, onEvent: told.onEvent });
      expect(await payElsewhere(event)).toEqual({ charge: "ch_1" });
      expect(await payElsewhere(event)).toEqual({ charge: "ch_1" });
      expect(elsewhere.verbs).toEqual(["insert"]);
      expect(told.types()).toEqual(["claimed", "completed", "replayed", "replayed", "replayed"]);
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test("is off by default: every replay is one request", async () => {
      const event = payment();
      const pay = protect(store, () => "paid");
      await pay(event);
      await pay(event);
      await pay(event);
      expect(store.verbs).toEqual(["insert", "swap", "insert", "insert"]);
    });

    test("hands out copies: what a caller does to one changes no other", async () => {
      const event = payment();
      const pay = protect(store, () => ({ items: [1] }), { cache: {} });
      ((await pay(event)) as { items: number[] }).items.push(2);
      ((await pay(event)) as { items: number[] }).items.push(3);
      expect(await pay(event)).toEqual({ items: [1] });
    });

    test("refuses another payload, and asks nobody for that", async () => {
      const event = payment(100);
      const handler = vi.fn(() => "paid");
      const told = recorder();
      const pay = protect(store, handler, { cache: {}, onEvent: told.onEvent });
      await pay(event);
      expect(await errorOf(pay({ ...event, amount: 200 }))).toSatisfy(isPayloadMismatchError);
      expect(store.verbs).toEqual(["insert", "swap"]);
      expect(told.types()).toEqual(["claimed", "completed", "mismatch"]);
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test("holds nothing beyond its expiry", async () => {
      vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
      try {
        const event = payment();
        let runs = 0;
        const pay = protect(store, () => ++runs, { cache: {}, ttlSeconds: 60 });
        expect(await pay(event)).toBe(1);
        vi.setSystemTime(1_800_000_059_999);
        expect(await pay(event)).toBe(1);
        expect(store.verbs).toEqual(["insert", "swap"]);
        vi.setSystemTime(1_800_000_060_000);
        expect(await pay(event)).toBe(2);
        expect(await pay(event)).toBe(2);
        expect(store.verbs).toEqual(["insert", "swap", "insert", "swap", "swap"]);
      } finally {
        vi.useRealTimers();
      }
    });

    test("holds only what is completed: not what was released, not what could not be stored", async () => {
      const event = payment();
      let runs = 0;
      const pay = protect(
        store,
        () => {
          if (++runs === 1) throw new Error("declined");
          return runs;
        },
        { cache: {} },
      );
      await errorOf(pay(event));
      expect(await pay(event)).toBe(2);
      const faulty = faultyStore(table.store);
      const [other, handler] = [payment(), vi.fn(() => "paid")];
      faulty.every("complete", fail);
      const payFaulty = protect(faulty, handler, { cache: {} });
      expect(await payFaulty(other)).toBe("paid");
      expect(await errorOf(payFaulty(other))).toMatchObject({ name: "InProgressError" });
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test("holds errors that are outcomes, and that a result could not be stored", async () => {
      const [declined, unstorable] = [payment(), payment()];
      const declining = protect(store, () => Promise.reject(new RangeError("declined")), {
        cache: {},
        shouldStore: everyOutcome,
      });
      await errorOf(declining(declined));
      const replay = await errorOf(declining(declined));
      expect(replay).toBeInstanceOf(RangeError);
      expect(replay).toMatchObject({ message: "declined" });
      const pay = protect(store, () => () => 1, { cache: {} });
      await pay(unstorable);
      expect(await errorOf(pay(unstorable))).toSatisfy(isResultNotStorableError);
      expect(store.verbs).toEqual(["insert", "swap", "insert", "swap"]);
    });

    test("keeps tenants apart, and operations", async () => {
      const event = payment();
      const options = (tenant: string, operation: string) => ({ cache: {}, tenant: () => tenant, operation });
      expect(await protect(store, () => "a", options("a", "pay"))(event)).toBe("a");
      expect(await protect(store, () => "b", options("b", "pay"))(event)).toBe("b");
      expect(await protect(store, () => "c", options("a", "refund"))(event)).toBe("c");
      expect(await protect(store, () => "no", options("a", "pay"))(event)).toBe("a");
    });

    test("drops the least recently used outcome beyond `maxItems`", async () => {
      const [a, b, c] = [payment(), payment(), payment()];
      const pay = protect(store, () => "paid", { cache: { maxItems: 2 } });
      await pay(a);
      await pay(b);
      await pay(a);
      await pay(c);
      store.verbs.length = 0;
      await pay(a);
      await pay(c);
      expect(store.verbs).toEqual([]);
      await pay(b);
      expect(store.verbs).toEqual(["insert"]);
    });

    test("takes no more than `maxBytes`, and never an outcome that is larger", async () => {
      const [a, b, huge] = [payment(), payment(), payment()];
      const pay = protect(store, (event) => noise(event.amount), { cache: { maxBytes: 50_000 } });
      const [first, second, third] = [
        { ...a, amount: 10_000 },
        { ...b, amount: 10_000 },
        { ...huge, amount: 60_000 },
      ];
      await pay(first);
      await pay(second);
      await pay(first);
      expect(store.verbs).toEqual(["insert", "swap", "insert", "swap"]);
      await pay(third);
      store.verbs.length = 0;
      expect(await pay(third)).toHaveLength(60_000);
      expect(store.verbs).toEqual(["insert"]);
    });

    test("keeps an outcome once: its text, and not what is stored of it as well", async () => {
      const [event, kept] = [payment(), createCache({})];
      await protect(store, () => "x".repeat(5_000))(event);
      const record = await store.read(await recordIdOf(store, event));
      if (record?.status !== "COMPLETED") throw new Error("there should be an outcome");
      expect(record.result).toBeInstanceOf(Uint8Array);
      kept.keep({ record, text: "the text" });
      expect(kept.get(record.id)).toEqual({ record: { ...record, result: "the text" }, text: "the text" });
    });

    test("serves `executeOnce` too, whose options are new at each call", async () => {
      const { key } = payment();
      const once = () => executeOnce(key, () => "shipped", { store, operation: "ship", cache: { maxItems: 10 } });
      expect(await once()).toEqual({ value: "shipped", replayed: false });
      expect(await once()).toEqual({ value: "shipped", replayed: true });
      expect(store.verbs).toEqual(["insert", "swap"]);
    });
  });
});
