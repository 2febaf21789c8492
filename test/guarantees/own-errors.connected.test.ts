/**
 * The handler's own error is the one that the caller sees, whatever the store does; and only an outcome that was caught
 * frees the key. G12, G16.
 */
import { beforeAll, describe, expect, test, vi } from "vitest";
import { currentExecution, executeOnce, InProgressError, isInProgressError } from "../../src/index.ts";
import { deny, type Fault, fail, faultyStore, loseAnswer } from "../support/faults.ts";
import { gate } from "../support/gate.ts";
import { errorOf, lambdaContext, payment, protect, recorder, recordIdOf } from "../support/payments.ts";
import { onEveryTable, type Table } from "../support/tables.ts";

class Declined extends Error {
  override readonly name = "Declined";
}

describe("the handler's own error", () => {
  onEveryTable((makeTable) => {
    let table: Table;
    beforeAll(async () => {
      table = await makeTable();
    });

    test.each<[string, unknown]>([
      ["an error", new Declined("no funds")],
      ["undefined", undefined],
      ["null", null],
      ["a string", "declined"],
      ["an object without a prototype", Object.create(null)],
      ["a frozen error", Object.freeze(new Error("frozen"))],
      ["an error of this library, of a nested call", new InProgressError("nested", 5)],
    ])("is thrown as it is, and frees the key: %s", async (_, thrown) => {
      const event = payment();
      const handler = vi
        .fn(() => "paid")
        .mockImplementationOnce(() => {
          throw thrown;
        });
      const pay = protect(table.store, handler);
      let caught: unknown = "nothing";
      await pay(event).catch((error: unknown) => (caught = error));
      expect(caught).toBe(thrown);
      expect(await pay(event)).toBe("paid");
      expect(handler).toHaveBeenCalledTimes(2);
    });

    const odd = (name: unknown): Error => Object.assign(new Error("odd"), { name });
    test.each<[string, () => Error]>([
      ["a number", () => odd(42)],
      ["an object", () => odd({ code: "E_DECLINED" })],
      ["a symbol", () => odd(Symbol("declined"))],
      ["undefined", () => odd(undefined)],
      ["empty", () => odd("")],
      ["longer than an item may be", () => odd("x".repeat(500_000))],
      [
        "one that throws when it is read",
        () =>
          Object.defineProperty(new Error("odd"), "name", {
            get() {
              throw new Error("no name for you");
            },
          }),
      ],
    ])("is thrown as it is, and frees the key, when its name is %s", async (_, make) => {
      const thrown = make();
      const event = payment();
      const handler = vi
        .fn(() => "paid")
        .mockImplementationOnce(() => {
          throw thrown;
        });
      const pay = protect(table.store, handler);
      expect((await errorOf(pay(event))) === thrown).toBe(true);
      expect((await table.store.read(await recordIdOf(table.store, event)))?.status).toBe("RELEASED");
      expect(await pay(event)).toBe("paid");
    });

    test.each<[string, Fault]>([
      ["fails for good", deny],
      ["fails, then works", loseAnswer],
    ])("is thrown when the release %s", async (_, fault) => {
      const store = faultyStore(table.store);
      store.next("release", fault);
      const declined = new Declined();
      expect(await errorOf(protect(store, () => Promise.reject(declined))(payment()))).toBe(declined);
    });

    test("is thrown when the release fails; the key is free after the lease, and not before", async () => {
      const store = faultyStore(table.store);
      store.every("release", deny);
      const told = recorder();
      const event = payment();
      const options = { onEvent: told.onEvent, leaseMs: 800, clockToleranceMs: 0 };
      await errorOf(protect(store, () => Promise.reject(new Declined()), options)(event));
      expect(told.types()).toEqual(["claimed", "completionFailed"]);
      expect(await errorOf(protect(table.store, vi.fn())(event))).toSatisfy(isInProgressError);
      const next = protect(table.store, () => "paid", { whenInProgress: { waitMs: 10_000 }, clockToleranceMs: 0 });
      expect(await next(event)).toBe("paid");
    });

    test("of a nested call whose store fails is the caller's to see", async () => {
      const store = faultyStore(table.store);
      store.every("insert", fail);
      const event = payment();
      const nested = async () => await executeOnce("step", () => 1, { store, operation: "nested" });
      const error = await errorOf(protect(table.store, nested)(event));
      expect(error).toMatchObject({ message: "injected: no answer (operation `nested`, key `step`)" });
      expect((await table.store.read(await recordIdOf(table.store, event)))?.status).toBe("RELEASED");
    });

    test("may be the signal's reason: that is an outcome, and frees the key", async () => {
      const event = payment();
      const aborted = protect(table.store, async () => {
        const { signal } = currentExecution() ?? {};
        await new Promise((resolve) => signal?.addEventListener("abort", resolve));
        signal?.throwIfAborted();
      });
      const error = await errorOf(aborted(event, lambdaContext(600)));
      expect(error).toMatchObject({ name: "TimeoutError" });
      expect(await protect(table.store, () => "paid")(event)).toBe("paid");
    });

    test("is what frees a key: a signal that fires while the handler goes on does not", async () => {
      const event = payment();
      const running = gate();
      let fired: AbortSignal | undefined;
      const pay = protect(table.store, async () => {
        fired = currentExecution()?.signal;
        await new Promise((resolve) => fired?.addEventListener("abort", resolve));
        await running.pass();
        return "paid";
      });
      const paying = pay(event, lambdaContext(600));
      await running.reached;
      expect(fired?.aborted).toBe(true);
      expect(await errorOf(protect(table.anotherProcess(), vi.fn())(event))).toSatisfy(isInProgressError);
      running.open();
      expect(await paying).toBe("paid");
    });
  });
});
