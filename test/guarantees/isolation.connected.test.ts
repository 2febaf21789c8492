/**
 * Nothing of one call is visible to another that runs at the same time in the same process. G20, G15 (the key is
 * computed once, before the handler).
 */
import { beforeAll, describe, expect, test, vi } from "vitest";
import { currentExecution, type Execution, executeOnce, type HttpEvent, idempotentHttp } from "../../src/index.ts";
import { gate } from "../support/gate.ts";
import { contextTelling, type Payment, payment, protect, recorder, recordIdOf } from "../support/payments.ts";
import { onEveryTable, type Table } from "../support/tables.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("calls of one wrapper at the same time", () => {
  onEveryTable((makeTable) => {
    let table: Table;
    beforeAll(async () => {
      table = await makeTable();
    });

    test("each have an execution of their own, deep in the call stack and after every await", async () => {
      const deep = async (): Promise<(Execution | undefined)[]> => {
        const seen = [currentExecution()];
        await turn();
        seen.push(currentExecution());
        await Promise.all([turn().then(() => seen.push(currentExecution()))]);
        return seen;
      };
      const together = gate();
      let running = 0;
      const pay = protect(table.store, async ({ key }, _context, execution) => {
        if (++running === 20) together.open();
        await together.pass();
        for (const seen of await deep()) expect(seen).toBe(execution);
        return [key, execution.key, execution.keyFor("charge"), execution.fence];
      });
      const events = Array.from({ length: 20 }, () => payment());
      const answers = (await Promise.all(events.map((event) => pay(event)))) as [string, string, string, number][];
      expect(answers.map(([key]) => key)).toEqual(events.map(({ key }) => key));
      expect(answers.map(([, key]) => key)).toEqual(events.map(({ key }) => key));
      for (const part of [1, 2, 3]) expect(new Set(answers.map((answer) => answer[part])).size).toBe(20);
      expect(currentExecution()).toBeUndefined();
    });

    test("each store their own outcome under their own key", async () => {
      const together = gate();
      let running = 0;
      const pay = protect(table.store, async ({ amount }) => {
        if (++running === 20) together.open();
        await together.pass();
        return { amount };
      });
      const events = Array.from({ length: 20 }, (_, i) => payment(i));
      await Promise.all(events.map((event) => pay(event)));
      const replays = await Promise.all(events.map((event) => protect(table.anotherProcess(), vi.fn())(event)));
      expect(replays).toEqual(events.map(({ amount }) => ({ amount })));
    });

    test("do not share a failure: the others go on", async () => {
      const together = gate();
      let running = 0;
      const pay = protect(table.store, async ({ amount }) => {
        if (++running === 4) together.open();
        await together.pass();
        if (amount % 2 === 1) throw new Error(`declined ${amount}`);
        return `paid ${amount}`;
      });
      const settled = await Promise.allSettled([0, 1, 2, 3].map((amount) => pay(payment(amount))));
      expect(settled).toMatchObject([
        { value: "paid 0" },
        { reason: { message: "declined 1" } },
        { value: "paid 2" },
        { reason: { message: "declined 3" } },
      ]);
    });

    test("cannot change their execution, nor the lease that it tells", async () => {
      await protect(table.store, (_event, _context, execution) => {
        expect(() => Object.assign(execution, { fence: 0 })).toThrow(TypeError);
        execution.leaseUntil.setTime(0);
        expect(execution.leaseUntil.getTime()).toBeGreaterThan(Date.now());
      })(payment());
    });

    test("see the execution around them again after a nested call", async () => {
      await protect(table.store, async (_event, _context, execution) => {
        await executeOnce(payment().key, (nested) => expect(currentExecution()).toBe(nested), {
          store: table.store,
          operation: "nested",
        });
        expect(currentExecution()).toBe(execution);
      })(payment());
    });

    test("see no execution in a listener of another call", async () => {
      const seen: unknown[] = [];
      const listen = (): void => void seen.push(currentExecution());
      await protect(table.store, () => "paid", { onEvent: listen })(payment());
      expect(seen).toEqual([undefined, undefined]);
    });
  });
});

describe("the key", () => {
  onEveryTable((makeTable) => {
    let table: Table;
    beforeAll(async () => {
      table = await makeTable();
    });

    test("and the fingerprint are computed once, before the handler", async () => {
      const order: string[] = [];
      const pay = protect(table.store, () => void order.push("handler"), {
        key: ({ key }) => order.push("key") && key,
        fingerprint: ({ amount }) => order.push("fingerprint") && amount,
      });
      await pay(payment());
      expect(order).toEqual(["key", "fingerprint", "handler"]);
    });

    test("stays what it was when the handler changes its event", async () => {
      const event = payment(100) as { key: string; amount: number };
      const original = { ...event };
      const other = payment();
      const told = recorder();
      const handler = vi.fn((mutable: Payment) => {
        Object.assign(mutable, { key: other.key, amount: 1 });
        return "paid";
      });
      await protect(table.store, handler, { onEvent: told.onEvent })(event);
      expect(told.events).toMatchObject([
        { type: "claimed", key: original.key },
        { type: "completed", key: original.key },
      ]);
      expect(await protect(table.store, handler)(original)).toBe("paid");
      expect(handler).toHaveBeenCalledTimes(1);
      expect(await table.store.read(await recordIdOf(table.store, other))).toBeUndefined();
    });

    test("stays what it was when an HTTP handler changes headers and body in place", async () => {
      const { key } = payment();
      const make = () => ({ httpMethod: "POST", path: "/p", headers: { "Idempotency-Key": key }, body: '{"a":1}' });
      const handler = vi.fn(async (event: { headers: object; body: unknown }) => {
        Object.assign(event.headers, { "Idempotency-Key": "another" });
        event.body = null;
        return { statusCode: 201, body: "charged" };
      });
      const pay = idempotentHttp(handler as never, { store: table.store, operation: "http" });
      const call = () => pay(make() as unknown as HttpEvent);
      await call();
      expect(await call()).toMatchObject({ statusCode: 201, headers: { "Idempotent-Replayed": "true" } });
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test("of a nested call belongs to the tenant of the invocation around it", async () => {
      const { key } = payment();
      const handler = () =>
        executeOnce(key, ({ keyFor }) => keyFor("charge"), { store: table.store, operation: "nested" });
      const as = (tenantId: string) =>
        protect(table.store, handler)(
          payment(),
          contextTelling(() => 9_000, { tenantId }),
        );
      expect(await as("tenant-a")).toMatchObject({ replayed: false });
      expect(await as("tenant-b")).toMatchObject({ replayed: false });
    });
  });
});
