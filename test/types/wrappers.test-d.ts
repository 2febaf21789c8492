/** The types of `idempotent`, `executeOnce`, the options, the guards and the stores. */
import { DynamoDB, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocument, DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { Context, Handler, SNSEvent } from "aws-lambda";
import { describe, expectTypeOf, test } from "vitest";
import {
  type CommonOptions,
  currentExecution,
  type Execution,
  type everyOutcome,
  executeOnce,
  type IdempotencyEvent,
  type InProgressError,
  idempotencyKey,
  idempotent,
  isIdempotencyError,
  isInProgressError,
  type Once,
  type Outcome,
  type Store,
  type StoredType,
  successOnly,
} from "../../src/index.ts";
import { dynamoDBStore } from "../../src/stores/dynamodb.ts";
import { memoryStore } from "../../src/stores/memory.ts";

declare const store: Store;
const operation = "op";

describe("idempotent", () => {
  test("keeps the event's and the result's type", () => {
    const handler = idempotent(async (event: { id: string }) => ({ shipped: event.id, at: new Date() }), {
      store,
      operation,
      key: (event) => {
        expectTypeOf(event).toEqualTypeOf<{ id: string }>();
        return event.id;
      },
    });
    expectTypeOf(handler).toEqualTypeOf<
      (event: { id: string }, context?: Context) => Promise<{ shipped: string; at: Date }>
    >();
    expectTypeOf(handler).toExtend<Handler<{ id: string }, { shipped: string; at: Date }>>();
  });

  test("a handler that is not async gives a promise all the same", () => {
    const handler = idempotent((event: number) => event + 1, { store, operation, key: (event) => event });
    expectTypeOf(handler).returns.resolves.toBeNumber();
  });

  test("the handler's parameters are known where the event is annotated", () => {
    idempotent(
      async (event: SNSEvent, context, execution) => {
        expectTypeOf(context).toEqualTypeOf<Context>();
        expectTypeOf(execution).toEqualTypeOf<Execution>();
        return event.Records.length;
      },
      { store, operation, key: (event, context) => [event.Records[0]?.Sns.MessageId, context.functionName] },
    );
  });

  test("a key function is required, and takes this event", () => {
    // @ts-expect-error there is no default key
    idempotent(async (_event: SNSEvent) => 1, { store, operation });
    // @ts-expect-error the key is a function
    idempotent(async (_event: SNSEvent) => 1, { store, operation, key: "id" });
    // @ts-expect-error an SNS event has no `id`
    idempotent(async (_event: SNSEvent) => 1, { store, operation, key: (event) => event.id });
  });
});

describe("executeOnce", () => {
  test("gives the awaited value, and whether it is a replay", () => {
    expectTypeOf(executeOnce("k", async () => ({ id: 1 }), { store, operation })).resolves.toEqualTypeOf<
      Once<{ id: number }>
    >();
    expectTypeOf(executeOnce("k", () => "x", { store, operation })).resolves.toEqualTypeOf<{
      readonly value: string;
      readonly replayed: boolean;
    }>();
    executeOnce(["a", 1], (execution) => expectTypeOf(execution).toEqualTypeOf<Execution>(), { store, operation });
  });

  test("an operation and a store are required, and there is no `key` option", () => {
    // @ts-expect-error an operation is required
    executeOnce("k", () => 1, { store });
    // @ts-expect-error a store is required
    executeOnce("k", () => 1, { operation });
    // @ts-expect-error the key is the first argument
    executeOnce("k", () => 1, { store, operation, key: () => "k" });
  });
});

test("the common options", () => {
  const money: StoredType<Map<string, number>, [string, number][]> = {
    name: "Money",
    is: (value) => value instanceof Map,
    encode: (value) => [...value],
    decode: (stored) => new Map(stored),
  };
  const options: CommonOptions<{ id: string }> = {
    store,
    operation,
    tenant: (event, context) => event.id + context.functionName,
    requireKey: true,
    fingerprint: (event) => event.id,
    ttlSeconds: 60,
    leaseMs: 1_000,
    whenInProgress: { waitMs: 5_000 },
    whenStoreUnavailable: "run",
    whenCompletionFails: "throw",
    shouldStore: (outcome) => {
      expectTypeOf(outcome).toEqualTypeOf<Outcome>();
      return outcome.ok ? outcome.value !== undefined : outcome.error instanceof TypeError;
    },
    onEvent: (event) => {
      expectTypeOf(event).toEqualTypeOf<IdempotencyEvent>();
      if (event.type === "claimed") expectTypeOf(event.attempt).toBeNumber();
      if (event.type === "rejected") expectTypeOf(event.retryAfterMs).toBeNumber();
    },
    clockToleranceMs: 0,
    types: [money],
  };
  expectTypeOf(options).toExtend<CommonOptions<{ id: string }>>();
  expectTypeOf<{
    store: Store;
    fingerprint: false;
    whenInProgress: "reject";
    shouldStore: typeof everyOutcome;
  }>().toExtend<CommonOptions<unknown>>();
  expectTypeOf(successOnly).toEqualTypeOf<(outcome: Outcome) => boolean>();
  // @ts-expect-error `fingerprint` is a function, or `false`
  expectTypeOf<CommonOptions<unknown>["fingerprint"]>().toEqualTypeOf<true>();
  expectTypeOf<"later">().not.toExtend<CommonOptions<unknown>["whenInProgress"]>();
  expectTypeOf<"ignore">().not.toExtend<CommonOptions<unknown>["whenStoreUnavailable"]>();
});

test("the execution", () => {
  expectTypeOf<Execution>().toExtend<{
    readonly key: string;
    readonly operation: string;
    readonly attempt: number;
    readonly fence: number;
    readonly leaseUntil: Date;
    readonly signal: AbortSignal;
    readonly keyFor: (step: string) => string;
  }>();
  expectTypeOf(currentExecution()).toEqualTypeOf<Execution | undefined>();
});

test("the guards narrow, and the names are literal", () => {
  const error: unknown = undefined;
  if (isInProgressError(error)) {
    expectTypeOf(error).toEqualTypeOf<InProgressError>();
    expectTypeOf(error.retryAfterMs).toBeNumber();
    expectTypeOf(error.name).toEqualTypeOf<"InProgressError">();
  }
  if (isIdempotencyError(error)) expectTypeOf(error.operation).toEqualTypeOf<string | undefined>();
});

test("idempotencyKey", () => {
  expectTypeOf(idempotencyKey({ entityId: "order-123", action: "create", params: { amount: 100 } })).toBeString();
  idempotencyKey({ entityId: 5, action: "create" });
  // @ts-expect-error an action is required
  idempotencyKey({ entityId: "order-123" });
});

test("the stores", () => {
  expectTypeOf(memoryStore()).toEqualTypeOf<Store>();
  expectTypeOf(dynamoDBStore()).toEqualTypeOf<Store>();
  for (const client of [new DynamoDBClient(), new DynamoDB()]) dynamoDBStore({ tableName: "t", client });
  const base = new DynamoDBClient();
  for (const client of [DynamoDBDocumentClient.from(base), DynamoDBDocument.from(base)]) dynamoDBStore({ client });
  dynamoDBStore({ attributeNames: { id: "pk", expires_at: "ttl" } });
  // @ts-expect-error there is no such attribute
  dynamoDBStore({ attributeNames: { pk: "id" } });
  // @ts-expect-error not a client
  dynamoDBStore({ client: {} });
});
