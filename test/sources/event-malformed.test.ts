/**
 * What `idempotentEvent` does not know it refuses, with an error that says what to do; a part of a key that is missing makes
 * the key missing (G8); and no record of an event is begun that could not be finished (G26).
 */
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  type EventOptions,
  eventBridgeId,
  idempotentEvent,
  idempotentSqs,
  invocationId,
  isInProgressError,
  isInvalidOptionsError,
  isKeyInvalidError,
  isKeyMissingError,
  snsMessageId,
} from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { endingIn, failures, frozenClock, settled, sqsEvent, sqsRecord } from "../support/batch-events.ts";
import { recorded } from "../support/recorded-events.ts";
import { kinesisRecord, mskEvent } from "../support/stream-events.ts";

afterEach(() => {
  vi.useRealTimers();
});

const wrap = (handler: (event: unknown) => unknown = () => {}, more: Partial<EventOptions<unknown>> = {}) =>
  idempotentEvent<unknown, unknown>(handler, { store: memoryStore(), operation: "event", ...more });

async function refusalOf(event: unknown): Promise<string> {
  const handler = vi.fn();
  const error: unknown = await wrap(handler)(event).catch((thrown: unknown) => thrown);
  expect(handler).not.toHaveBeenCalled();
  expect(isKeyMissingError(error)).toBe(true);
  return (error as Error).message;
}

