/**
 * `deferWith`: a record that runs elsewhere is hidden until the running attempt's lease is over, and then reported back, so
 * that waiting does not use up its receives. Everything else about it is as without.
 */
import { ChangeMessageVisibilityCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { SQSRecord } from "aws-lambda";
import { mockClient } from "aws-sdk-client-mock";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { idempotentSqs, type SqsOptions } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import {
  anotherProcess,
  endingIn,
  failures,
  fifoRecord,
  frozenClock,
  sqsEvent,
  sqsRecord,
} from "../support/batch-events.ts";
import { gate } from "../support/gate.ts";

const client = new SQSClient({ region: "us-east-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } });
const sqs = mockClient(client);
let clock: ReturnType<typeof frozenClock>;

beforeEach(() => {
  clock = frozenClock();
  sqs.reset();
  sqs.on(ChangeMessageVisibilityCommand).resolves({});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const consumer = (store: Store, handler: (record: SQSRecord) => unknown, more: Partial<SqsOptions<undefined>> = {}) =>
  idempotentSqs(handler, { store, operation: "defer", onRecordError: () => {}, ...more });

/** The same records, at work in another process that has 60 s left: its lease ends after 62 s. */
async function runningElsewhere(store: Store, ...records: SQSRecord[]) {
  const door = gate();
  const ended = consumer(anotherProcess(store), () => door.pass())(sqsEvent(...records), endingIn(60_000));
  await door.reached;
  return async () => {
    door.open();
    return await ended;
  };
}

const hidden = () =>
  sqs
    .commandCalls(ChangeMessageVisibilityCommand)
    .map(({ args: [{ input }] }) => [input.ReceiptHandle, input.VisibilityTimeout]);

describe("a record that runs elsewhere", () => {
  test("is hidden until the other attempt's lease and the clock tolerance are over, and reported back", async () => {
    const store = memoryStore();
    const end = await runningElsewhere(store, sqsRecord("a"));
    clock.advance(20_000);
    const consume = consumer(store, () => {}, { deferWith: client });
    expect(failures(await consume(sqsEvent(sqsRecord("a"), sqsRecord("b"))))).toEqual(["a"]);
    expect(hidden()).toEqual([["handle of a", 44]]); // 62 s of the lease, 1 s of tolerance, less 20 s; rounded up
    await end();
  });

  test("can be claimed when it is visible again: not a second too early", async () => {
    const store = memoryStore();
    await runningElsewhere(store, sqsRecord("a"));
    const handler = vi.fn();
    const consume = consumer(store, handler, { deferWith: client });
    await consume(sqsEvent(sqsRecord("a")));
    const seconds = Number(hidden()[0]?.[1]);
    clock.advance(seconds * 1_000);
    expect(failures(await consume(sqsEvent(sqsRecord("a", { receives: 2 }))))).toEqual([]);
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test("is hidden for each of the records that wait for the same key", async () => {
    const store = memoryStore();
    const key = (record: SQSRecord) => record.body;
    const door = gate();
    const elsewhere = consumer(anotherProcess(store), () => door.pass(), { key });
    const running = elsewhere(sqsEvent(sqsRecord("x", { body: "order" })), endingIn(8_000));
    await door.reached;
    const consume = consumer(store, () => {}, { deferWith: client, key });
    await consume(sqsEvent(sqsRecord("a", { body: "order" }), sqsRecord("b", { body: "order" })));
    expect(hidden()).toEqual([
      ["handle of a", 12],
      ["handle of b", 12],
    ]);
    door.open();
    await running;
  });

  test("of a FIFO queue is hidden, and the rest of its group reported back without", async () => {
    const store = memoryStore();
    const end = await runningElsewhere(store, fifoRecord("a1", "a"));
    const consume = consumer(store, () => {}, { deferWith: client });
    const batch = sqsEvent(fifoRecord("a1", "a"), fifoRecord("a2", "a"), fifoRecord("b1", "b"));
    expect(failures(await consume(batch))).toEqual(["a1", "a2"]);
    expect(hidden()).toEqual([["handle of a1", 64]]);
    await end();
  });

  test("is reported back all the same, with a warning alone, where its visibility cannot be moved", async () => {
    const store = memoryStore();
    const end = await runningElsewhere(store, sqsRecord("a"));
    sqs.on(ChangeMessageVisibilityCommand).rejects(new Error("AccessDenied"));
    const warning = vi.spyOn(process, "emitWarning").mockReturnValue();
    const handler = vi.fn();
    const consume = consumer(store, handler, { deferWith: client });
    expect(failures(await consume(sqsEvent(sqsRecord("a"), sqsRecord("b"))))).toEqual(["a"]);
    expect(handler).toHaveBeenCalledTimes(1);
    expect(warning).toHaveBeenCalledTimes(1);
    expect(warning.mock.calls[0]?.[0]).toContain("AccessDenied");
    await end();
  });

  test("without an ARN to know its queue by is reported back with a warning", async () => {
    const store = memoryStore();
    const end = await runningElsewhere(store, sqsRecord("a"));
    const warning = vi.spyOn(process, "emitWarning").mockReturnValue();
    const { eventSourceARN: _, ...record } = sqsRecord("a");
    const consume = consumer(store, () => {}, { deferWith: client });
    expect(failures(await consume(sqsEvent(record)))).toEqual(["a"]);
    expect([hidden(), warning.mock.calls.length]).toEqual([[], 1]);
    await end();
  });

  test("for longer than a queue can hide anything is hidden for as long as it can", async () => {
    const store = memoryStore();
    const door = gate();
    const leaseMs = 604_800_000;
    const running = consumer(anotherProcess(store), () => door.pass(), { leaseMs })(sqsEvent(sqsRecord("a")));
    await door.reached;
    await consumer(store, () => {}, { deferWith: client })(sqsEvent(sqsRecord("a")));
    const [, seconds] = hidden()[0] ?? [];
    expect(Number(seconds)).toBeGreaterThan(36_000);
    expect(Number(seconds)).toBeLessThanOrEqual(43_200);
    door.open();
    await running;
  });
});

describe("visibility is left alone", () => {
  test("of a record that succeeded, failed, mismatched or cannot be parsed", async () => {
    const store = memoryStore();
    await consumer(store, () => {}, { fingerprint: () => 1 })(sqsEvent(sqsRecord("other")));
    const handler = (record: SQSRecord) => {
      if (record.messageId === "failed") throw new Error("declined");
    };
    const consume = idempotentSqs<unknown>(handler, {
      store,
      operation: "defer",
      fingerprint: () => 2,
      onRecordError: () => {},
      deferWith: client,
      parse: (record) => JSON.parse(record.body),
    });
    const batch = sqsEvent(sqsRecord("done"), sqsRecord("failed"), sqsRecord("other"), sqsRecord("bad", { body: "{" }));
    expect(failures(await consume(batch)).sort()).toEqual(["bad", "failed", "other"]);
    expect(hidden()).toEqual([]);
  });

  test("of a record that was not begun for want of time", async () => {
    const consume = consumer(memoryStore(), () => {}, { deferWith: client });
    expect(failures(await consume(sqsEvent(sqsRecord("a")), endingIn(0)))).toEqual(["a"]);
    expect(hidden()).toEqual([]);
  });
});

describe("the queue's URL comes from its ARN", () => {
  test.each([
    ["arn:aws:sqs:eu-central-1:123456789012:orders", "https://sqs.eu-central-1.amazonaws.com/123456789012/orders"],
    ["arn:aws:sqs:us-east-1:123456789012:o.fifo", "https://sqs.us-east-1.amazonaws.com/123456789012/o.fifo"],
    ["arn:aws-cn:sqs:cn-north-1:123456789012:orders", "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/orders"],
    [
      "arn:aws-us-gov:sqs:us-gov-west-1:123456789012:orders",
      "https://sqs.us-gov-west-1.amazonaws.com/123456789012/orders",
    ],
  ])("%s", async (arn, url) => {
    const store = memoryStore();
    const end = await runningElsewhere(store, sqsRecord("a", { arn }));
    await consumer(store, () => {}, { deferWith: client })(sqsEvent(sqsRecord("a", { arn })));
    expect(sqs.commandCalls(ChangeMessageVisibilityCommand)[0]?.args[0].input.QueueUrl).toBe(url);
    await end();
  });
});

test("anything but an SQS client is refused when the wrapper is made", () => {
  const make = (deferWith: unknown) => () => consumer(memoryStore(), () => {}, { deferWith: deferWith as SQSClient });
  expect(make({})).toThrow(/deferWith.*SQSClient/);
  expect(make("https://sqs.us-east-1.amazonaws.com")).toThrow(/deferWith/);
  expect(make(null)).toThrow(/deferWith/);
});

describe("hiding a record", () => {
  test("goes to the endpoint that the environment names", async () => {
    vi.stubEnv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:4566/");
    const store = memoryStore();
    const end = await runningElsewhere(store, sqsRecord("a"));
    await consumer(store, vi.fn(), { deferWith: client })(sqsEvent(sqsRecord("a")), endingIn(60_000));
    await end();
    vi.unstubAllEnvs();
    const [call] = sqs.commandCalls(ChangeMessageVisibilityCommand);
    expect(call?.args[0].input.QueueUrl).toMatch(/^http:\/\/127\.0\.0\.1:4566\/\d{12}\/\w+$/);
  });

  test("does not cost the batch its deadline when SQS does not answer", async () => {
    const warning = vi.spyOn(process, "emitWarning").mockReturnValue();
    const silent = { send: () => new Promise<never>(() => {}) };
    const store = memoryStore();
    const end = await runningElsewhere(store, sqsRecord("a"));
    const batch = consumer(store, vi.fn(), { deferWith: silent })(sqsEvent(sqsRecord("a")), endingIn(60_000));
    expect(failures(await batch)).toEqual(["a"]);
    await end();
    expect(warning).toHaveBeenCalledTimes(1);
  });
});
