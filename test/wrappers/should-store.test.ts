/** Which outcomes are stored: presets, functions of the caller's own, and errors that are thrown again (G6, G12, G13, G16). */
import { describe, expect, test, vi } from "vitest";
import { everyOutcome, executeOnce, idempotent, type Outcome, successOnly } from "../../src/index.ts";
import { probeStore } from "../support/probe-store.ts";
import { WRAPPERS } from "./every-wrapper.ts";

class CardDeclined extends Error {
  override readonly name = "CardDeclined";
  readonly code = "51";
}

describe("the presets", () => {
  test.each<[string, Outcome, boolean]>([
    ["a value", { ok: true, value: { id: 1 } }, true],
    ["undefined", { ok: true, value: undefined }, true],
    ["null", { ok: true, value: null }, true],
    ["200", { ok: true, value: { statusCode: 200 } }, true],
    ["299", { ok: true, value: { statusCode: 299 } }, true],
    ["a status that is a text", { ok: true, value: { statusCode: "201" } }, true],
    ["199", { ok: true, value: { statusCode: 199 } }, false],
    ["300", { ok: true, value: { statusCode: 300 } }, false],
    ["404", { ok: true, value: { statusCode: 404 } }, false],
    ["500", { ok: true, value: { statusCode: 500 } }, false],
    ["a status that is none", { ok: true, value: { statusCode: "oops" } }, false],
    ["an error", { ok: false, error: new Error("x") }, false],
    ["an error that looks like a success", { ok: false, error: { statusCode: 200 } }, false],
  ])("successOnly of %s", (_name, outcome, kept) => {
    expect(successOnly(outcome)).toBe(kept);
    expect(everyOutcome(outcome)).toBe(true);
  });
});

describe.each(WRAPPERS)("$name", ({ wrap }) => {
  test("keeps values and no errors by default", async () => {
    let runs = 0;
    const call = wrap({ store: probeStore() }, () => {
      if (++runs < 3) throw new CardDeclined("declined");
      return runs;
    });
    await expect(call()).rejects.toThrow("declined");
    await expect(call()).rejects.toThrow("declined");
    expect(await call()).toEqual({ value: 3 });
    expect(await call()).toEqual({ value: 3 });
  });

  test("everyOutcome throws a stored error again, with its name and properties, and does not run again", async () => {
    let runs = 0;
    const thrown = new CardDeclined("declined", { cause: new RangeError("limit") });
    const call = wrap({ store: probeStore(), shouldStore: everyOutcome }, () => {
      runs++;
      throw thrown;
    });
    await expect(call()).rejects.toBe(thrown);
    for (let retry = 0; retry < 2; retry++) {
      const error = await call().then(
        () => expect.unreachable(),
        (reason: unknown) => reason,
      );
      expect(error).not.toBe(thrown);
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({ name: "CardDeclined", message: "declined", code: "51" });
      expect((error as Error).cause).toBeInstanceOf(RangeError);
    }
    expect(runs).toBe(1);
  });

  test("a function of the caller's own sees the outcome, and its word counts", async () => {
    const seen: Outcome[] = [];
    let runs = 0;
    const shouldStore = (outcome: Outcome): boolean => {
      seen.push(outcome);
      return !outcome.ok && (outcome.error as Error).name === "CardDeclined";
    };
    const call = wrap({ store: probeStore(), shouldStore }, () => {
      if (++runs === 1) return "not kept";
      throw new CardDeclined(`run ${runs}`);
    });
    expect(await call()).toEqual({ value: "not kept" });
    await expect(call()).rejects.toThrow("run 2");
    await expect(call()).rejects.toThrow("run 2");
    expect(seen).toEqual([
      { ok: true, value: expect.anything() },
      { ok: false, error: new CardDeclined("run 2") },
    ]);
  });

  test.each<[string, () => unknown]>([
    ["throws", raise],
    ["gives no boolean", () => "yes"],
    ["gives a promise", async () => false],
  ])("one that %s counts as true for values and false for errors, and warns", async (_name, shouldStore) => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    let runs = 0;
    const call = wrap({ store: probeStore(), shouldStore: shouldStore as never }, () => {
      if (++runs === 1) throw new CardDeclined("declined");
      return runs;
    });
    await expect(call()).rejects.toThrow("declined");
    expect(await call()).toEqual({ value: 2 });
    expect(await call()).toEqual({ value: 2 });
    expect(warned).toHaveBeenCalledTimes(2);
    expect(String(warned.mock.calls[0]?.[0])).toContain("shouldStore");
    warned.mockRestore();
  });

  test("what is thrown and is no error can be stored too", async () => {
    const call = wrap({ store: probeStore(), shouldStore: everyOutcome }, () => Promise.reject("declined"));
    await expect(call()).rejects.toBe("declined");
    await expect(call()).rejects.toBe("declined");
  });

  test("an outcome that cannot be stored goes to the first caller; the next ones get an error, and nothing runs again", async () => {
    const events: string[] = [];
    let runs = 0;
    const call = wrap({ store: probeStore(), onEvent: ({ type }) => void events.push(type) }, () => ({
      id: ++runs,
      f: () => 1,
    }));
    expect(await call()).toMatchObject({ value: { id: 1 } });
    expect(await call()).toEqual({ refused: "ResultNotStorableError" });
    expect(events).toEqual(["claimed", "completionFailed", "replayed"]);
    expect(runs).toBe(1);
  });

  test("a result that is too large is found out in the same way", async () => {
    let runs = 0;
    const call = wrap({ store: { ...probeStore(), maxResultBytes: 100 } }, () => `${++runs}${"ä".repeat(60)}`);
    expect(await call()).toEqual({ value: `1${"ä".repeat(60)}` });
    expect(await call()).toEqual({ refused: "ResultNotStorableError" });
  });

  test("registered types come back as instances", async () => {
    class Money {
      readonly cents: number;
      constructor(cents: number) {
        this.cents = cents;
      }
    }
    const types = [
      {
        name: "Money",
        is: (v: unknown) => v instanceof Money,
        encode: (m: Money) => m.cents,
        decode: (c: number) => new Money(c),
      },
    ];
    const call = wrap({ store: probeStore(), types }, () => new Money(5));
    await call();
    const again = (await call()) as { value: unknown };
    expect(again.value).toBeInstanceOf(Money);
    expect(again.value).toEqual(new Money(5));
  });
});

function raise(): never {
  throw new Error("shouldStore is broken");
}

test("values of every kind come back as what they were, and as objects of the caller's own", async () => {
  const value = {
    at: new Date(5),
    map: new Map([["a", 1n]]),
    set: new Set([undefined]),
    bytes: Uint8Array.of(1),
    nan: Number.NaN,
  };
  const store = probeStore();
  const once = async (): Promise<typeof value> =>
    (await executeOnce("k", async () => structuredClone(value), { store, operation: "op" })).value;
  await once();
  const replay = await once();
  expect(replay).toStrictEqual(value);
  replay.map.clear();
  replay.bytes[0] = 9;
  expect(await once()).toStrictEqual(value);
});

test("a stored outcome that cannot be read any more gets an error, never a second run", async () => {
  const store = probeStore();
  let runs = 0;
  const call = idempotent(async () => ++runs, { store, operation: "op", key: () => "k" });
  await call(undefined);
  const record = store.last();
  await store.swap(record, { ...record, result: '{"$later":1}' } as never);
  await expect(call(undefined)).rejects.toMatchObject({
    name: "ResultNotStorableError",
    message: expect.stringContaining("$later"),
  });
  expect(runs).toBe(1);
});
