/**
 * `idempotentEvent` on every store: one value, or one for each record in their order; a record that fails stops no other,
 * and its error rejects, so that the source tries again. G6, G16, G18.
 */
import { randomUUID } from "node:crypto";
import type { S3Event, SNSEvent } from "aws-lambda";
import { beforeAll, describe, expect, test, vi } from "vitest";
import {
  type EventOptions,
  idempotentEvent,
  invocationId,
  isInProgressError,
  isStoreUnavailableError,
} from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { anotherProcess, endingIn } from "../support/batch-events.ts";
import { gate } from "../support/gate.ts";
import { downStore } from "../support/probe-store.ts";
import { recorded } from "../support/recorded-events.ts";
import { onEveryStore } from "../support/stores.ts";

interface Order {
  readonly id: string;
  readonly "detail-type": string;
  readonly detail: { readonly amount: number };
}

const order = (amount: number, id: string = randomUUID()): Order => ({
  id,
  "detail-type": "Order",
  detail: { amount },
});
const errorOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => "no error",
    (error: unknown) => error,
  );

describe("idempotentEvent", () => {
  onEveryStore((makeStore) => {
    let store: Store;
    beforeAll(async () => {
      store = await makeStore();
    });
    const one = (handler: (event: Order) => unknown, more: Partial<EventOptions<Order>> = {}) =>
      idempotentEvent<Order, unknown>(handler, { store, operation: "event", ...more });
    const many = (handler: (event: Order) => unknown, more: Partial<EventOptions<Order[]>> = {}) =>
      idempotentEvent<Order[], unknown>(handler, { store, operation: "event", ...more });

    test("gives the handler's value, and the same at every redelivery", async () => {
      const event = order(100);
      let charges = 0;
      const charge = one(({ detail }) => ({ charged: detail.amount, number: ++charges }));
      expect(await charge(event)).toEqual({ charged: 100, number: 1 });
      expect(await charge({ ...event })).toEqual({ charged: 100, number: 1 });
      expect(charges).toBe(1);
    });

    test("throws the handler's own error, and runs again then (G16)", async () => {
      const event = order(100);
      const declined = new Error("declined");
      const handler = vi.fn().mockRejectedValueOnce(declined).mockResolvedValueOnce("charged");
      expect(await errorOf(one(handler)(event))).toBe(declined);
      expect(await one(handler)(event)).toBe("charged");
      expect(await one(handler)(event)).toBe("charged");
      expect(handler).toHaveBeenCalledTimes(2);
    });

    test("refuses an event that is at work elsewhere, so that the source tries again", async () => {
      const event = order(100);
      const door = gate();
      const running = one(() => door.pass(), { store: anotherProcess(store) })(event);
      await door.reached;
      const handler = vi.fn();
      expect(isInProgressError(await errorOf(one(handler)(event)))).toBe(true);
      expect(handler).not.toHaveBeenCalled();
      door.open();
      await running;
    });

    test("rejects while the store is down, and runs nothing", async () => {
      const handler = vi.fn();
      expect(isStoreUnavailableError(await errorOf(one(handler, { store: downStore() })(order(1))))).toBe(true);
      expect(handler).not.toHaveBeenCalled();
    });

    test("gives the values of several records in their order, whichever ends first", async () => {
      const first = gate();
      const events = [order(1), order(2), order(3)];
      const charge = many(async ({ detail: { amount } }) => {
        if (amount === 1) await first.pass();
        if (amount === 3) first.open();
        return amount * 10;
      });
      expect(await charge(events)).toEqual([10, 20, 30]);
      expect(await charge(events)).toEqual([10, 20, 30]);
    });

    test("gives a list for a list of one, and an empty one for none", async () => {
      expect(await many(({ detail }) => detail.amount)([order(7)])).toEqual([7]);
      expect(await many(() => 1)([])).toEqual([]);
    });

    test("runs the others when one record fails, and rejects with its error", async () => {
      const declined = new Error("declined");
      const events = [order(1), order(2), order(3)];
      const ran: number[] = [];
      const charge = many(({ detail: { amount } }) => {
        ran.push(amount);
        if (amount === 2) throw declined;
        return amount;
      });
      expect(await errorOf(charge(events))).toBe(declined);
      expect(ran.sort()).toEqual([1, 2, 3]);
    });

    test("runs again then only what failed", async () => {
      const events = [order(1), order(2), order(3)];
      const ran: number[] = [];
      let down = true;
      const charge = many(({ detail: { amount } }) => {
        ran.push(amount);
        if (down && amount === 2) throw new Error("declined");
        return amount;
      });
      await errorOf(charge(events));
      ran.length = 0;
      down = false;
      expect(await charge(events)).toEqual([1, 2, 3]);
      expect(ran).toEqual([2]);
    });

    test("rejects with an AggregateError of all their errors when several fail", async () => {
      const charge = many(({ detail: { amount } }) => {
        if (amount !== 2) throw new Error(`declined ${amount}`);
      });
      const error = await errorOf(charge([order(1), order(2), order(3)]));
      expect(error).toBeInstanceOf(AggregateError);
      const { errors, message } = error as AggregateError;
      expect(errors.map((inner: Error) => inner.message).sort()).toEqual(["declined 1", "declined 3"]);
      expect(message).toContain("2 of 3");
    });

    test("tells also of an error that is `undefined`", async () => {
      const charge = many(({ detail: { amount } }) => (amount === 2 ? Promise.reject(undefined) : amount));
      await expect(charge([order(1), order(2)])).rejects.toBeUndefined();
    });

    test("hands SNS and S3 records over one by one", async () => {
      const sns: SNSEvent = recorded("sns", ({ Records: [record] }) => {
        record.Sns.MessageId = randomUUID();
      });
      const messages = idempotentEvent<SNSEvent, string>(({ Sns }) => Sns.Message, { store, operation: "sns" });
      expect(await messages(sns)).toEqual(["Hello from SNS!"]);
      const s3: S3Event = recorded("s3-put", ({ Records: [record] }) => {
        record.s3.object.sequencer = randomUUID();
      });
      const keys = idempotentEvent<S3Event, string>(({ s3: { object } }) => object.key, { store, operation: "s3" });
      expect(await keys(s3)).toEqual(["HappyFace.jpg"]);
    });

    test("runs equal records of one event once, and all of them get its value (G18)", async () => {
      const event = order(100);
      const handler = vi.fn(() => "charged");
      expect(await many(handler)([event, { ...event }, { ...event }])).toEqual(["charged", "charged", "charged"]);
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test("lets equal records of one event fail alike, and runs them once (G18)", async () => {
      const event = order(100);
      const handler = vi.fn(() => Promise.reject(new Error("declined")));
      const error = await errorOf(many(handler)([event, { ...event }]));
      expect(handler).toHaveBeenCalledTimes(1);
      const errors = error instanceof AggregateError ? error.errors : [error];
      expect(new Set(errors.map((inner: Error) => inner.message))).toEqual(new Set(["declined"]));
    });

    test("loses none of the records of an invocation that is known by its request id", async () => {
      const context = endingIn(30_000, { awsRequestId: randomUUID() });
      const ran: number[] = [];
      const charge = idempotentEvent<Order[], number>(
        ({ detail: { amount } }) => {
          ran.push(amount);
          return amount;
        },
        { store, operation: "event", key: invocationId },
      );
      const events = [order(1), order(2), order(3)];
      await errorOf(charge(events, context));
      expect(await charge(events, context)).toEqual([1, 2, 3]);
      expect(ran.sort()).toEqual([1, 2, 3]);
    });
  });
});
