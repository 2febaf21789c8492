/** The types of `idempotentEvent`: one record where the event holds several, and results that the handler types take. */
import type {
  Context,
  EventBridgeEvent,
  EventBridgeHandler,
  Handler,
  S3Event,
  S3EventRecord,
  S3Handler,
  SNSEvent,
  SNSEventRecord,
  SNSHandler,
  SQSHandler,
} from "aws-lambda";
import { assertType, describe, expectTypeOf, test } from "vitest";
import { type Execution, idempotentEvent, invocationId } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";

interface Order {
  readonly orderId: string;
}

type OrderPlaced = EventBridgeEvent<"OrderPlaced", Order>;

const options = { store: memoryStore(), operation: "types" };

describe("idempotentEvent", () => {
  test("of SNS is handed a record and is an SNSHandler", () => {
    const handler = idempotentEvent<SNSEvent, Promise<void>>(async (record, context, execution) => {
      expectTypeOf(record).toEqualTypeOf<SNSEventRecord>();
      expectTypeOf(context).toEqualTypeOf<Context>();
      expectTypeOf(execution).toEqualTypeOf<Execution>();
    }, options);
    assertType<SNSHandler>(handler);
    // @ts-expect-error an SNS consumer is no SQS consumer
    assertType<SQSHandler>(handler);
  });

  test("of S3 is handed a record and is an S3Handler", () => {
    const handler = idempotentEvent<S3Event, Promise<void>>(async (record) => {
      expectTypeOf(record).toEqualTypeOf<S3EventRecord>();
    }, options);
    assertType<S3Handler>(handler);
    assertType<Handler<S3Event>>(handler);
  });

  test("of EventBridge is handed the event and is an EventBridgeHandler", () => {
    const handler = idempotentEvent(async (event: OrderPlaced) => event.detail.orderId, options);
    assertType<EventBridgeHandler<"OrderPlaced", Order, string>>(handler);
    expectTypeOf(handler).returns.toEqualTypeOf<Promise<string>>();
  });

  test("of a list is handed its members and gives a list", () => {
    const handler = idempotentEvent<OrderPlaced[], number>((event) => {
      expectTypeOf(event).toEqualTypeOf<OrderPlaced>();
      return 1;
    }, options);
    expectTypeOf(handler).returns.toEqualTypeOf<Promise<number[]>>();
  });

  test("gives a value for each record of SNS and S3", () => {
    const handler = idempotentEvent<SNSEvent, Promise<string>>(async (record) => record.Sns.Message, options);
    expectTypeOf<Awaited<ReturnType<typeof handler>>>().toExtend<readonly string[]>();
    assertType<Handler<SNSEvent, string[]>>(handler);
  });

  test("takes any event with a key", () => {
    const handler = idempotentEvent(async (order: Order) => order.orderId.length, {
      ...options,
      key: (order) => {
        expectTypeOf(order).toEqualTypeOf<Order>();
        return order.orderId;
      },
    });
    expectTypeOf(handler).returns.toEqualTypeOf<Promise<number>>();
    idempotentEvent(async (order: Order) => order.orderId, { ...options, key: invocationId });
  });

  test("refuses a handler for another source", () => {
    // @ts-expect-error a handler of S3's records, where SNS is asked for
    idempotentEvent<SNSEvent, void>((record: S3EventRecord) => void record.s3, options);
    // @ts-expect-error the whole event, where one record is handed over
    idempotentEvent<SNSEvent, void>((event: SNSEvent) => void event.Records, options);
    // @ts-expect-error parsing is for batches
    idempotentEvent<SNSEvent, void>(() => {}, { ...options, parse: JSON.parse });
  });
});
