/**
 * What the library tells, path by path; and that nobody who listens, nor a `shouldStore` that goes wrong, changes an
 * outcome. api.md, "Options" and "Points decided"; G5 and G11 depend on it.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type CommonOptions, executeOnce, type ShouldStore } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { errorOf, type Payment, payment, protect, recorder, recordIdOf } from "../support/payments.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Hears what the process would warn of, or die of. */
function hear() {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  process.on("unhandledRejection", onUnhandled);
  return async () => {
    await turn();
    await turn();
    process.off("unhandledRejection", onUnhandled);
    return { warnings: warn.mock.calls.map(([what]) => String(what)), unhandled };
  };
}

const throwing = (what: unknown) => (): never => {
  throw what;
};

const NASTY: [string, () => unknown][] = [
  ["throws an error", throwing(new Error("listener"))],
  ["throws undefined", throwing(undefined)],
  ["throws an object without a prototype", throwing(Object.create(null))],
  ["rejects", () => Promise.reject(new Error("listener"))],
  ["rejects with an object without a prototype", () => Promise.reject(Object.create(null))],
];

describe("the events", () => {
  test("of a first call, a replay, a mismatch and a failure", async () => {
    const store = memoryStore();
    const told = recorder();
    const event = payment(100);
    const pay = protect(store, () => "paid", { onEvent: told.onEvent });
    await pay(event);
    await pay(event);
    await errorOf(pay({ ...event, amount: 1 }));
    await errorOf(protect(store, throwing(new Error("declined")), { onEvent: told.onEvent })(payment()));
    const subject = { operation: "pay", id: await recordIdOf(store, event), key: event.key };
    const attempt = {
      ...subject,
      attempt: 1,
      fence: told.events[0] && "fence" in told.events[0] && told.events[0].fence,
    };
    expect(told.events.slice(0, 4)).toEqual([
      { type: "claimed", ...attempt },
      { type: "completed", ...attempt },
      { type: "replayed", ...subject },
      { type: "mismatch", ...subject },
    ]);
    expect(told.types().slice(4)).toEqual(["claimed", "released"]);
  });

  test("come before the handler for a claim, and before the answer for a completion", async () => {
    const order: string[] = [];
    const pay = protect(memoryStore(), () => void order.push("handler"), {
      onEvent: ({ type }) => void order.push(type),
    });
    await pay(payment());
    order.push("answer");
    expect(order).toEqual(["claimed", "handler", "completed", "answer"]);
  });

  test("of an unprotected run say why", async () => {
    const told = recorder();
    const failing = { ...memoryStore(), insert: () => Promise.reject(new Error("down")) };
    const options = { operation: "ship", onEvent: told.onEvent } as const;
    await executeOnce("", () => 1, { ...options, store: memoryStore(), requireKey: false });
    await executeOnce("k", () => 1, { ...options, store: failing, whenStoreUnavailable: "run" });
    expect(told.events).toMatchObject([
      { type: "unprotected", operation: "ship", reason: "keyMissing" },
      {
        type: "unprotected",
        operation: "ship",
        key: "k",
        reason: "storeUnavailable",
        error: { cause: { message: "down" } },
      },
    ]);
  });

  test("go to the diagnostics channel too, with or without a listener of the options", async () => {
    const published: unknown[] = [];
    const listen = (event: unknown): void => void published.push(event);
    subscribe("lambda-once", listen);
    const told = recorder();
    await protect(memoryStore(), () => "paid", { onEvent: told.onEvent })(payment());
    await protect(memoryStore(), () => "paid")(payment());
    unsubscribe("lambda-once", listen);
    expect(published.slice(0, 2)).toEqual(told.events);
    expect(published).toMatchObject([
      { type: "claimed" },
      { type: "completed" },
      { type: "claimed" },
      { type: "completed" },
    ]);
  });
});

afterEach(() => void vi.restoreAllMocks());

describe("a listener that", () => {
  test.each(NASTY)("%s changes nothing, and is warned of", async (_, onEvent) => {
    const stop = hear();
    const store = memoryStore();
    const event = payment();
    const handler = vi.fn(() => "paid");
    const pay = protect(store, handler, { onEvent: onEvent as () => void });
    expect(await pay(event)).toBe("paid");
    expect(await pay(event)).toBe("paid");
    const declined = new Error("declined");
    expect(await errorOf(protect(store, throwing(declined), { onEvent: onEvent as () => void })(payment()))).toBe(
      declined,
    );
    const { warnings, unhandled } = await stop();
    expect(handler).toHaveBeenCalledTimes(1);
    expect(warnings.length).toBeGreaterThan(0);
    expect(unhandled).toEqual([]);
  });

  test("changes the event it is given changes nothing", async () => {
    const store = memoryStore();
    const event = payment();
    const pay = protect(store, () => "paid", {
      onEvent: (told) => void Object.assign(told, { id: "changed", fence: 0, type: "released", key: "changed" }),
    });
    expect(await pay(event)).toBe("paid");
    expect(await protect(store, vi.fn())(event)).toBe("paid");
  });
});

describe("a shouldStore that", () => {
  const run = async (shouldStore: ShouldStore, handler: () => unknown) => {
    const stop = hear();
    const store = memoryStore();
    const event = payment();
    const options: Partial<CommonOptions<Payment>> = { shouldStore };
    const outcome = await protect(
      store,
      handler as () => string,
      options,
    )(event).catch((error: unknown) => ({ error }));
    const { warnings, unhandled } = await stop();
    return { outcome, status: (await store.read(await recordIdOf(store, event)))?.status, warnings, unhandled };
  };

  const declined = new Error("declined");
  const cases: [string, () => unknown][] = [
    ...NASTY,
    ["gives no boolean", () => "yes"],
    ["gives a promise", async () => false],
  ];

  test.each(cases)("%s counts as true for a value, and is warned of", async (_, shouldStore) => {
    const seen = await run(shouldStore as ShouldStore, () => "paid");
    expect(seen).toMatchObject({ outcome: "paid", status: "COMPLETED", unhandled: [] });
    expect(seen.warnings).toHaveLength(1);
  });

  test.each(cases)("%s counts as false for an error, and is warned of", async (_, shouldStore) => {
    const seen = await run(shouldStore as ShouldStore, throwing(declined));
    expect(seen).toMatchObject({ outcome: { error: declined }, status: "RELEASED", unhandled: [] });
    expect(seen.warnings).toHaveLength(1);
  });

  test("says no to a value has the next call run again", async () => {
    const store = memoryStore();
    const event = payment();
    const handler = vi.fn().mockReturnValueOnce("pending").mockReturnValueOnce("paid");
    const pay = protect(store, handler, { shouldStore: (outcome) => outcome.ok && outcome.value === "paid" });
    expect([await pay(event), await pay(event), await pay(event)]).toEqual(["pending", "paid", "paid"]);
    expect(handler).toHaveBeenCalledTimes(2);
  });

  test("is asked once for each outcome, and not for a replay", async () => {
    const shouldStore = vi.fn(() => true);
    const pay = protect(memoryStore(), () => "paid", { shouldStore });
    const event = payment();
    await pay(event);
    await pay(event);
    expect(shouldStore.mock.calls).toEqual([[{ ok: true, value: "paid" }]]);
  });
});
