/**
 * `maxAttempts`: work that failed so often is parked as `FAILED` and not run again; the caller chooses what becomes of the
 * record. On every store, also against a past in which attempts died (G9, G12).
 */
import type { SQSRecord } from "aws-lambda";
import { beforeAll, describe, expect, test, vi } from "vitest";
import {
  type InProgressRecord,
  idempotentSqs,
  isAttemptsExhaustedError,
  type SqsOptions,
  type StoredRecord,
} from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { failures, freshIds, sqsEvent, sqsRecord } from "../support/batch-events.ts";
import { onEveryStore } from "../support/stores.ts";
import { inProgress, plant, releasedOne } from "../support/tables.ts";

/** Far from the past of `tables.ts`, whose records expired long ago. */
const KEPT = { expiresAt: 4_000_000_000 };

describe("a record that fails as often as `maxAttempts` allows", () => {
  onEveryStore((makeStore) => {
    let store: Store;
    beforeAll(async () => {
      store = await makeStore();
    });
    const consumer = (handler: (record: SQSRecord) => unknown, more: Partial<SqsOptions<undefined>> = {}) =>
      idempotentSqs(handler, { store, operation: "poison", onRecordError: () => {}, ...more });
    const declined = () => Promise.reject(new RangeError("declined"));

    async function recordIdOf(messageId: string): Promise<string> {
      let id = "";
      const insert = (record: InProgressRecord) => {
        id = record.id;
        return Promise.reject(new Error("only the id was wanted"));
      };
      await consumer(() => {}, { store: { ...store, insert } })(sqsEvent(sqsRecord(messageId))).catch(() => {});
      return id;
    }
    const stored = async (messageId: string): Promise<StoredRecord | undefined> =>
      await store.read(await recordIdOf(messageId));

    test("is parked as FAILED at the last attempt, and never run again", async () => {
      const id = freshIds();
      const handler = vi.fn(declined);
      const consume = consumer(handler, { maxAttempts: 3 });
      const seen: (string | undefined)[] = [];
      for (const receives of [1, 2, 3, 4, 5]) {
        expect(failures(await consume(sqsEvent(sqsRecord(id("a"), { receives }))))).toEqual([id("a")]);
        seen.push((await stored(id("a")))?.status);
      }
      expect(seen).toEqual(["RELEASED", "RELEASED", "FAILED", "FAILED", "FAILED"]);
      expect(handler).toHaveBeenCalledTimes(3);
      expect(await stored(id("a"))).toMatchObject({ status: "FAILED", attempts: 3, errorName: "RangeError" });
    });

    test("is not parked by a success at the last attempt", async () => {
      const id = freshIds();
      const handler = vi.fn().mockRejectedValueOnce(new Error("once")).mockResolvedValue(undefined);
      const consume = consumer(handler, { maxAttempts: 2 });
      expect(failures(await consume(sqsEvent(sqsRecord(id("a")))))).toEqual([id("a")]);
      expect(failures(await consume(sqsEvent(sqsRecord(id("a"), { receives: 2 }))))).toEqual([]);
      expect(failures(await consume(sqsEvent(sqsRecord(id("a"), { receives: 3 }))))).toEqual([]);
      expect((await stored(id("a")))?.status).toBe("COMPLETED");
      expect(handler).toHaveBeenCalledTimes(2);
    });

    test("is tried for ever without a limit", async () => {
      const id = freshIds();
      const handler = vi.fn(declined);
      for (let receives = 1; receives <= 20; receives++)
        await consumer(handler)(sqsEvent(sqsRecord(id("a"), { receives })));
      expect(handler).toHaveBeenCalledTimes(20);
      expect((await stored(id("a")))?.status).toBe("RELEASED");
    });

    test("counts attempts that died: the last of them is parked by who finds it, without the handler", async () => {
      const id = freshIds();
      await plant(store, inProgress(await recordIdOf(id("a")), { ...KEPT, attempts: 3 }));
      const handler = vi.fn();
      const onRecordError = vi.fn();
      const consume = consumer(handler, { maxAttempts: 3, onRecordError });
      expect(failures(await consume(sqsEvent(sqsRecord(id("a")))))).toEqual([id("a")]);
      expect(handler).not.toHaveBeenCalled();
      expect(isAttemptsExhaustedError(onRecordError.mock.calls[0]?.[0])).toBe(true);
      const record = await stored(id("a"));
      expect(record).toMatchObject({ status: "FAILED", attempts: 3 });
      expect(record).not.toHaveProperty("errorName");
    });

    test("counts deaths and failures together", async () => {
      const id = freshIds();
      await plant(store, inProgress(await recordIdOf(id("a")), { ...KEPT, attempts: 2 }));
      const attempts: number[] = [];
      const consume = idempotentSqs(
        (_record, _context, { attempt }) => {
          attempts.push(attempt);
          throw new Error("declined");
        },
        { store, operation: "poison", maxAttempts: 4, onRecordError: () => {} },
      );
      for (const receives of [3, 4, 5]) await consume(sqsEvent(sqsRecord(id("a"), { receives })));
      expect(attempts).toEqual([3, 4]);
      expect((await stored(id("a")))?.status).toBe("FAILED");
    });

    test("is not parked while its last attempt may still be running (G9)", async () => {
      const id = freshIds();
      const live = { ...KEPT, attempts: 3, leaseUntil: Date.now() + 600_000 };
      await plant(store, inProgress(await recordIdOf(id("a")), live));
      const onPoison = vi.fn(() => "acknowledge" as const);
      const consume = consumer(() => {}, { maxAttempts: 3, onPoison });
      expect(failures(await consume(sqsEvent(sqsRecord(id("a")))))).toEqual([id("a")]);
      expect(onPoison).not.toHaveBeenCalled();
      expect((await stored(id("a")))?.status).toBe("IN_PROGRESS");
    });

    test("is parked by a limit that came later", async () => {
      const id = freshIds();
      await plant(store, releasedOne(await recordIdOf(id("a")), { ...KEPT, attempts: 7 }));
      const handler = vi.fn();
      expect(failures(await consumer(handler, { maxAttempts: 5 })(sqsEvent(sqsRecord(id("a")))))).toEqual([id("a")]);
      expect(handler).not.toHaveBeenCalled();
      expect((await stored(id("a")))?.status).toBe("FAILED");
    });

    test("runs again where the limit is raised or taken away, counting on from where it was", async () => {
      const id = freshIds();
      const attempts: number[] = [];
      const consume = (maxAttempts?: number) =>
        idempotentSqs(
          (_record, _context, { attempt }) => {
            attempts.push(attempt);
            throw new Error("declined");
          },
          { store, operation: "poison", onRecordError: () => {}, ...(maxAttempts && { maxAttempts }) },
        )(sqsEvent(sqsRecord(id("a"))));
      await consume(1);
      await consume(1);
      expect(attempts).toEqual([1]);
      await consume(2);
      await consume(2);
      expect(attempts).toEqual([1, 2]);
      await consume();
      expect(attempts).toEqual([1, 2, 3]);
      expect((await stored(id("a")))?.status).toBe("RELEASED");
    });

    test("is parked once by many who find it at once", async () => {
      const id = freshIds();
      await plant(store, inProgress(await recordIdOf(id("a")), { ...KEPT, attempts: 2 }));
      const handler = vi.fn();
      const parked = vi.fn();
      const consumers = Array.from({ length: 5 }, () =>
        consumer(handler, {
          store: { ...store },
          maxAttempts: 2,
          onEvent: ({ type }) => {
            if (type === "parked") parked();
          },
        }),
      );
      const answers = await Promise.all(consumers.map((consume) => consume(sqsEvent(sqsRecord(id("a"))))));
      expect(answers.map(failures)).toEqual([[id("a")], [id("a")], [id("a")], [id("a")], [id("a")]]);
      expect(handler).not.toHaveBeenCalled();
      expect(parked).toHaveBeenCalledTimes(1);
    });

    describe("and its caller chooses", () => {
      const once = async (onPoison: SqsOptions<undefined>["onPoison"], more: Partial<SqsOptions<undefined>> = {}) => {
        const id = freshIds();
        const terms = { maxAttempts: 1, ...(onPoison === undefined ? {} : { onPoison }), ...more };
        const name = (back: string[]) => back.map((messageId) => (messageId === id("a") ? "a" : messageId));
        const at = async (receives: number) =>
          name(failures(await consumer(declined, terms)(sqsEvent(sqsRecord(id("a"), { receives })))));
        return [await at(1), await at(2)];
      };

      test("nothing: it is reported back, for the queue's own limit to move it to the dead-letter queue", async () => {
        expect(await once(undefined)).toEqual([["a"], ["a"]]);
      });

      test('"fail": the same', async () => {
        expect(await once("fail")).toEqual([["a"], ["a"]]);
      });

      test('"acknowledge": it passes, at the last attempt and whenever it comes again', async () => {
        expect(await once("acknowledge")).toEqual([[], []]);
      });

      test("by a function, which is told of the record and the error each time", async () => {
        const onPoison = vi.fn((_record: SQSRecord, error: unknown): "fail" | "acknowledge" =>
          isAttemptsExhaustedError(error) ? "acknowledge" : "fail",
        );
        expect(await once(onPoison)).toEqual([["a"], []]);
        const [first, second] = onPoison.mock.calls.map(([record, error]) => ({ record, error }));
        expect(first).toMatchObject({ record: { body: "{}" }, error: { message: "declined" } });
        expect(isAttemptsExhaustedError(second?.error)).toBe(true);
      });

      test("by an asynchronous function", async () => {
        expect(await once(async () => "acknowledge" as const)).toEqual([[], []]);
      });

      test("by a function that throws or answers nonsense: it is reported back, and nothing else is disturbed", async () => {
        const warning = vi.spyOn(process, "emitWarning").mockReturnValue();
        expect(
          await once(() => {
            throw new Error("the alarm is down");
          }),
        ).toEqual([["a"], ["a"]]);
        expect(await once(() => Promise.reject(new Error("the alarm is down")))).toEqual([["a"], ["a"]]);
        expect(warning).toHaveBeenCalledTimes(4);
        expect(await once((() => undefined) as never)).toEqual([["a"], ["a"]]);
        expect(await once((() => true) as never)).toEqual([["a"], ["a"]]);
        warning.mockRestore();
      });

      test("not by that function while there are attempts left", async () => {
        const id = freshIds();
        const onPoison = vi.fn(() => "acknowledge" as const);
        const consume = consumer(declined, { maxAttempts: 2, onPoison });
        expect(failures(await consume(sqsEvent(sqsRecord(id("a")))))).toEqual([id("a")]);
        expect(onPoison).not.toHaveBeenCalled();
        expect(failures(await consume(sqsEvent(sqsRecord(id("a")))))).toEqual([]);
        expect(onPoison).toHaveBeenCalledTimes(1);
      });
    });
  });
});
