/** A state that runs several times in one execution: what is new is never taken for a replay. G7, G8. */
import { expect, test } from "vitest";
import { idempotentEvent, isPayloadMismatchError } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";

const state = (orderId: string, RetryCount: number): object => ({
  Execution: { Id: "arn:aws:states:us-east-1:1:execution:ship:e1", StartTime: "2026-11-24T00:00:00Z" },
  State: { Name: "Ship", RetryCount, EnteredTime: `2026-11-24T00:00:0${RetryCount}Z` },
  orderId,
});

test("a retry of a state is a replay, whatever its count and time", async () => {
  let runs = 0;
  const ship = idempotentEvent(async () => ++runs, { store: memoryStore(), operation: "ship" });
  expect(await ship(state("o1", 0))).toBe(1);
  expect(await ship(state("o1", 1))).toBe(1);
});

test("another item of a Map that does not say which it is on is refused, not skipped", async () => {
  const ship = idempotentEvent(async () => "shipped", { store: memoryStore(), operation: "ship" });
  await ship(state("o1", 0));
  const error: unknown = await ship(state("o2", 0)).catch((thrown: unknown) => thrown);
  expect(isPayloadMismatchError(error)).toBe(true);
});

test("an item that says its index has a key of its own", async () => {
  const ship = idempotentEvent(async (event: { orderId: string }) => event.orderId, {
    store: memoryStore(),
    operation: "ship",
  });
  const item = (orderId: string, Index: number): never => ({ ...state(orderId, 0), Map: { Item: { Index } } }) as never;
  expect(await ship(item("o1", 0))).toBe("o1");
  expect(await ship(item("o2", 1))).toBe("o2");
});
