/**
 * A batch of a standard queue, record by record: what failed comes back, what succeeded does not and is not run again.
 * G6, G7, G16 and the SQS part of the contract, on every store.
 */
import type { SQSRecord } from "aws-lambda";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type Execution, idempotentSqs, isKeyInvalidError, isPayloadMismatchError } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { anotherProcess, endingIn, failures, freshIds, sqsEvent, sqsRecord } from "../support/batch-events.ts";
import { gate } from "../support/gate.ts";
import { onEveryStore } from "../support/stores.ts";

describe("a batch of a standard queue", () => {
  onEveryStore((makeStore) => {
    let store: Store;
    beforeAll(async () => {
      store = await makeStore();
    });
    const consumer = (handler: (record: SQSRecord, context: unknown, execution: Execution) => unknown, more = {}) =>
      idempotentSqs(handler, { store, operation: "consume", onRecordError: () => {}, ...more });

    test("whose records all succeed reports none", async () => {
      const id = freshIds();
      const ran: string[] = [];
      const consume = consumer((record) => ran.push(record.messageId));
      expect(await consume(sqsEvent(sqsRecord(id("a")), sqsRecord(id("b"))))).toEqual({ batchItemFailures: [] });
      expect(ran.sort()).toEqual([id("a"), id("b")]);
    });

    test("reports the record that failed, and only that", async () => {
      const id = freshIds();
      const consume = consumer((record) => {
        if (record.messageId === id("b")) throw new Error("card declined");
      });
      const response = await consume(sqsEvent(sqsRecord(id("a")), sqsRecord(id("b")), sqsRecord(id("c"))));
      expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: id("b") }] });
    });

    test("of no records is a success", async () => {
      expect(await consumer(() => {})(sqsEvent())).toEqual({ batchItemFailures: [] });
    });

    test("runs a failed record again when it is redelivered, as a second attempt of the same key", async () => {
      const id = freshIds();
      const told: [number, string, string][] = [];
      const consume = consumer((record, _context, execution) => {
        told.push([execution.attempt, execution.key, execution.keyFor("charge")]);
        if (told.length === 1) throw new Error(`first try of ${record.messageId}`);
      });
      expect(failures(await consume(sqsEvent(sqsRecord(id("a")))))).toEqual([id("a")]);
      expect(failures(await consume(sqsEvent(sqsRecord(id("a"), { receives: 2 }))))).toEqual([]);
      const [first, second] = told;
      expect([first?.[0], second?.[0], first?.[1]]).toEqual([1, 2, id("a")]);
      expect(second?.[2]).toBe(first?.[2]);
    });

    test("does not run a record again that succeeded, and reports it as done", async () => {
      const id = freshIds();
      const handler = vi.fn();
      const delivered = sqsEvent(sqsRecord(id("a")));
      await consumer(handler)(delivered);
      expect(failures(await consumer(handler)(sqsEvent(sqsRecord(id("a"), { receives: 2 }))))).toEqual([]);
      expect(failures(await consumer(handler, { store: anotherProcess(store) })(delivered))).toEqual([]);
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test("runs a message again that the producer sent again, unless `key` says that it is the same work", async () => {
      const id = freshIds();
      const handler = vi.fn();
      const sent = (messageId: string) => sqsEvent(sqsRecord(id(messageId), { body: `{"order":"${id("order")}"}` }));
      await consumer(handler)(sent("m1"));
      await consumer(handler)(sent("m2"));
      expect(handler).toHaveBeenCalledTimes(2);
      const byOrder = consumer(handler, { key: (record: SQSRecord) => JSON.parse(record.body).order });
      await byOrder(sent("m3"));
      await byOrder(sent("m4"));
      expect(handler).toHaveBeenCalledTimes(3);
    });

    test("reports a record that runs elsewhere, and runs the others", async () => {
      const id = freshIds();
      const door = gate();
      const elsewhere = consumer(() => door.pass(), { store: anotherProcess(store) });
      const running = elsewhere(sqsEvent(sqsRecord(id("a"))), endingIn(30_000));
      await door.reached;
      const handler = vi.fn();
      const onRecordError = vi.fn();
      const batch = sqsEvent(sqsRecord(id("a"), { receives: 2 }), sqsRecord(id("b")));
      expect(failures(await consumer(handler, { onRecordError })(batch))).toEqual([id("a")]);
      expect(handler.mock.calls.map(([record]) => record.messageId)).toEqual([id("b")]);
      expect(onRecordError).not.toHaveBeenCalled();
      door.open();
      expect(failures(await running)).toEqual([]);
      expect(failures(await consumer(handler)(batch))).toEqual([]);
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test("reports a record whose key was used with another payload, and does not run it (G7)", async () => {
      const id = freshIds();
      const handler = vi.fn();
      const onRecordError = vi.fn();
      const terms = {
        key: (record: SQSRecord) => id(JSON.parse(record.body).order),
        fingerprint: (record: SQSRecord) => JSON.parse(record.body).amount,
        onRecordError,
      };
      const first = sqsRecord(id("m1"), { body: '{"order":"o1","amount":100}' });
      const other = sqsRecord(id("m2"), { body: '{"order":"o1","amount":900}' });
      expect(failures(await consumer(handler, terms)(sqsEvent(first)))).toEqual([]);
      expect(failures(await consumer(handler, terms)(sqsEvent(other)))).toEqual([id("m2")]);
      expect(handler).toHaveBeenCalledTimes(1);
      expect(isPayloadMismatchError(onRecordError.mock.calls[0]?.[0])).toBe(true);
    });

    test("tells `onRecordError` of the handler's own error and its record (G16)", async () => {
      const id = freshIds();
      const declined = new Error("card declined");
      const onRecordError = vi.fn();
      const record = sqsRecord(id("a"));
      const consume = consumer(() => Promise.reject(declined), { onRecordError });
      expect(failures(await consume(sqsEvent(record)))).toEqual([id("a")]);
      expect(onRecordError.mock.calls).toEqual([[declined, record]]);
      expect(onRecordError.mock.calls[0]?.[0]).toBe(declined);
    });

    test("fails a record alone whose key function throws", async () => {
      const id = freshIds();
      const onRecordError = vi.fn();
      const consume = consumer(() => {}, {
        key: (record: SQSRecord) => {
          if (record.messageId === id("a")) throw new Error("no order");
          return record.messageId;
        },
        onRecordError,
      });
      expect(failures(await consume(sqsEvent(sqsRecord(id("a")), sqsRecord(id("b")))))).toEqual([id("a")]);
      expect(isKeyInvalidError(onRecordError.mock.calls[0]?.[0])).toBe(true);
    });

    test("computes a record's key before its handler, which may then change the record (G15)", async () => {
      const id = freshIds();
      const handler = vi.fn((record: SQSRecord) => {
        (record as { messageId: string }).messageId = "changed";
      });
      const { messageId: _, ...rest } = sqsRecord(id("a"));
      const parsed = consumer(handler, { parse: () => 1 });
      await parsed(sqsEvent({ ...rest, messageId: id("a") }));
      await parsed(sqsEvent({ ...rest, messageId: id("a") }));
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test("keeps tenants apart, also where they use the same key (G8)", async () => {
      const id = freshIds();
      const handler = vi.fn();
      const terms = { key: () => id("order"), tenant: (record: SQSRecord) => record.body };
      const of = (tenant: string) => sqsEvent(sqsRecord(id(tenant), { body: tenant }));
      for (const tenant of ["anna", "ben", "anna"]) await consumer(handler, terms)(of(tenant));
      expect(handler.mock.calls.map(([record]) => record.body)).toEqual(["anna", "ben"]);
    });
  });
});
