/**
 * A lease outlives the invocation and the time Lambda takes to kill it, is always finite, and ends before the record may
 * be deleted. G9, G14, G24. The record is looked at while the handler runs.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Execution, executeOnce, type InProgressRecord } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { contextTelling, payment, protect, recordIdOf } from "../support/payments.ts";

const NOON = 1_764_000_000_000;
const UNKNOWN = NOON + 900_000;

/** The record of a call while it runs, and what its handler is told. */
async function whileRunning(context: unknown, options: { leaseMs?: number; ttlSeconds?: number } = {}) {
  const store = memoryStore();
  const event = payment();
  const id = await recordIdOf(store, event);
  let told: Execution | undefined;
  let record: InProgressRecord | undefined;
  const pay = protect(
    store,
    async (_event, _context, execution) => {
      told = execution;
      record = (await store.read(id)) as InProgressRecord;
    },
    options,
  );
  await pay(event, context as never);
  if (record === undefined || told === undefined) throw new Error("the handler did not run");
  return { record, told };
}

describe("a lease", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: NOON }));
  afterEach(() => void vi.useRealTimers());

  test.each<[string, unknown]>([
    ["there is no context", undefined],
    ["the context is null", null],
    ["the context tells no time", {}],
    ["the time is no function", { getRemainingTimeInMillis: 30_000 }],
    ["it is undefined", contextTelling(() => undefined)],
    ["it is text", contextTelling(() => "30000")],
    ["it is NaN", contextTelling(() => Number.NaN)],
    ["it is infinite", contextTelling(() => Number.POSITIVE_INFINITY)],
    ["it is zero", contextTelling(() => 0)],
    ["it is negative", contextTelling(() => -5_000)],
    ["it is minus infinity", contextTelling(() => Number.NEGATIVE_INFINITY)],
    ["it is larger than any invocation's", contextTelling(() => Number.MAX_SAFE_INTEGER)],
  ])("is fifteen minutes when %s", async (_, context) => {
    const { record, told } = await whileRunning(context);
    expect(record.leaseUntil).toBe(UNKNOWN);
    expect(told.leaseUntil).toEqual(new Date(UNKNOWN));
  });

  test.each([
    ["as long as the option says, when the remaining time is unknown", undefined, 60_000, NOON + 60_000],
    ["as long as the option says, when the remaining time is negative", -1, 60_000, NOON + 60_000],
    ["the remaining time and two seconds", 30_000, undefined, NOON + 32_000],
    ["the remaining time and two seconds, at one millisecond", 1_000, undefined, NOON + 3_000],
    ["not shortened by the option", 30_000, 5_000, NOON + 32_000],
    ["not shortened by the option below the margin", 30_000, 31_000, NOON + 32_000],
    ["lengthened by the option", 30_000, 45_000, NOON + 45_000],
    ["a whole number of milliseconds, and not shorter", 29_999.25, undefined, NOON + 32_000],
  ])("is %s", async (_, remaining, leaseMs, leaseUntil) => {
    const context = remaining === undefined ? undefined : contextTelling(() => remaining);
    const { record } = await whileRunning(context, leaseMs === undefined ? {} : { leaseMs });
    expect(record.leaseUntil).toBe(leaseUntil);
  });

  test.each([
    ["the shortest time to live", { ttlSeconds: 1 }, 1_764_000_034],
    ["a lease longer than the time to live", { ttlSeconds: 1, leaseMs: 604_800_000 }, 1_764_604_802],
    ["the defaults", {}, 1_764_086_433],
  ])("ends before the record may be deleted, with %s", async (_, options, expiresAt) => {
    const { record } = await whileRunning(
      contextTelling(() => 30_000),
      options,
    );
    expect(record.expiresAt).toBe(expiresAt);
    expect(record.expiresAt * 1_000).toBeGreaterThan(record.leaseUntil + 1_000);
  });

  test("of a nested call is that of the invocation around it", async () => {
    const leases: number[] = [];
    const store = memoryStore();
    const nested = () =>
      executeOnce("step", ({ leaseUntil }) => void leases.push(leaseUntil.getTime()), { store, operation: "nested" });
    await protect(store, nested)(
      payment(),
      contextTelling(() => 30_000),
    );
    expect(leases).toEqual([NOON + 32_000]);
  });

  test("of a nested call is that of the context which the options name", async () => {
    const leases: number[] = [];
    const store = memoryStore();
    const context = contextTelling(() => 5_000);
    const options = { store, operation: "nested", context };
    const nested = () => executeOnce("step", ({ leaseUntil }) => void leases.push(leaseUntil.getTime()), options);
    await protect(store, nested)(
      payment(),
      contextTelling(() => 30_000),
    );
    expect(leases).toEqual([NOON + 7_000]);
  });

  test("of a nested call is fifteen minutes once the deadline around it has passed without being enforced", async () => {
    const leases: number[] = [];
    const store = memoryStore();
    const nested = () => {
      vi.setSystemTime(NOON + 31_000);
      return executeOnce("step", ({ leaseUntil }) => void leases.push(leaseUntil.getTime()), {
        store,
        operation: "nested",
      });
    };
    await protect(store, nested)(
      payment(),
      contextTelling(() => 30_000),
    );
    expect(leases).toEqual([NOON + 931_000]);
  });
});
