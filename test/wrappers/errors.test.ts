/** The errors of this library: literal names, guards that work across copies of it, and messages for who gets them. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import * as exported from "../../src/index.ts";
import { gate } from "../support/gate.ts";
import { lambdaContext } from "../support/lambda-context.ts";
import { downStore, probeStore } from "../support/probe-store.ts";

type Lib = typeof exported;
const lib: Lib = { ...exported };

const KINDS = [
  "KeyMissingError",
  "KeyInvalidError",
  "PayloadMismatchError",
  "InProgressError",
  "OwnershipLostError",
  "StoreUnavailableError",
  "ResultNotStorableError",
  "InvalidOptionsError",
] as const;

const make = (from: Lib, kind: (typeof KINDS)[number]): Error =>
  kind === "InProgressError" || kind === "OwnershipLostError" ? new from[kind]("m", 1_500) : new from[kind]("m");

/** A second copy of the package, as a bundle beside a layer has it. */
let copy: Lib;
beforeEach(async () => {
  vi.resetModules();
  copy = await import("../../src/index.ts");
});

describe.each(KINDS)("%s", (kind) => {
  test("has its name, whatever a minifier makes of the class, and is an IdempotencyError", () => {
    const error = make(lib, kind);
    expect(error.name).toBe(kind);
    expect(String(error)).toBe(`${kind}: m`);
    expect(error).toBeInstanceOf(lib.IdempotencyError);
    expect(error).toBeInstanceOf(Error);
    expect(error.stack).toContain(`${kind}: m`);
    expect(Object.keys(error)).not.toContain("name");
  });

  test("is known by its own guard, also in another copy of the package, and by no other guard", () => {
    expect(copy[kind]).not.toBe(lib[kind]);
    for (const from of [lib, copy]) {
      for (const guardOf of [lib, copy]) {
        const error = make(from, kind);
        expect(guardOf.isIdempotencyError(error)).toBe(true);
        for (const other of KINDS) expect(guardOf[`is${other}`](error), other).toBe(other === kind);
      }
    }
  });

  test("guards take no other error for one, and nothing makes them throw", () => {
    const others = [
      new Error("m"),
      Object.assign(new Error("m"), { name: kind }),
      { name: kind, message: "m" },
      kind,
      undefined,
      null,
      5,
      Object.create(null),
    ];
    for (const other of others) {
      expect(lib[`is${kind}`](other)).toBe(false);
      expect(lib.isIdempotencyError(other)).toBe(false);
    }
  });
});

test("they carry what they are about", () => {
  const subject = { operation: "pay", key: "k1", cause: new Error("down") };
  expect(new lib.StoreUnavailableError("m", subject)).toMatchObject({ ...subject, message: "m" });
  expect(new lib.InProgressError("m", 1_500, subject)).toMatchObject({ ...subject, retryAfterMs: 1_500 });
  expect(Object.hasOwn(new lib.KeyMissingError("m"), "cause")).toBe(false);
});

describe("a message says what happened, to which operation and key, and what to do", () => {
  const context = lambdaContext();
  const rejection = (call: Promise<unknown>): Promise<Error> =>
    call.then(
      () => expect.unreachable(),
      (error: Error) => error,
    );
  const once = (options: object, key: unknown = "order-7", work: () => unknown = () => 1): Promise<unknown> =>
    lib.executeOnce(key, work, { store: probeStore(), operation: "ship-order", context, ...options });

  test("key missing", async () => {
    const error = await rejection(once({}, ""));
    expect(error.message).toMatch(/no idempotency key.*first argument of `executeOnce`.*`ship-order`/);
    expect(error).toMatchObject({ name: "KeyMissingError", operation: "ship-order" });
  });

  test("a part of the key missing", async () => {
    expect((await rejection(once({}, ["a", { b: null }]))).message).toMatch(/`\[1\]\.b`.*`ship-order`/);
  });

  test("the tenant missing", async () => {
    expect((await rejection(once({ tenant: () => undefined }))).message).toMatch(/tenant.*missing.*`ship-order`/);
  });

  test("key invalid", async () => {
    const error = await rejection(once({}, { at: new Date(0) }));
    expect(error.message).toMatch(/`at` is a Date.*`ship-order`/);
    expect(error).toMatchObject({ name: "KeyInvalidError", operation: "ship-order" });
  });

  test("payload mismatch", async () => {
    const store = probeStore();
    await once({ store, fingerprint: () => 1 });
    const error = await rejection(once({ store, fingerprint: () => 2 }));
    expect(error.message).toMatch(/another payload.*new key.*`ship-order`.*`order-7`/);
    expect(error).toMatchObject({ name: "PayloadMismatchError", operation: "ship-order", key: "order-7" });
  });

  test("in progress, with the time until the key is free at the latest", async () => {
    const store = probeStore();
    const running = gate();
    const first = once({ store }, "order-7", () => running.pass());
    await running.reached;
    const error = await rejection(once({ store }));
    expect(error.message).toMatch(/still running.*later.*`ship-order`.*`order-7`/);
    expect(error).toMatchObject({ name: "InProgressError", operation: "ship-order", key: "order-7" });
    const { retryAfterMs } = error as { retryAfterMs?: number };
    expect(retryAfterMs).toBeGreaterThan(25_000);
    expect(retryAfterMs).toBeLessThanOrEqual(33_001);
    running.open();
    await first;
  });

  test("store unavailable, with its cause", async () => {
    const error = await rejection(once({ store: downStore() }));
    expect(error.message).toMatch(/store failed.*ECONNREFUSED.*`ship-order`.*`order-7`/);
    expect(error.cause).toMatchObject({ message: "connect ECONNREFUSED 10.0.0.7:443" });
    expect(error).toMatchObject({ name: "StoreUnavailableError", operation: "ship-order", key: "order-7" });
  });

  test("result not storable, with the part that is to blame", async () => {
    const store = probeStore();
    const work = (): unknown => ({ order: { print: () => 1 } });
    await once({ store }, "order-7", work);
    const error = await rejection(once({ store }, "order-7", work));
    expect(error.message).toMatch(/`order\.print` is a function.*not run again.*`ship-order`.*`order-7`/);
    expect(error).toMatchObject({ name: "ResultNotStorableError", operation: "ship-order", key: "order-7" });
  });

  test("ownership lost", async () => {
    const store = probeStore();
    const error = await rejection(
      once({ store }, "order-7", async () => {
        const mine = store.last();
        await store.swap(mine, { ...mine, owner: "another", fence: mine.fence + 1 });
      }),
    );
    expect(error.message).toMatch(/another attempt has taken the key over.*ask again.*`ship-order`.*`order-7`/);
    expect(error).toMatchObject({ name: "OwnershipLostError", operation: "ship-order", key: "order-7" });
  });

  test("a very long key is cut in the message, and whole in the property", async () => {
    const key = "k".repeat(10_000);
    const error = await rejection(once({ store: downStore() }, key));
    expect(error.message.length).toBeLessThan(500);
    expect(error).toMatchObject({ key });
  });
});
