/**
 * What is no batch, or no record, or no payload: it fails alone where it can be named, and the whole batch loudly where it
 * cannot. A record is never dropped in silence.
 */
import type { SQSEvent, SQSRecord } from "aws-lambda";
import { describe, expect, test, vi } from "vitest";
import { idempotentSqs, isKeyInvalidError, isKeyMissingError, type SqsOptions } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { failures, fifoRecord, sqsEvent, sqsRecord } from "../support/batch-events.ts";

const consumer = (handler: (record: SQSRecord) => unknown, more: Partial<SqsOptions<undefined>> = {}) =>
  idempotentSqs(handler, { store: memoryStore(), operation: "malformed", onRecordError: () => {}, ...more });

const without = (record: SQSRecord, ...names: (keyof SQSRecord)[]) => {
  const rest: Partial<SQSRecord> = { ...record };
  for (const name of names) delete rest[name];
  return rest;
};

describe("a payload that cannot be parsed", () => {
  interface Order {
    readonly orderId: string;
  }
  function orders(more: Partial<SqsOptions<Order>> = {}) {
    const shipped: unknown[] = [];
    const onRecordError = vi.fn();
    const consume = idempotentSqs<Order>(
      (record) => {
        shipped.push(record.parsed.orderId);
      },
      {
        store: memoryStore(),
        operation: "orders",
        parse: (record) => JSON.parse(record.body),
        key: (record) => record.parsed.orderId,
        onRecordError,
        ...more,
      },
    );
    return { shipped, onRecordError, consume };
  }
  const order = (name: string, body: string) => sqsRecord(name, { body });

  test("fails its record alone, with the parser's own error", async () => {
    const { shipped, onRecordError, consume } = orders();
    const batch = sqsEvent(order("a", '{"orderId":"1"}'), order("b", "{"), order("c", '{"orderId":"3"}'));
    expect(failures(await consume(batch))).toEqual(["b"]);
    expect(shipped).toEqual(["1", "3"]);
    expect(onRecordError).toHaveBeenCalledTimes(1);
    expect(onRecordError.mock.calls[0]?.[0]).toBeInstanceOf(SyntaxError);
    expect(onRecordError.mock.calls[0]?.[1].messageId).toBe("b");
  });

  test("fails its record alone where the parser is asynchronous", async () => {
    const { shipped, consume } = orders({
      parse: async (record) => {
        if (record.messageId === "a") throw new Error("unknown schema");
        return JSON.parse(record.body);
      },
    });
    const batch = sqsEvent(order("a", '{"orderId":"1"}'), order("b", '{"orderId":"2"}'));
    expect(failures(await consume(batch))).toEqual(["a"]);
    expect(shipped).toEqual(["2"]);
  });

  test("fails its record where it is JSON, but not what the key needs", async () => {
    const { shipped, onRecordError, consume } = orders();
    const batch = sqsEvent(order("a", "null"), order("b", "{}"), order("c", '{"orderId":""}'), order("d", "7"));
    expect(failures(await consume(batch))).toEqual(["a", "b", "c", "d"]);
    expect(shipped).toEqual([]);
    const said = onRecordError.mock.calls.map(([error]) => [isKeyInvalidError(error), isKeyMissingError(error)]);
    expect(said).toEqual([
      [true, false],
      [false, true],
      [false, true],
      [false, true],
    ]);
  });

  test("is parsed once for each record, before its key", async () => {
    const parse = vi.fn((record: SQSRecord) => JSON.parse(record.body));
    const { consume } = orders({ parse });
    await consume(sqsEvent(order("a", '{"orderId":"1"}'), order("b", '{"orderId":"1"}')));
    expect(parse).toHaveBeenCalledTimes(2);
  });

  test("leaves the record as it was, beside what was parsed", async () => {
    const records: unknown[] = [];
    const consume = idempotentSqs<Order>((record) => void records.push(record), {
      store: memoryStore(),
      operation: "orders",
      parse: (record) => JSON.parse(record.body),
    });
    const record = order("a", '{"orderId":"1"}');
    await consume(sqsEvent(record));
    expect(records).toEqual([{ ...order("a", '{"orderId":"1"}'), parsed: { orderId: "1" } }]);
    expect(record).not.toHaveProperty("parsed");
  });
});

