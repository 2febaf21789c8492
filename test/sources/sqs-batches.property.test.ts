/**
 * Random batches with random outcomes against an oracle that walks them one record after the other: who runs, how often,
 * and what comes back. Then all that came back is delivered again. G17, G18, G19.
 */
import type { SQSEvent, SQSRecord } from "aws-lambda";
import fc from "fast-check";
import { expect, test } from "vitest";
import { idempotentSqs } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { anotherProcess, FIFO_ARN, failures, STANDARD_ARN, sqsEvent, sqsRecord } from "../support/batch-events.ts";
import { gate } from "../support/gate.ts";

type Fate = "succeeds" | "fails" | "runs elsewhere" | "was done before";

interface Plan {
  readonly fifo: boolean;
  readonly concurrency: number;
  /** What happens to each key, at the first delivery. */
  readonly fates: readonly Fate[];
  /** Turns of the event loop that the handler of each key takes. */
  readonly turns: readonly number[];
  readonly records: readonly { readonly key: number; readonly group: number; readonly broken: boolean }[];
}

const KEYS = 6;

const plans: fc.Arbitrary<Plan> = fc.record({
  fifo: fc.boolean(),
  concurrency: fc.integer({ min: 1, max: 4 }),
  fates: fc.array(fc.constantFrom<Fate>("succeeds", "succeeds", "fails", "runs elsewhere", "was done before"), {
    minLength: KEYS,
    maxLength: KEYS,
  }),
  turns: fc.array(fc.nat(3), { minLength: KEYS, maxLength: KEYS }),
  records: fc.array(
    fc.record({
      key: fc.nat(KEYS - 1),
      group: fc.nat(2),
      broken: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
    }),
    { maxLength: 14 },
  ),
});

/** What has to come back and which keys have to run, by the contract. */
function oracle(plan: Plan): { back: Set<string>; ran: Set<number> } {
  const back = new Set<string>();
  const ran = new Set<number>();
  const stopped = new Set<number>();
  plan.records.forEach(({ key, group, broken }, index) => {
    if (plan.fifo && stopped.has(group)) {
      back.add(`m${index}`);
      return;
    }
    const fate = plan.fates[key];
    if (!broken && (fate === "succeeds" || fate === "fails")) ran.add(key);
    if (broken || fate === "fails" || fate === "runs elsewhere") {
      back.add(`m${index}`);
      stopped.add(group);
    }
  });
  return { back, ran };
}

function delivered(plan: Plan, only: (name: string) => boolean, receives: number, repaired = false): SQSEvent {
  const records = plan.records.map(({ key, group, broken }, index) =>
    sqsRecord(`m${index}`, {
      arn: plan.fifo ? FIFO_ARN : STANDARD_ARN,
      group: `g${group}`,
      receives,
      body: broken && !repaired ? "{" : JSON.stringify({ key }),
    }),
  );
  return sqsEvent(...records.filter(({ messageId }) => only(messageId)));
}

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

async function deliver(plan: Plan): Promise<void> {
  const store = memoryStore();
  const began: number[] = [];
  const succeeded: string[] = [];
  let running = 0;
  let redelivery = false;
  const options = {
    store,
    operation: "random",
    concurrency: plan.concurrency,
    parse: (record: SQSRecord): { readonly key: number } => JSON.parse(record.body),
    key: (record: { readonly parsed: { readonly key: number } }) => record.parsed.key,
    onRecordError: () => {},
  };
  const consume = idempotentSqs<{ readonly key: number }>(async ({ parsed: { key }, messageId }) => {
    began.push(key);
    expect(++running).toBeLessThanOrEqual(plan.concurrency);
    for (let left = plan.turns[key] ?? 0; left > 0; left--) await turn();
    running--;
    if (!redelivery && plan.fates[key] === "fails") throw new Error("declined");
    succeeded.push(messageId);
  }, options);

  const door = gate();
  const others: Promise<unknown>[] = [];
  for (const [key, fate] of plan.fates.entries()) {
    const earlier = sqsEvent(sqsRecord(`earlier-${key}`, { body: JSON.stringify({ key }) }));
    if (fate === "was done before") await idempotentSqs<{ key: number }>(() => {}, options)(earlier);
    if (fate !== "runs elsewhere") continue;
    const entered = Promise.withResolvers<void>();
    const handler = () => {
      entered.resolve();
      return door.pass();
    };
    const elsewhere = idempotentSqs<{ key: number }>(handler, { ...options, store: anotherProcess(store) });
    others.push(elsewhere(earlier));
    await entered.promise;
  }

  const expected = oracle(plan);
  const back = failures(await consume(delivered(plan, () => true, 1)));
  expect(new Set(back)).toEqual(expected.back);
  expect(back).toHaveLength(expected.back.size);
  expect([...began].sort()).toEqual([...expected.ran].sort());

  door.open();
  await Promise.all(others);
  began.length = 0;
  redelivery = true;
  const again = await consume(delivered(plan, (name) => expected.back.has(name), 2, true));
  expect(failures(again)).toEqual([]);
  const mine = new Set(
    plan.records.map(({ key }) => key).filter((key) => ["succeeds", "fails"].includes(plan.fates[key] ?? "")),
  );
  expect(succeeded).toHaveLength(mine.size);
  expect(began).toHaveLength(new Set(began).size);
  if (!plan.fifo) return;
  for (const group of [0, 1, 2]) {
    const order = succeeded
      .map((name) => Number(name.slice(1)))
      .filter((index) => plan.records[index]?.group === group);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  }
}

test("whatever a batch is and whatever becomes of its records, the right ones run once and the right ones come back", async () => {
  await fc.assert(fc.asyncProperty(plans, deliver), { numRuns: 400 });
}, 60_000);
