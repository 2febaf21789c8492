/**
 * What a record costs: two writes for a new one and one read for a replay, since a record that was received before is read
 * before it is claimed. A refused write would be billed by the size of the record that refused it.
 */
import type { SQSRecord } from "aws-lambda";
import { describe, expect, test } from "vitest";
import { idempotentSqs, type SqsOptions } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { anotherProcess, counted, failures, sqsEvent, sqsRecord } from "../support/batch-events.ts";
import { gate } from "../support/gate.ts";

function setUp(handler: (record: SQSRecord) => unknown = () => {}, more: Partial<SqsOptions<undefined>> = {}) {
  const store = counted(memoryStore());
  const consume = idempotentSqs(handler, { store, operation: "cost", onRecordError: () => {}, ...more });
  const cost = async (...records: SQSRecord[]) => {
    store.verbs.length = 0;
    const back = failures(await consume(sqsEvent(...records)));
    return [...store.verbs, ...back.map((name) => `${name} comes back`)];
  };
  return { store, cost };
}

const again = (name: string, receives = 2) => sqsRecord(name, { receives });

describe("a record", () => {
  test("that is new costs a claim and a completion", async () => {
    expect(await setUp().cost(sqsRecord("a"))).toEqual(["insert", "swap"]);
  });

  test("that is redelivered after success costs one read", async () => {
    const { cost } = setUp();
    await cost(sqsRecord("a"));
    expect(await cost(again("a"))).toEqual(["read"]);
    expect(await cost(again("a", 7))).toEqual(["read"]);
  });

  test("that is redelivered after a failure is read, then claimed over what was seen: no write is refused", async () => {
    let tries = 0;
    const { cost } = setUp(() => {
      if (++tries === 1) throw new Error("declined");
    });
    expect(await cost(sqsRecord("a"))).toEqual(["insert", "swap", "a comes back"]);
    expect(await cost(again("a"))).toEqual(["read", "swap", "swap"]);
  });

  test("that is redelivered without ever having been begun is read, then claimed", async () => {
    expect(await setUp().cost(again("a"))).toEqual(["read", "insert", "swap"]);
  });

  test("that is redelivered while it runs elsewhere costs one read", async () => {
    const { store, cost } = setUp();
    const door = gate();
    const elsewhere = idempotentSqs(() => door.pass(), { store: anotherProcess(store), operation: "cost" });
    const running = elsewhere(sqsEvent(sqsRecord("a")));
    await door.reached;
    expect(await cost(again("a"))).toEqual(["read", "a comes back"]);
    door.open();
    await running;
  });

  test("that is poison costs one read each time it comes back", async () => {
    const { cost } = setUp(() => Promise.reject(new Error("declined")), { maxAttempts: 1 });
    expect(await cost(sqsRecord("a"))).toEqual(["insert", "swap", "a comes back"]);
    expect(await cost(again("a"))).toEqual(["read", "a comes back"]);
  });

  test("that says it was received before, although it was not, is safe all the same", async () => {
    const { cost } = setUp();
    expect(await cost(sqsRecord("a"))).toEqual(["insert", "swap"]);
    expect(await cost(sqsRecord("a"))).toEqual(["insert"]);
  });

  test.each(["", "many", "NaN", "-1", "0", "1"])("whose receive count is %j counts as new", async (count) => {
    const record = sqsRecord("a");
    record.attributes.ApproximateReceiveCount = count;
    expect(await setUp().cost(record)).toEqual(["insert", "swap"]);
  });

  test("beside equal ones costs no more than alone", async () => {
    const { cost } = setUp(() => {}, { key: () => "order-1" });
    expect(await cost(sqsRecord("a"), sqsRecord("b"), sqsRecord("c"))).toEqual(["insert", "swap"]);
    expect(await cost(again("a"), again("b"), again("c"))).toEqual(["read"]);
  });
});

describe("what the handler returns", () => {
  async function storedResult(value: unknown, more: Partial<SqsOptions<undefined>>) {
    const inner = memoryStore();
    const results: string[] = [];
    const store = {
      ...inner,
      swap: (...[seen, next]: Parameters<typeof inner.swap>) => {
        if (next.status === "COMPLETED") results.push(String(next.result));
        return inner.swap(seen, next);
      },
    };
    const consume = idempotentSqs(() => value, { store, operation: "result", ...more });
    const back = failures(await consume(sqsEvent(sqsRecord("a"))));
    const backAgain = failures(await consume(sqsEvent(again("a"))));
    return { text: results.join(), back, backAgain };
  }

  test("is not stored by default", async () => {
    const { text, back } = await storedResult({ secret: "4111" }, {});
    expect(back).toEqual([]);
    expect(text).not.toContain("4111");
  });

  test("is stored where `storeResult` asks for it", async () => {
    const { text, back } = await storedResult({ charge: "ch_17" }, { storeResult: true });
    expect(back).toEqual([]);
    expect(text).toContain("ch_17");
  });

  test("that cannot be stored is no failure: the work is done, now and when the record comes back (G13)", async () => {
    expect(await storedResult(() => {}, { storeResult: true })).toMatchObject({ back: [], backAgain: [] });
    expect(await storedResult("x".repeat(500_000), { storeResult: true })).toMatchObject({ back: [], backAgain: [] });
  });

  test("does not matter without `storeResult`, whatever it is", async () => {
    expect(await storedResult(() => {}, {})).toMatchObject({ back: [], backAgain: [] });
    expect(await storedResult(Promise.resolve(Symbol("x")), {})).toMatchObject({ back: [], backAgain: [] });
  });
});
