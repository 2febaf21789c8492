/** The types of `idempotentSqs`: what is parsed is inferred, and a handler for another source does not compile. */

import { SQSClient } from "@aws-sdk/client-sqs";
import type {
  APIGatewayProxyEventV2,
  Context,
  KinesisStreamHandler,
  KinesisStreamRecord,
  SQSBatchResponse,
  SQSEvent,
  SQSHandler,
  SQSRecord,
} from "aws-lambda";
import { assertType, describe, expectTypeOf, test } from "vitest";
import { type Execution, eventBridgeId, idempotentSqs, type Parsed, snsMessageId } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";

interface Order {
  readonly orderId: string;
  readonly amount: number;
}

const store = memoryStore();

describe("idempotentSqs", () => {
  test("hands over the record, the context and the execution", () => {
    idempotentSqs(
      (record, context, execution) => {
        expectTypeOf(record).toExtend<SQSRecord>();
        expectTypeOf(context).toEqualTypeOf<Context>();
        expectTypeOf(execution).toEqualTypeOf<Execution>();
      },
      { store, operation: "types" },
    );
  });

  test("is an SQSHandler", () => {
    const handler = idempotentSqs(() => {}, { store, operation: "types" });
    assertType<SQSHandler>(handler);
    expectTypeOf(handler).returns.toEqualTypeOf<Promise<SQSBatchResponse>>();
    expectTypeOf(handler).parameter(0).toEqualTypeOf<SQSEvent>();
    const typed: SQSHandler = idempotentSqs<Order>(async (record) => record.parsed.amount, {
      store,
      operation: "types",
      parse: (record) => JSON.parse(record.body),
    });
    assertType<SQSHandler>(typed);
    // @ts-expect-error an SQS consumer is no Kinesis consumer
    assertType<KinesisStreamHandler>(handler);
  });

  test("infers what was parsed, for the handler, the key and the fingerprint", () => {
    idempotentSqs<Order>(
      (record) => {
        expectTypeOf(record.parsed).toEqualTypeOf<Order>();
        expectTypeOf(record.body).toEqualTypeOf<string>();
      },
      {
        store,
        operation: "types",
        parse: (record) => {
          expectTypeOf(record).toEqualTypeOf<SQSRecord>();
          return JSON.parse(record.body);
        },
        key: (record) => {
          expectTypeOf(record.parsed).toEqualTypeOf<Order>();
          return record.parsed.orderId;
        },
        fingerprint: (record) => record.parsed.amount,
        tenant: (record) => record.parsed.orderId,
        onPoison: (record, error) => {
          expectTypeOf(record).toEqualTypeOf<SQSRecord>();
          expectTypeOf(error).toEqualTypeOf<unknown>();
          return "acknowledge";
        },
        maxAttempts: 3,
        onRecordError: (error, record) => {
          expectTypeOf(error).toEqualTypeOf<unknown>();
          expectTypeOf(record).toEqualTypeOf<SQSRecord>();
        },
      },
    );
  });

  test("infers the type from the handler too", () => {
    idempotentSqs((record: Parsed<SQSRecord, Order>) => record.parsed.amount, {
      store,
      operation: "types",
      parse: async (record): Promise<Order> => JSON.parse(record.body),
    });
  });

  test("demands `parse` where a type is given", () => {
    // @ts-expect-error there is nothing that makes an Order
    idempotentSqs<Order>((record) => record.parsed.amount, { store, operation: "types" });
  });

  test("demands a `parse` that gives that type", () => {
    idempotentSqs<Order>(() => {}, {
      store,
      operation: "types",
      // @ts-expect-error a string is no Order
      parse: (record) => record.body,
    });
  });

  test("knows nothing of `parsed` where nothing is parsed", () => {
    idempotentSqs((record) => expectTypeOf(record.parsed).toEqualTypeOf<undefined>(), { store, operation: "types" });
    // @ts-expect-error nothing was parsed
    idempotentSqs((record) => record.parsed.amount, { store, operation: "types" });
  });

  test("refuses a handler for another source", () => {
    // @ts-expect-error a Kinesis record
    idempotentSqs((record: KinesisStreamRecord) => record.kinesis.data, { store, operation: "types" });
    // @ts-expect-error an HTTP request
    idempotentSqs((event: APIGatewayProxyEventV2) => event.rawPath, { store, operation: "types" });
    // @ts-expect-error the whole event, where one record is handed over
    idempotentSqs((event: SQSEvent) => event.Records.length, { store, operation: "types" });
  });

  test("refuses an unknown option and a wrong value", () => {
    // @ts-expect-error no such option
    idempotentSqs(() => {}, { store, operation: "types", retries: 3 });
    // @ts-expect-error no such choice
    idempotentSqs(() => {}, { store, operation: "types", maxAttempts: 3, onPoison: "drop" });
    // @ts-expect-error the store is missing
    idempotentSqs(() => {}, { operation: "types" });
    // @ts-expect-error no client
    idempotentSqs(() => {}, { store, operation: "types", deferWith: "https://sqs" });
  });

  test("takes the SDK's client, and the helpers for wrapped messages", () => {
    idempotentSqs(() => {}, { store, operation: "types", deferWith: new SQSClient({}) });
    idempotentSqs(() => {}, { store, operation: "types", key: snsMessageId });
    idempotentSqs<Order>(() => {}, {
      store,
      operation: "types",
      key: eventBridgeId,
      parse: (record) => JSON.parse(record.body).detail,
    });
  });
});