describe("a record", () => {
  test.each<[string, Partial<SQSRecord>]>([
    ["body", without(sqsRecord("a"), "body")],
    ["attributes", without(sqsRecord("a"), "attributes")],
    ["ARN", without(sqsRecord("a"), "eventSourceARN")],
    ["anything but its id", { messageId: "a" }],
  ])("without %s runs as any other", async (_, record) => {
    const handler = vi.fn();
    const consume = consumer(handler);
    expect(failures(await consume(sqsEvent(record, sqsRecord("b"))))).toEqual([]);
    expect(failures(await consume(sqsEvent(record)))).toEqual([]);
    expect(handler).toHaveBeenCalledTimes(2);
  });

  test("without a body fails alone where the body is parsed", async () => {
    const handler = vi.fn();
    const consume = idempotentSqs<unknown>(handler, {
      store: memoryStore(),
      operation: "malformed",
      onRecordError: () => {},
      parse: (record) => JSON.parse(record.body),
    });
    expect(failures(await consume(sqsEvent(without(sqsRecord("a"), "body"), sqsRecord("b"))))).toEqual(["a"]);
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test("without attributes in a FIFO queue keeps its order", async () => {
    const ran: string[] = [];
    const consume = consumer((record) => {
      ran.push(record.messageId);
      throw new Error("declined");
    });
    const records = ["a", "b"].map((name) => without(fifoRecord(name, "g"), "attributes"));
    expect(failures(await consume(sqsEvent(...records)))).toEqual(["a", "b"]);
    expect(ran).toEqual(["a"]);
  });

  test.each<[string, unknown]>([
    ["null", null],
    ["undefined", undefined],
    ["text", "a"],
    ["a number", 7],
    ["an empty object", {}],
    ["without a messageId", without(sqsRecord("a"), "messageId")],
    ["with an empty messageId", sqsRecord("")],
    ["with a messageId that is no text", { ...sqsRecord("a"), messageId: 7 }],
  ])("that is %s cannot be reported by name, so the batch fails loudly, after the others ran", async (_, record) => {
    const handler = vi.fn();
    const consume = consumer(handler);
    await expect(consume(sqsEvent(sqsRecord("b"), record, sqsRecord("c")))).rejects.toSatisfy(isKeyInvalidError);
    expect(handler.mock.calls.map(([given]) => given.messageId)).toEqual(["b", "c"]);
    expect(failures(await consume(sqsEvent(sqsRecord("b"), sqsRecord("c"))))).toEqual([]);
    expect(handler).toHaveBeenCalledTimes(2);
  });

  test("whose handler changed it is still reported as what it was (G15)", async () => {
    const consume = consumer((record) => {
      record.messageId = "changed";
      throw new Error("declined");
    });
    expect(failures(await consume(sqsEvent(sqsRecord("a"))))).toEqual(["a"]);
  });

  test("without a key is refused unless `requireKey` is off", async () => {
    const handler = vi.fn();
    expect(failures(await consumer(handler, { key: () => undefined })(sqsEvent(sqsRecord("a"))))).toEqual(["a"]);
    expect(handler).not.toHaveBeenCalled();
    const open = consumer(handler, { key: () => undefined, requireKey: false });
    expect(failures(await open(sqsEvent(sqsRecord("a"), sqsRecord("b"))))).toEqual([]);
    expect(handler).toHaveBeenCalledTimes(2);
  });
});

describe("an event", () => {
  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["text", "{}"],
    ["an empty object", {}],
    ["an EventBridge event", { id: "1", "detail-type": "Order", detail: {} }],
    ["an HTTP request", { version: "2.0", rawPath: "/", requestContext: {} }],
    ["an object whose Records are no list", { Records: { 0: sqsRecord("a") } }],
    ["a list", [sqsRecord("a")]],
  ])("that is %s is refused loudly", async (_, event) => {
    const handler = vi.fn();
    await expect(consumer(handler)(event as SQSEvent)).rejects.toSatisfy(isKeyInvalidError);
    expect(handler).not.toHaveBeenCalled();
  });
});

describe("what goes wrong while errors are told", () => {
  test("changes nothing: `onRecordError` may throw", async () => {
    const warning = vi.spyOn(process, "emitWarning").mockReturnValue();
    const consume = consumer((record) => (record.messageId === "a" ? Promise.reject(new Error("declined")) : 1), {
      onRecordError: () => {
        throw new Error("the logger is down");
      },
    });
    expect(failures(await consume(sqsEvent(sqsRecord("a"), sqsRecord("b"))))).toEqual(["a"]);
    expect(warning).toHaveBeenCalledTimes(1);
    warning.mockRestore();
  });

  test("goes to console.error with the record's name, where nothing else is said", async () => {
    const error = vi.spyOn(console, "error").mockReturnValue();
    const consume = idempotentSqs(() => Promise.reject(new Error("declined")), {
      store: memoryStore(),
      operation: "malformed",
    });
    expect(failures(await consume(sqsEvent(sqsRecord("a"))))).toEqual(["a"]);
    expect(String(error.mock.calls[0])).toMatch(/record a of operation `malformed` failed:.*declined/);
    error.mockRestore();
  });
});
