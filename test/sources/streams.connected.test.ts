/**
 * Shards and partitions: their order is kept, a failure is reported from the first record that did not succeed, nothing
 * runs after it, and what had succeeded before is replayed when Lambda delivers again. G19, on every store.
 */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { idempotentStream, type StreamOptions, type StreamRecord } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { anotherProcess } from "../support/batch-events.ts";
import { gate } from "../support/gate.ts";
import { onEveryStore } from "../support/stores.ts";
import { dynamoDBRecord, kinesisRecord, mskEvent, selfManagedEvent } from "../support/stream-events.ts";

interface Source {
  readonly name: string;
  /** The batch of these three of one shard or partition, from a stream that no other test knows. */
  readonly batch: (stream: string, numbers: readonly number[]) => unknown;
  readonly number: (record: StreamRecord) => number;
  readonly reported: (number: number) => unknown;
}

const sources: readonly Source[] = [
  {
    name: "Kinesis",
    batch: (arn, numbers) => ({ Records: numbers.map((number) => kinesisRecord(String(number), { arn })) }),
    number: (record) => Number("kinesis" in record && record.kinesis.sequenceNumber),
    reported: (number) => String(number),
  },
  {
    name: "DynamoDB Streams",
    batch: (arn, numbers) => ({ Records: numbers.map((number) => dynamoDBRecord(String(number), { arn })) }),
    number: (record) => Number("dynamodb" in record && record.dynamodb?.SequenceNumber),
    reported: (number) => String(number),
  },
  {
    name: "Kafka on MSK",
    batch: (eventSourceArn, numbers) => mskEvent({ "orders-3": numbers }, { eventSourceArn }),
    number: (record) => ("offset" in record ? record.offset : Number.NaN),
    reported: (offset) => ({ partition: "orders-3", offset }),
  },
  {
    name: "self-managed Kafka",
    batch: (topic, numbers) => selfManagedEvent({ [`${topic}-0`]: numbers }),
    number: (record) => ("offset" in record ? record.offset : Number.NaN),
    reported: (offset) => ({ partition: expect.stringMatching(/-0$/), offset }),
  },
];

describe("a batch of one shard or partition (G19)", () => {
  onEveryStore((makeStore) => {
    let store: Store;
    beforeAll(async () => {
      store = await makeStore();
    });

    describe.each(sources)("of $name", ({ batch, number, reported }) => {
      const stream = () => `stream:${randomUUID()}`;
      const consumer = (
        handler: (record: StreamRecord) => unknown,
        more: Partial<StreamOptions<StreamRecord, undefined>> = {},
      ) => {
        const wrapped = idempotentStream<StreamRecord>(handler, {
          store,
          operation: "stream",
          onRecordError: () => {},
          ...more,
        });
        return async (event: unknown) => await wrapped(event as never);
      };
      const failing = (...numbers: number[]) => {
        const ran: number[] = [];
        const handler = (record: StreamRecord) => {
          ran.push(number(record));
          if (numbers.includes(number(record))) throw new Error("declined");
        };
        return { ran, handler };
      };
      const from = (place: number) => ({ batchItemFailures: [{ itemIdentifier: reported(place) }] });
      const none = { batchItemFailures: [] };

      test("runs in order, one record at a time", async () => {
        const { ran, handler } = failing();
        let running = 0;
        const consume = consumer(async (record) => {
          expect(++running).toBe(1);
          await new Promise(setImmediate);
          handler(record);
          running--;
        });
        expect(await consume(batch(stream(), [7, 8, 9, 10]))).toEqual(none);
        expect(ran).toEqual([7, 8, 9, 10]);
      });

      test("reports the first record that failed, and runs none after it", async () => {
        const { ran, handler } = failing(8);
        expect(await consumer(handler)(batch(stream(), [7, 8, 9]))).toEqual(from(8));
        expect(ran).toEqual([7, 8]);
      });

      test("replays what had succeeded when it is delivered again, and goes on from the failure", async () => {
        const arn = stream();
        await consumer(failing(8).handler)(batch(arn, [7, 8, 9]));
        const { ran, handler } = failing();
        expect(await consumer(handler)(batch(arn, [7, 8, 9]))).toEqual(none);
        expect(ran).toEqual([8, 9]);
      });

      test("runs nothing again that another process has done, also where the batch is cut anew", async () => {
        const arn = stream();
        await consumer(() => {}, { store: anotherProcess(store) })(batch(arn, [7, 8]));
        const { ran, handler } = failing();
        expect(await consumer(handler)(batch(arn, [8, 9]))).toEqual(none);
        expect(ran).toEqual([9]);
      });

      test("stops at a record that runs elsewhere, and reports it", async () => {
        const arn = stream();
        const door = gate();
        const elsewhere = consumer(() => door.pass(), { store: anotherProcess(store) });
        const running = elsewhere(batch(arn, [8]));
        await door.reached;
        const { ran, handler } = failing();
        expect(await consumer(handler)(batch(arn, [7, 8, 9]))).toEqual(from(8));
        expect(ran).toEqual([7]);
        door.open();
        await running;
      });

      test("stops at poison, unless it is acknowledged: then the shard goes on", async () => {
        const arn = stream();
        const { ran, handler } = failing(8);
        const stuck = consumer(handler, { maxAttempts: 2 });
        for (let delivery = 0; delivery < 3; delivery++) expect(await stuck(batch(arn, [7, 8, 9]))).toEqual(from(8));
        expect(ran).toEqual([7, 8, 8]);
        const onPoison = vi.fn(() => "acknowledge" as const);
        expect(await consumer(handler, { maxAttempts: 2, onPoison })(batch(arn, [7, 8, 9]))).toEqual(none);
        expect(ran).toEqual([7, 8, 8, 9]);
        expect(onPoison).toHaveBeenCalledTimes(1);
      });

      test("stops at a record that cannot be parsed", async () => {
        const { ran, handler } = failing();
        const consume = idempotentStream<StreamRecord, number>(handler, {
          store,
          operation: "stream",
          onRecordError: () => {},
          parse: (record) => {
            if (number(record) === 8) throw new SyntaxError("no JSON");
            return number(record);
          },
        });
        expect(await consume(batch(stream(), [7, 8, 9]) as never)).toEqual(from(8));
        expect(ran).toEqual([7]);
      });

      test("keeps the ids of another stream apart", async () => {
        const { ran, handler } = failing();
        const consume = consumer(handler);
        await consume(batch(stream(), [7]));
        await consume(batch(stream(), [7]));
        expect(ran).toEqual([7, 7]);
      });

      test("runs the record once that it holds twice (G18)", async () => {
        const { ran, handler } = failing();
        expect(await consumer(handler)(batch(stream(), [7, 7, 8]))).toEqual(none);
        expect(ran).toEqual([7, 8]);
      });
    });
  });
});
