/**
 * G18: records of one batch with equal keys are one call. It runs once, and every record of it is reported alike.
 */
import type { SQSRecord } from "aws-lambda";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { idempotentSqs } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { anotherProcess, failures, fifoRecord, freshIds, sqsEvent, sqsRecord } from "../support/batch-events.ts";
import { gate } from "../support/gate.ts";
import { onEveryStore } from "../support/stores.ts";

describe("records of one batch with equal keys (G18)", () => {
  onEveryStore((makeStore) => {
    let store: Store;
    beforeAll(async () => {
      store = await makeStore();
    });
    const byBody = (handler: (record: SQSRecord) => unknown, more = {}) =>
      idempotentSqs(handler, {
        store,
        operation: "equal",
        key: (record) => record.body,
        onRecordError: () => {},
        ...more,
      });
    const records = (id: (name: string) => string, ...names: string[]) =>
      names.map((name) => sqsRecord(id(name), { body: id("order") }));

    test.each([1, 2, 10])("run once and succeed alike, %i at a time", async (concurrency) => {
      const id = freshIds();
      const handler = vi.fn();
      const response = await byBody(handler, { concurrency })(sqsEvent(...records(id, "a", "b", "c")));
      expect(failures(response)).toEqual([]);
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test.each([1, 2, 10])(
      "run once and fail alike, %i at a time: nothing is tried again in the batch",
      async (concurrency) => {
        const id = freshIds();
        const handler = vi.fn().mockRejectedValueOnce(new Error("declined")).mockResolvedValue("charged");
        const batch = sqsEvent(...records(id, "a", "b", "c"));
        const first = failures(await byBody(handler, { concurrency })(batch));
        expect(first.sort()).toEqual([id("a"), id("b"), id("c")].sort());
        expect(handler).toHaveBeenCalledTimes(1);
        expect(failures(await byBody(handler, { concurrency })(batch))).toEqual([]);
        expect(handler).toHaveBeenCalledTimes(2);
      },
    );

    test("are one run also where the duplicates come while it is running", async () => {
      const id = freshIds();
      const door = gate();
      const handler = vi.fn(() => door.pass());
      const answer = byBody(handler)(sqsEvent(...records(id, "a", "b", "c")));
      await door.reached;
      door.open();
      expect(failures(await answer)).toEqual([]);
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test("come back alike where the key runs elsewhere", async () => {
      const id = freshIds();
      const door = gate();
      const running = byBody(() => door.pass(), { store: anotherProcess(store) })(sqsEvent(...records(id, "other")));
      await door.reached;
      const handler = vi.fn();
      const back = failures(await byBody(handler)(sqsEvent(...records(id, "a", "b"))));
      expect(back.sort()).toEqual([id("a"), id("b")].sort());
      expect(handler).not.toHaveBeenCalled();
      door.open();
      await running;
    });

    test("of different FIFO groups run once and succeed alike", async () => {
      const id = freshIds();
      const handler = vi.fn();
      const batch = sqsEvent(
        fifoRecord(id("a"), "g1", { body: id("order") }),
        fifoRecord(id("b"), "g2", { body: id("order") }),
        fifoRecord(id("c"), "g2", { body: id("next") }),
      );
      expect(failures(await byBody(handler)(batch))).toEqual([]);
      expect(handler.mock.calls.map(([record]) => record.body).sort()).toEqual([id("next"), id("order")].sort());
    });

    test("of different FIFO groups fail alike, and both groups stop there (G19)", async () => {
      const id = freshIds();
      const handler = vi.fn(() => Promise.reject(new Error("declined")));
      const batch = sqsEvent(
        fifoRecord(id("a1"), "g1", { body: id("order") }),
        fifoRecord(id("b1"), "g2", { body: id("order") }),
        fifoRecord(id("a2"), "g1", { body: id("x") }),
        fifoRecord(id("b2"), "g2", { body: id("y") }),
      );
      const back = failures(await byBody(handler)(batch));
      expect(back.sort()).toEqual([id("a1"), id("a2"), id("b1"), id("b2")].sort());
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test("but other payloads are not one call: one runs, the other is refused (G7)", async () => {
      const id = freshIds();
      const handler = vi.fn();
      const consume = byBody(handler, {
        concurrency: 1,
        key: () => id("order"),
        fingerprint: (record: SQSRecord) => record.body,
      });
      const batch = sqsEvent(
        sqsRecord(id("a"), { body: "100" }),
        sqsRecord(id("b"), { body: "900" }),
        sqsRecord(id("c"), { body: "100" }),
      );
      expect(failures(await consume(batch))).toEqual([id("b")]);
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test("of two batches at once in one process still run once", async () => {
      const id = freshIds();
      const door = gate();
      const handler = vi.fn(() => door.pass());
      const consume = byBody(handler);
      const first = consume(sqsEvent(...records(id, "a")));
      await door.reached;
      expect(failures(await consume(sqsEvent(...records(id, "b"))))).toEqual([id("b")]);
      door.open();
      expect(failures(await first)).toEqual([]);
      expect(failures(await consume(sqsEvent(...records(id, "b"))))).toEqual([]);
      expect(handler).toHaveBeenCalledTimes(1);
    });
  });
});
