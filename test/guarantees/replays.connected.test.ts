/**
 * Every replay equals the stored outcome, deeply, and is marked as one; a first outcome never is. What anybody does to
 * an object that was handed out changes no later replay. G6, G5.
 */
import { beforeAll, describe, expect, test, vi } from "vitest";
import { everyOutcome, executeOnce, type HttpEvent, idempotentHttp } from "../../src/index.ts";
import { errorOf, payment, protect, recordIdOf } from "../support/payments.ts";
import { STORES } from "../support/stores.ts";
import { onEveryTable, type Table } from "../support/tables.ts";

class Receipt {
  readonly number = 7;
  readonly lines = [1, 2];
}

describe("a replay", () => {
  onEveryTable((makeTable) => {
    let table: Table;
    beforeAll(async () => {
      table = await makeTable();
    });

    const values: [string, unknown, unknown?][] = [
      ["undefined", undefined],
      ["null", null],
      ["false", false],
      ["zero and its negative", [0, -0]],
      ["an empty string", ""],
      ["numbers JSON has no word for", [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
      ["a bigint", 12345678901234567890n],
      ["dates", { at: new Date(1_764_000_000_000), never: new Date(Number.NaN) }],
      ["maps and sets in each other", new Map<unknown, unknown>([[{ a: 1 }, new Set([1, new Map([["b", 2n]])])]])],
      ["bytes", new Uint8Array([0, 255, 128])],
      ["undefined members and holes", { a: undefined, b: [undefined, 1] }],
      ["objects that look like the codec's own", { $date: "no", deep: [{ $undefined: true }, { $unstorable: "no" }] }],
      ["a member named __proto__", JSON.parse('{"__proto__":{"admin":true},"a":1}')],
      ["text of every kind", 'é😀\u0000\ud800 "\\ \u2028'],
      ["a deep structure", JSON.parse(`${"[".repeat(400)}1${"]".repeat(400)}`)],
      ["a regular expression", /a+/giu],
      ["a class instance, as a plain object", new Receipt(), { number: 7, lines: [1, 2] }],
      ["an object with toJSON, as what that gives", { toJSON: () => ({ shown: 1 }) }, { shown: 1 }],
    ];

    test.each(values)("equals the outcome: %s", async (_, value, comesBack = value) => {
      const event = payment();
      const handler = vi.fn(() => value);
      const pay = protect(table.store, handler);
      expect(Object.is(await pay(event), value)).toBe(true);
      expect(await pay(event)).toStrictEqual(comesBack);
      expect(await protect(table.anotherProcess(), handler)(event)).toStrictEqual(comesBack);
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test("of an error equals it where errors are stored: name, message, cause and own properties", async () => {
      const event = payment();
      const declined = Object.assign(new RangeError("no funds", { cause: new Error("bank") }), { code: "E1", at: 5n });
      const pay = protect(table.store, vi.fn().mockRejectedValueOnce(declined), { shouldStore: everyOutcome });
      expect(await errorOf(pay(event))).toBe(declined);
      const again = await errorOf(pay(event));
      expect(again).toBeInstanceOf(RangeError);
      expect(again).toMatchObject({ name: "RangeError", message: "no funds", code: "E1", at: 5n });
      expect((again as Error).cause).toEqual(new Error("bank"));
    });

    test("of something thrown that is no error equals it too", async () => {
      const event = payment();
      const pay = protect(table.store, vi.fn().mockRejectedValueOnce({ reason: undefined }), {
        shouldStore: everyOutcome,
      });
      await errorOf(pay(event));
      expect(await errorOf(pay(event))).toStrictEqual({ reason: undefined });
    });

    test("is not changed by what the caller does to the first outcome, or to another replay", async () => {
      const event = payment();
      const pay = protect(table.store, () => ({ lines: [{ amount: 1 }] }));
      for (let i = 0; i < 3; i++) {
        const value = (await pay(event)) as { lines: { amount: number }[]; extra?: boolean };
        expect(value).toStrictEqual({ lines: [{ amount: 1 }] });
        value.lines.push({ amount: 2 });
        Object.assign(value.lines[0] ?? {}, { amount: 666 });
        value.extra = true;
      }
    });

    test("is marked, and the first outcome is not: executeOnce", async () => {
      const { key } = payment();
      const once = () => executeOnce(key, () => "shipped", { store: table.store, operation: "ship" });
      expect(await once()).toEqual({ value: "shipped", replayed: false });
      expect(await once()).toEqual({ value: "shipped", replayed: true });
      expect(await once()).toEqual({ value: "shipped", replayed: true });
    });

    test("is marked, and the first response is not: HTTP, also when the handler wrote such a header itself", async () => {
      const response = { statusCode: 201, headers: { "X-Charge": "1", "idempotent-replayed": "no" }, body: "  {}\n" };
      const pay = idempotentHttp(async () => response, { store: table.store, operation: "http" });
      const { key } = payment();
      const event = { httpMethod: "POST", path: "/payments", headers: { "idempotency-key": key }, body: "{}" };
      const call = () => pay(event as unknown as HttpEvent);
      expect(await call()).toBe(response);
      expect(await call()).toEqual({
        statusCode: 201,
        headers: { "X-Charge": "1", "Idempotent-Replayed": "true" },
        body: "  {}\n",
      });
    });

    test("is one request to the store", async () => {
      const event = payment();
      await protect(table.store, () => "paid")(event);
      const requests: string[] = [];
      const counting = new Proxy(table.store, {
        get: (store, name, self) => requests.push(String(name)) && Reflect.get(store, name, self),
      });
      const pay = protect(counting, vi.fn());
      requests.length = 0;
      await pay(event);
      expect(requests).toEqual(["insert"]);
    });
  });
});

test.each(Object.entries(STORES))(
  "a replay is not changed by what somebody does to a record of %s",
  async (_, make) => {
    const store = await make();
    const event = payment();
    const pay = protect(store, () => "paid");
    await pay(event);
    const record = await store.read(await recordIdOf(store, event));
    expect(record?.status).toBe("COMPLETED");
    try {
      Object.assign(record ?? {}, { result: '"changed"' });
    } catch {
      // A frozen record is as good.
    }
    expect(await pay(event)).toBe("paid");
  },
);
