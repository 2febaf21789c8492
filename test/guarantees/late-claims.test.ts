/**
 * A claim whose answer comes after its own lease does not run the handler: a host whose clock is ahead by all that is allowed
 * for may have taken it over. G9, G10.
 */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { executeOnce, isInProgressError } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { memoryStore } from "../../src/stores/memory.ts";

const NOON = 1_764_072_000_000;

beforeEach(() => void vi.useFakeTimers({ now: NOON, toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

/** A store whose claims are answered at this time. */
function answeringAt(time: number): Store {
  const store = memoryStore();
  return {
    ...store,
    insert: async (record) => {
      const answer = await store.insert(record);
      vi.setSystemTime(time);
      return answer;
    },
  };
}

const options = { operation: "pay", leaseMs: 5_000 };

test("a claim that is answered after its lease is refused, with the handler not run", async () => {
  const work = vi.fn();
  const error = await executeOnce("order-1", work, { ...options, store: answeringAt(NOON + 5_001) }).catch((e) => e);
  expect(isInProgressError(error)).toBe(true);
  expect(work).not.toHaveBeenCalled();
});

test("a claim that is answered at the end of its lease runs", async () => {
  const store = answeringAt(NOON + 5_000);
  expect(await executeOnce("order-1", () => "paid", { ...options, store })).toEqual({ value: "paid", replayed: false });
});