describe("an event of an unknown source", () => {
  test.each<[string, unknown]>([
    ["an order", { orderId: "order-1", amount: 100 }],
    ["nothing", undefined],
    ["null", null],
    ["text", "order-1"],
    ["a number", 7],
    ["an empty object", {}],
    ["an id without a detail type", { id: "1", detail: {} }],
    ["a Scheduler payload of one's own", { schedule: "arn:aws:scheduler:1", time: "2022-03-22T18:59:43Z" }],
    ["a list of orders", [{ orderId: "order-1" }]],
    ["a Kafka event", mskEvent({ "orders-0": [1] })],
  ])("is refused with an error that says to pass `key`: %s", async (_, event) => {
    expect(await refusalOf(event)).toMatch(/with the option `key`/);
  });

  test("of SQS is refused with the name of its wrapper", async () => {
    expect(await refusalOf(sqsEvent(sqsRecord("a")))).toContain("`idempotentSqs`");
  });

  test("of a stream is refused with the name of its wrapper", async () => {
    expect(await refusalOf({ Records: [kinesisRecord("1")] })).toContain("`idempotentStream`");
    expect(await refusalOf(recorded("dynamodb-stream", ({ Records }) => Records.pop()))).toContain(
      "`idempotentStream`",
    );
  });

  test("of HTTP is refused with the name of its wrapper", async () => {
    expect(await refusalOf({ version: "2.0", rawPath: "/", requestContext: {} })).toContain("`idempotentHttp`");
  });

  test("runs where `key` says what identifies it", async () => {
    const handler = vi.fn(() => "shipped");
    const ship = wrap(handler, { key: (event) => (event as { orderId: string }).orderId });
    expect(await ship({ orderId: "order-1", at: 1 })).toBe("shipped");
    expect(await ship({ orderId: "order-1", at: 2 })).toBe("shipped");
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test("runs without protection where `requireKey` is off", async () => {
    const handler = vi.fn();
    const ship = wrap(handler, { requireKey: false });
    await ship({ orderId: "order-1" });
    await ship({ orderId: "order-1" });
    expect(handler).toHaveBeenCalledTimes(2);
  });
});

describe("an event whose key lacks a part (G8)", () => {
  // biome-ignore lint/suspicious/noExplicitAny: tests change anything anywhere
  test.each<[string, string, (event: any) => void]>([
    ["the message id of SNS", "sns", ({ Records: [{ Sns }] }) => delete Sns.MessageId],
    ["the id of EventBridge", "eventbridge", (event) => delete event.id],
    ["the schedule", "scheduler", (event) => delete event.resources],
    ["the schedule in an empty list", "scheduler", (event) => event.resources.pop()],
    ["the scheduled time", "scheduler", (event) => delete event.time],
    ["the bucket", "s3-put", ({ Records: [{ s3 }] }) => delete s3.bucket],
    ["the object's key", "s3-put", ({ Records: [{ s3 }] }) => delete s3.object.key],
    ["what happened to the object", "s3-put", ({ Records: [record] }) => delete record.eventName],
    ["both sequencer and request", "s3-restore", ({ Records: [record] }) => delete record.responseElements],
    ["all that S3 says", "s3-put", ({ Records: [record] }) => delete record.s3],
    ["the execution", "step-functions", (event) => delete event.Execution],
    ["the state's name", "step-functions", ({ State }) => delete State.Name],
  ])("is refused: %s", async (_, file, change) => {
    await refusalOf(recorded(file, change));
  });
});

describe("a record that is malformed", () => {
  test.each([null, undefined, 7, "record", {}])("(%j) fails alone, and the others run", async (record) => {
    const handler = vi.fn();
    const { Records } = recorded("sns");
    await expect(wrap(handler)({ Records: [record, ...Records] })).rejects.toSatisfy(isKeyMissingError);
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test("in the eyes of `key` fails alone, and the others run", async () => {
    const handler = vi.fn();
    const key = (record: unknown) => (record as { id: string }).id;
    await expect(wrap(handler, { key })([null, { id: "1" }])).rejects.toSatisfy(isKeyInvalidError);
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test("without a context has no request id", async () => {
    await expect(wrap(() => {}, { key: invocationId })({})).rejects.toSatisfy(isKeyInvalidError);
  });
});

describe("a body in a queue that wraps nothing", () => {
  const bodies: [string, string | undefined][] = [
    ["no JSON", "{"],
    ["plain text", "This is a test message."],
    ["null", "null"],
    ["a list", "[]"],
    ["without an id", "{}"],
    ["with an empty id", '{"MessageId":"","id":""}'],
    ["with an id that is no text", '{"MessageId":7,"id":{}}'],
    ["missing", undefined],
  ];
  test.each(bodies)("fails its record alone: %s", async (_, body) => {
    const { body: __, ...rest } = sqsRecord("a");
    for (const key of [snsMessageId, eventBridgeId]) {
      const handler = vi.fn();
      const consume = idempotentSqs(handler, {
        store: memoryStore(),
        operation: "wrapped",
        key,
        onRecordError: () => {},
      });
      const good = sqsRecord("b", { body: '{"MessageId":"m1","id":"e1"}' });
      expect(failures(await consume(sqsEvent(body === undefined ? rest : { ...rest, body }, good)))).toEqual(["a"]);
      expect(handler).toHaveBeenCalledTimes(1);
    }
  });
});

describe("the records of one event", () => {
  test("may have a hole among them: it is a record whose source is not known", async () => {
    const handle = idempotentEvent(vi.fn(), { store: memoryStore(), operation: "holes" });
    await expect(handle({ Records: new Array(1) } as never)).rejects.toThrow(/no idempotency key/);
  });

  const events = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ id: `e${index}`, "detail-type": "x" }));

  test("are in work as many at a time as asked for", async () => {
    const ends: (() => void)[] = [];
    const handler = vi.fn(() => new Promise<void>((resolve) => void ends.push(resolve)));
    const answer = wrap(handler, { concurrency: 2 })(events(5));
    const seen: number[] = [];
    for (let ended = 0; ended < 5; ended++) {
      await settled();
      seen.push(ends.length);
      ends.shift()?.();
    }
    await answer;
    expect(seen).toEqual([2, 2, 2, 2, 1]);
  });

  test("are not begun where no time is left, and the event is rejected so that it comes again (G26)", async () => {
    const handler = vi.fn();
    await expect(wrap(handler)(events(1), endingIn(0))).rejects.toSatisfy(isInProgressError);
    await expect(wrap(handler)(events(2), endingIn(-5))).rejects.toBeInstanceOf(AggregateError);
    expect(handler).not.toHaveBeenCalled();
  });

  test("are given up in time; what was done is replayed when the event comes again (G26)", async () => {
    const clock = frozenClock();
    const handler = vi.fn((event: unknown) => {
      clock.advance(10_000);
      return (event as { id: string }).id;
    });
    const charge = wrap(handler, { concurrency: 1 });
    await expect(charge(events(3), endingIn(28_000))).rejects.toSatisfy(isInProgressError);
    expect(handler).toHaveBeenCalledTimes(2);
    expect(await charge(events(3), endingIn(28_000))).toEqual(["e0", "e1", "e2"]);
    expect(handler).toHaveBeenCalledTimes(3);
  });
});

test("wrong options fail when the wrapper is made", () => {
  const wrong: object[] = [{ concurrency: 0 }, { key: "id" }, { maxAttempts: 3 }, { parse: JSON.parse }, { store: {} }];
  for (const options of wrong) {
    let error: unknown;
    try {
      wrap(() => {}, options);
    } catch (thrown) {
      error = thrown;
    }
    expect(isInvalidOptionsError(error)).toBe(true);
  }
});

describe("a request id as the key of a batch", () => {
  test("is refused when the wrapper is made: it would take all records for one", () => {
    const make = (): unknown =>
      idempotentSqs(vi.fn(), { store: memoryStore(), operation: "batch", key: invocationId as never });
    expect(make).toThrow(/`key: invocationId` would take all records of a batch for one/);
  });
});
