/**
 * G19: within a group of a FIFO queue nothing runs after its first record that did not succeed, for whatever reason; all
 * that was not run is reported back, in order. Groups know nothing of each other.
 */
import type { SQSRecord } from "aws-lambda";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { idempotentSqs, type SqsOptions } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { anotherProcess, failures, fifoRecord, freshIds, sqsEvent } from "../support/batch-events.ts";
import { gate } from "../support/gate.ts";
import { onEveryStore } from "../support/stores.ts";

describe("a batch of a FIFO queue (G19)", () => {
  onEveryStore((makeStore) => {
    let store: Store;
    beforeAll(async () => {
      store = await makeStore();
    });
    const consumer = (handler: (record: SQSRecord) => unknown, more: Partial<SqsOptions<undefined>> = {}) =>
      idempotentSqs(handler, { store, operation: "fifo", onRecordError: () => {}, ...more });

    /** A consumer that fails the named records, and what it ran, in order. */
    function failing(...names: string[]) {
      const ran: string[] = [];
      const handler = (record: SQSRecord) => {
        ran.push(record.messageId);
        if (names.includes(record.messageId)) throw new Error("declined");
      };
      return { ran, handler };
    }

    /** Groups a and b, three records each, mixed as a queue gives them. */
    const batch = (id: (name: string) => string, body: (name: string) => string = () => "{}") =>
      sqsEvent(
        ...["a1", "b1", "a2", "b2", "b3", "a3"].map((name) =>
          fifoRecord(id(name), id(name.slice(0, 1)), { body: body(name) }),
        ),
      );

    test("keeps the order of each group", async () => {
      const id = freshIds();
      const { ran, handler } = failing();
      expect(failures(await consumer(handler)(batch(id)))).toEqual([]);
      expect(ran.filter((name) => name.startsWith("a"))).toEqual([id("a1"), id("a2"), id("a3")]);
      expect(ran.filter((name) => name.startsWith("b"))).toEqual([id("b1"), id("b2"), id("b3")]);
    });

    test("stops a group at its first failure and reports the rest of it; the other group goes on", async () => {
      const id = freshIds();
      const { ran, handler } = failing(id("a2"));
      expect(failures(await consumer(handler)(batch(id)))).toEqual([id("a2"), id("a3")]);
      expect(ran.sort()).toEqual([id("a1"), id("a2"), id("b1"), id("b2"), id("b3")].sort());
    });

    test("takes up the group where it stopped when the rest is redelivered, and not before", async () => {
      const id = freshIds();
      const { ran, handler } = failing(id("a1"));
      expect(failures(await consumer(handler)(batch(id)))).toEqual([id("a1"), id("a2"), id("a3")]);
      ran.length = 0;
      const again = failing();
      expect(failures(await consumer(again.handler)(batch(id)))).toEqual([]);
      expect(again.ran).toEqual([id("a1"), id("a2"), id("a3")]);
    });

    test("stops a group at a record that runs elsewhere", async () => {
      const id = freshIds();
      const door = gate();
      const elsewhere = consumer(() => door.pass(), { store: anotherProcess(store) });
      const running = elsewhere(sqsEvent(fifoRecord(id("a2"), id("a"))));
      await door.reached;
      const { ran, handler } = failing();
      expect(failures(await consumer(handler)(batch(id)))).toEqual([id("a2"), id("a3")]);
      expect(ran).not.toContain(id("a3"));
      expect(ran).toContain(id("b3"));
      door.open();
      await running;
    });

    test("stops a group at a record whose key was used with another payload", async () => {
      const id = freshIds();
      const terms = { fingerprint: (record: SQSRecord) => record.body };
      await consumer(() => {}, terms)(sqsEvent(fifoRecord(id("a2"), id("a"), { body: "other" })));
      const { ran, handler } = failing();
      expect(failures(await consumer(handler, terms)(batch(id)))).toEqual([id("a2"), id("a3")]);
      expect(ran).not.toContain(id("a2"));
      expect(ran).not.toContain(id("a3"));
    });

    test("stops a group at a record that cannot be parsed", async () => {
      const id = freshIds();
      const { ran, handler } = failing();
      const consume = idempotentSqs<{ n: number }>(handler, {
        store,
        operation: "fifo",
        onRecordError: () => {},
        parse: (record) => JSON.parse(record.body),
      });
      const response = await consume(batch(id, (name) => (name === "a2" ? "{" : '{"n":1}')));
      expect(failures(response)).toEqual([id("a2"), id("a3")]);
      expect(ran).not.toContain(id("a3"));
    });

    test("stops a group at a record without a key", async () => {
      const id = freshIds();
      const { ran, handler } = failing();
      const consume = consumer(handler, {
        key: (record) => (record.messageId === id("a2") ? undefined : record.messageId),
      });
      expect(failures(await consume(batch(id)))).toEqual([id("a2"), id("a3")]);
      expect(ran).not.toContain(id("a3"));
    });

    test("goes on after a record that was done before", async () => {
      const id = freshIds();
      await consumer(() => {})(sqsEvent(fifoRecord(id("a1"), id("a"))));
      const { ran, handler } = failing();
      expect(failures(await consumer(handler)(batch(id)))).toEqual([]);
      expect(ran).not.toContain(id("a1"));
      expect(ran.filter((name) => name.startsWith("a"))).toEqual([id("a2"), id("a3")]);
    });

    test("treats records without a group as one group", async () => {
      const id = freshIds();
      const { ran, handler } = failing(id("x1"));
      const records = ["x1", "x2"].map((name) => {
        const record = fifoRecord(id(name), "none");
        delete record.attributes.MessageGroupId;
        return record;
      });
      expect(failures(await consumer(handler)(sqsEvent(...records)))).toEqual([id("x1"), id("x2")]);
      expect(ran).toEqual([id("x1")]);
    });

    test("reports a group's records in the order of the batch, whatever else fails", async () => {
      const id = freshIds();
      const { handler } = failing(id("a1"), id("b2"));
      const back = failures(await consumer(handler)(batch(id)));
      expect(back.filter((name) => name.startsWith("a"))).toEqual([id("a1"), id("a2"), id("a3")]);
      expect(back.filter((name) => name.startsWith("b"))).toEqual([id("b2"), id("b3")]);
    });

    test("lets poison that is acknowledged pass, and the group goes on", async () => {
      const id = freshIds();
      const { ran, handler } = failing(id("a1"));
      const terms = { maxAttempts: 1, onPoison: vi.fn(() => "acknowledge" as const) };
      expect(failures(await consumer(handler, terms)(batch(id)))).toEqual([]);
      expect(ran.filter((name) => name.startsWith("a"))).toEqual([id("a1"), id("a2"), id("a3")]);
      expect(terms.onPoison).toHaveBeenCalledTimes(1);
    });
  });
});
