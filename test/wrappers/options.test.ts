/** The common options of every wrapper: what they are by default, and what each of them changes (G8, G9, G10, G11, G14, G24). */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Execution } from "../../src/index.ts";
import { gate } from "../support/gate.ts";
import { lambdaContext } from "../support/lambda-context.ts";
import { downStore, probeStore } from "../support/probe-store.ts";
import { type Request, WRAPPERS } from "./every-wrapper.ts";

const NOW = 1_764_000_000_000;
const NO_CONTEXT = {} as never;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each(WRAPPERS)("$name", ({ wrap, requiresKey }) => {
  describe("ttlSeconds", () => {
    test("an outcome lives for a day from its completion", async () => {
      const store = probeStore();
      await wrap({ store }, () => void vi.setSystemTime(NOW + 5_000))();
      expect(store.last()).toMatchObject({
        status: "COMPLETED",
        completedAt: 1_764_000_005_000,
        expiresAt: 1_764_086_405,
      });
    });

    test("or for as long as it says: then it counts as none", async () => {
      let runs = 0;
      const call = wrap({ store: probeStore(), ttlSeconds: 60 }, () => ++runs);
      await call();
      vi.setSystemTime(NOW + 59_999);
      expect(await call()).toEqual({ value: 1 });
      vi.setSystemTime(NOW + 60_000);
      expect(await call()).toEqual({ value: 2 });
    });
  });

  describe("leaseMs", () => {
    const leaseOf = async (options: object, context: unknown): Promise<readonly [number, number]> => {
      const store = probeStore();
      let told = 0;
      await wrap({ store, ...options }, ({ leaseUntil }: Execution) => {
        told = leaseUntil.getTime();
      })({ context: context as never });
      const [claim] = store.writes;
      if (claim === undefined) throw new Error("there was no claim");
      expect(told).toBe(claim.leaseUntil);
      return [claim.leaseUntil, claim.expiresAt];
    };

    test("is the remaining time and 2 s, and the record outlives it", async () => {
      expect(await leaseOf({}, lambdaContext(30_000))).toEqual([1_764_000_032_000, 1_764_086_433]);
    });

    test("is 15 minutes where the context tells no time, none that is left, or less", async () => {
      const contexts = [NO_CONTEXT, lambdaContext(0), lambdaContext(-5_000), lambdaContext(Number.NaN)];
      for (const context of contexts) expect((await leaseOf({}, context))[0]).toBe(1_764_000_900_000);
      expect((await leaseOf({}, lambdaContext(Number.POSITIVE_INFINITY)))[0]).toBe(1_764_000_900_000);
    });

    test("lengthens a lease, and never shortens it below the remaining time and 2 s", async () => {
      expect((await leaseOf({ leaseMs: 60_000 }, lambdaContext(30_000)))[0]).toBe(1_764_000_060_000);
      expect((await leaseOf({ leaseMs: 10 }, lambdaContext(30_000)))[0]).toBe(1_764_000_032_000);
      expect((await leaseOf({ leaseMs: 5_000 }, NO_CONTEXT))[0]).toBe(1_764_000_005_000);
      expect((await leaseOf({ leaseMs: 5_000 }, lambdaContext(-1)))[0]).toBe(1_764_000_005_000);
    });
  });

  test.each([
    [undefined, 32_000 + 1_000],
    [0, 32_000],
    [5_000, 32_000 + 5_000],
  ])(
    "clockToleranceMs %s: a dead attempt is taken over one millisecond after %i ms",
    async (clockToleranceMs, last) => {
      const store = probeStore();
      const options = { store, ...(clockToleranceMs === undefined ? {} : { clockToleranceMs }) };
      const attempts: number[] = [];
      const started = gate();
      const dead = wrap(options, () => started.pass())();
      await started.reached;
      const call = wrap(options, ({ attempt }) => attempts.push(attempt));
      vi.setSystemTime(NOW + last);
      expect(await call()).toEqual({ refused: "InProgressError" });
      vi.setSystemTime(NOW + last + 1);
      expect(await call()).toEqual({ value: 1 });
      expect(attempts).toEqual([2]);
      started.open();
      await dead;
    },
  );

  test("tenant: keys of different tenants never meet; the default is the context's", async () => {
    let runs = 0;
    const store = probeStore();
    const call = wrap({ store }, () => ++runs);
    expect(await call({ context: lambdaContext(1_000, { tenantId: "t1" }) })).toEqual({ value: 1 });
    expect(await call({ context: lambdaContext(1_000, { tenantId: "t2" }) })).toEqual({ value: 2 });
    expect(await call({ context: lambdaContext(1_000, { tenantId: "t1" }) })).toEqual({ value: 1 });
    expect(await call()).toEqual({ value: 3 });
    const own = wrap({ store, tenant: () => "t1" }, () => ++runs);
    expect(await own({ context: lambdaContext(1_000, { tenantId: "t2" }) })).toEqual({ value: 1 });
  });

  describe("requireKey", () => {
    test.each<[string, unknown]>([
      ["null", null],
      ["an empty text", ""],
      ["an empty array", []],
      ["an empty object", {}],
      ["an array with a missing part", ["a", undefined]],
      ["an object with a missing part", { order: "o1", customer: null }],
    ])("%s is a missing key: refused, or run each time without protection", async (_name, key) => {
      const store = probeStore();
      const events: unknown[] = [];
      const onEvent = (event: object): void => void events.push(event);
      let runs = 0;
      const refusing = wrap({ store, requireKey: true, onEvent }, () => ++runs);
      expect(await refusing({ key })).toEqual({ refused: "KeyMissingError" });
      const running = wrap({ store, requireKey: false, onEvent }, ({ key, protected: safe, attempt }) => {
        expect({ key, safe, attempt }).toEqual({ key: "", safe: false, attempt: 1 });
        return ++runs;
      });
      expect(await running({ key })).toEqual({ value: 1 });
      expect(await running({ key })).toEqual({ value: 2 });
      const unprotected = { type: "unprotected", operation: "pay", reason: "keyMissing" };
      expect(events).toEqual([unprotected, unprotected]);
      expect(store.requests()).toBe(0);
    });

    test(`is ${requiresKey} by default`, async () => {
      const call = wrap({ store: probeStore() }, () => "ran");
      expect(await call({ key: null })).toEqual(requiresKey ? { refused: "KeyMissingError" } : { value: "ran" });
    });

    test.each([0, false, "0", "k".repeat(10_000), [0, false], { a: { b: 1 } }])("%j is a key", async (key) => {
      let runs = 0;
      const call = wrap({ store: probeStore(), requireKey: true }, () => ++runs);
      expect(await call({ key })).toEqual({ value: 1 });
      expect(await call({ key })).toEqual({ value: 1 });
    });

    test.each<[string, unknown]>([
      ["a Map", new Map([["a", 1]])],
      ["a Date", { at: new Date(0) }],
      ["a promise", Promise.resolve("k")],
      ["NaN", Number.NaN],
      ["a bigint", 5n],
    ])("%s is an invalid key, whether one is required or not", async (_name, key) => {
      for (const requireKey of [true, false]) {
        const call = wrap({ store: probeStore(), requireKey }, () => expect.unreachable());
        expect(await call({ key })).toEqual({ refused: "KeyInvalidError" });
      }
    });
  });

  test("fingerprint: what must not change under one key", async () => {
    let runs = 0;
    const options = { store: probeStore(), fingerprint: (event: { payload: unknown }) => event.payload };
    const call = wrap(options, () => ++runs);
    expect(await call({ payload: { a: 1, b: 2 } })).toEqual({ value: 1 });
    expect(await call({ payload: { b: 2, a: 1 } })).toEqual({ value: 1 });
    expect(await call({ payload: { a: 1, b: 3 } })).toEqual({ refused: "PayloadMismatchError" });
    expect(await call({ payload: new Date(0) })).toEqual({ refused: "KeyInvalidError" });
    expect(await wrap({ store: options.store, fingerprint: false }, () => ++runs)({ payload: 9 })).toEqual({
      value: 1,
    });
  });

  describe("whenStoreUnavailable", () => {
    test("fail, the default, refuses and does not run", async () => {
      for (const options of [{}, { whenStoreUnavailable: "fail" as const }]) {
        const call = wrap({ store: downStore(), ...options }, () => expect.unreachable());
        expect(await call()).toEqual({ refused: "StoreUnavailableError" });
      }
    });

    test("run runs without protection, says so, and gives the same keys for the steps as a protected run", async () => {
      const events: object[] = [];
      const work = ({ key, protected: safe, keyFor }: Execution): unknown => ({ key, safe, step: keyFor("charge") });
      const options = {
        store: downStore(),
        whenStoreUnavailable: "run" as const,
        onEvent: (e: object) => void events.push(e),
      };
      const unprotected = (await wrap(options, work)()) as { value: { step: string } };
      const safe = (await wrap({ store: probeStore() }, work)()) as { value: { step: string } };
      expect(unprotected.value).toEqual({ key: "k1", safe: false, step: safe.value.step });
      expect(events).toEqual([
        expect.objectContaining({
          type: "unprotected",
          reason: "storeUnavailable",
          key: "k1",
          error: expect.objectContaining({ name: "StoreUnavailableError" }),
        }),
      ]);
    });
  });

  describe("whenCompletionFails", () => {
    const brief = (): Request => ({ context: lambdaContext(250) });

    test("return, the default, gives the caller the result", async () => {
      vi.useRealTimers();
      for (const options of [{}, { whenCompletionFails: "return" as const }])
        expect(await wrap({ store: downStore(["swap"]), ...options }, () => "paid")(brief())).toEqual({
          value: "paid",
        });
    });

    test("throw refuses, although the work is done", async () => {
      vi.useRealTimers();
      const call = wrap({ store: downStore(["swap"]), whenCompletionFails: "throw" }, () => "paid");
      expect(await call(brief())).toEqual({ refused: "StoreUnavailableError" });
    });

    test("the work's own error passes through either way", async () => {
      vi.useRealTimers();
      const declined = new Error("declined");
      const call = wrap({ store: downStore(["swap"]), whenCompletionFails: "throw" }, () => Promise.reject(declined));
      await expect(call(brief())).rejects.toBe(declined);
    });
  });

  describe("whenInProgress", () => {
    test("reject, the default, refuses at once", async () => {
      for (const options of [{}, { whenInProgress: "reject" as const }]) {
        const running = gate();
        const call = wrap({ store: probeStore(), ...options }, () => running.pass());
        const first = call();
        await running.reached;
        expect(await call()).toEqual({ refused: "InProgressError" });
        running.open();
        await first;
      }
    });

    test("{ waitMs } waits for the running one and gives its outcome", async () => {
      vi.useRealTimers();
      const running = gate();
      let runs = 0;
      const call = wrap({ store: probeStore(), whenInProgress: { waitMs: 10_000 } }, async () => {
        await running.pass();
        return ++runs;
      });
      const first = call();
      await running.reached;
      const second = call();
      running.open();
      expect(await Promise.all([first, second])).toEqual([{ value: 1 }, { value: 1 }]);
    });

    test("{ waitMs } gives up after that time", async () => {
      vi.useRealTimers();
      const running = gate();
      const call = wrap({ store: probeStore(), whenInProgress: { waitMs: 30 } }, () => running.pass());
      const first = call();
      await running.reached;
      expect(await call()).toEqual({ refused: "InProgressError" });
      running.open();
      await first;
    });
  });
});
