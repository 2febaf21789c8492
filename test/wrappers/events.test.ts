/** What is told of a call, to `onEvent` and to the diagnostics channel: by every wrapper, in order, once. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { IdempotencyEvent } from "../../src/index.ts";
import { gate } from "../support/gate.ts";
import { downStore, probeStore } from "../support/probe-store.ts";
import { type Options, WRAPPERS } from "./every-wrapper.ts";

let told: IdempotencyEvent[];
let published: unknown[];
const listener = (event: unknown): void => void published.push(event);

beforeEach(() => {
  told = [];
  published = [];
  subscribe("lambda-once", listener);
});
afterEach(() => {
  unsubscribe("lambda-once", listener);
  vi.restoreAllMocks();
});

describe.each(WRAPPERS)("$name", ({ wrap }) => {
  const with_ = (options: Partial<Options> = {}): Options => ({
    store: probeStore(),
    onEvent: (event) => void told.push(event),
    ...options,
  });
  const subject = { operation: "pay", id: expect.stringMatching(/^pay#[0-9a-f]{64}$/), key: "k1" };
  const attempt = (nth: number): object => ({ ...subject, attempt: nth, fence: expect.any(Number) });

  function expectTold(...events: readonly object[]): void {
    expect(told).toEqual(events);
    expect(published).toEqual(events);
  }

  test("a first call and a replay", async () => {
    const call = wrap(with_(), () => 1);
    await call();
    await call();
    expectTold(
      { type: "claimed", ...attempt(1) },
      { type: "completed", ...attempt(1) },
      { type: "replayed", ...subject },
    );
  });

  test("a call that fails and one that succeeds", async () => {
    let runs = 0;
    const call = wrap(with_(), () => {
      if (++runs === 1) throw new Error("declined");
    });
    await expect(call()).rejects.toThrow("declined");
    await call();
    expectTold(
      { type: "claimed", ...attempt(1) },
      { type: "released", ...attempt(1) },
      { type: "claimed", ...attempt(2) },
      { type: "completed", ...attempt(2) },
    );
    const fences = told.flatMap((event) => ("fence" in event ? [event.fence] : []));
    expect(fences[2]).toBeGreaterThan(fences[0] ?? Number.POSITIVE_INFINITY);
  });

  test("a call beside a running one", async () => {
    const running = gate();
    const call = wrap(with_(), () => running.pass());
    const first = call();
    await running.reached;
    await call();
    running.open();
    await first;
    expectTold(
      { type: "claimed", ...attempt(1) },
      { type: "rejected", ...subject, retryAfterMs: expect.any(Number) },
      { type: "completed", ...attempt(1) },
    );
  });

  test("another payload is a mismatch and nothing else", async () => {
    const call = wrap(with_({ fingerprint: (event: { payload: unknown }) => event.payload ?? null }), () => 1);
    await call({ payload: 1 });
    told.length = 0;
    published.length = 0;
    await call({ payload: 2 });
    expectTold({ type: "mismatch", ...subject });
  });

  test("a takeover stands in place of a claim", async () => {
    const store = probeStore();
    const call = wrap(with_({ store, clockToleranceMs: 0 }), async ({ attempt: nth }) => {
      if (nth > 1) return;
      const mine = store.last();
      await store.swap(mine, { ...mine, leaseUntil: 1 });
      await second();
    });
    const second = (): Promise<unknown> => call();
    expect(await call()).toEqual({ value: undefined });
    expectTold(
      { type: "claimed", ...attempt(1) },
      { type: "takenOver", ...attempt(2) },
      { type: "completed", ...attempt(2) },
      { type: "ownershipLost", ...attempt(1) },
    );
  });

  test("a store that is down: nothing is told when the call is refused, and `unprotected` when it runs", async () => {
    await wrap(with_({ store: downStore() }), () => expect.unreachable())();
    expectTold();
    await wrap(with_({ store: downStore(), whenStoreUnavailable: "run" }), () => 1)();
    const error = expect.objectContaining({ name: "StoreUnavailableError" });
    expectTold({ type: "unprotected", ...subject, reason: "storeUnavailable", error });
  });

  test.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("listener is broken");
      },
    ],
    ["rejects", async () => Promise.reject(new Error("listener is broken"))],
  ])("a listener that %s changes nothing, and warns", async (_name, onEvent) => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const call = wrap(with_({ onEvent: onEvent as never }), () => "paid");
    expect(await call()).toEqual({ value: "paid" });
    expect(await call()).toEqual({ value: "paid" });
    await new Promise((resolve) => setImmediate(resolve));
    expect(warned).toHaveBeenCalledTimes(3);
    expect(String(warned.mock.calls[0]?.[0])).toMatch(/onEvent.*listener is broken/);
  });
});
