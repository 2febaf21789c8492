/**
 * Deliveries of every source, mutated and mixed up, through every wrapper: what comes out is an answer, an error of this
 * library or the handler's own. And of deliveries that are sound, each is run once, however often and beside whatever else
 * it is delivered: two that differ never meet, and one never runs twice. G8, G16, G17, G18.
 */
import type { Context } from "aws-lambda";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  eventBridgeId,
  idempotent,
  idempotentEvent,
  idempotentHttp,
  idempotentSqs,
  idempotentStream,
  isIdempotencyError,
  snsMessageId,
} from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { eventOf, type Json, SHAPES } from "../support/http-events.ts";
import { recorded } from "../support/recorded-events.ts";
import { cases, roughText, TIME } from "./seeded.ts";

const FILES = [
  "sqs",
  "sqs-fifo",
  "sns-in-sqs",
  "sns-raw-in-sqs",
  "eventbridge-in-sqs",
  "kinesis",
  "dynamodb-stream",
  "msk",
  "self-managed-kafka",
  "sns",
  "eventbridge",
  "eventbridge-array",
  "eventbridge-rule-schedule",
  "scheduler",
  "s3-put",
  "s3-delete",
  "s3-restore",
  "s3-versioned",
  "step-functions",
  "step-functions-map",
];

const fresh: readonly (() => Json)[] = [
  ...SHAPES.map((shape) => (): Json => eventOf(shape)),
  ...FILES.map((file) => (): Json => recorded(file)),
];
const texts = fresh.map((make) => JSON.stringify(make()));

function pathsOf(part: Json, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof part !== "object" || part === null) return [path];
  return [path, ...Object.entries(part).flatMap(([key, member]) => pathsOf(member, [...path, key]))];
}

const paths = fresh.map((make) => pathsOf(make()));

interface Edit {
  /** Which of the event's places, counted around. */
  readonly at: number;
  readonly how: "delete" | "replace" | "graft" | "repeat" | "swap";
  readonly value: unknown;
  /** Where a graft comes from. */
  readonly from: readonly [event: number, at: number];
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(null, undefined, "", 0, -1, 1.5, Number.NaN, true, [], {}, [null], [[]], { length: 3 }, 5n),
  fc.constantFrom<unknown>(() => 1, Symbol("x"), new Date(0), new Map(), Object.create(null), "k".repeat(300)),
  roughText,
  fc.anything({ maxDepth: 1 }),
);

const edits = fc.array(
  fc.record<Edit>({
    at: fc.nat(10_000),
    how: fc.constantFrom("delete", "replace", "replace", "graft", "repeat", "swap"),
    value: odd,
    from: fc.tuple(fc.nat(fresh.length - 1), fc.nat(10_000)),
  }),
  { maxLength: 4 },
);

const get = (event: Json, path: readonly string[]): Json => path.reduce((part, key) => part?.[key], event);

function mutated(index: number, changes: readonly Edit[]): Json {
  let event: Json = JSON.parse(texts[index] ?? "null");
  for (const { at, how, value, from } of changes) {
    const places = paths[index] ?? [[]];
    const path = places[at % places.length] ?? [];
    const other = paths[from[0]] ?? [[]];
    const graft = get(JSON.parse(texts[from[0]] ?? "null"), other[from[1] % other.length] ?? []);
    const key = path.at(-1);
    const parent = get(event, path.slice(0, -1));
    if (key === undefined) {
      if (how === "replace") event = value;
      if (how === "graft") event = graft;
      continue;
    }
    if (typeof parent !== "object" || parent === null) continue;
    // No event has holes: it comes as JSON.
    if (how === "delete" && Array.isArray(parent)) parent.splice(Number(key), 1);
    else if (how === "delete") delete parent[key];
    if (how === "replace") parent[key] = value;
    if (how === "graft") parent[key] = graft;
    if (how === "repeat") parent[key] = [parent[key], parent[key]];
    if (how === "swap") {
      const keys = Object.keys(parent);
      const partner = keys[from[1] % keys.length] ?? key;
      [parent[key], parent[partner]] = [parent[partner], parent[key]];
    }
  }
  return event;
}

class Declined extends Error {
  override readonly name = "Declined";
}

const contexts = [
  undefined,
  null,
  {},
  { getRemainingTimeInMillis: () => 30_000, awsRequestId: "r", tenantId: "t" },
  { getRemainingTimeInMillis: () => -5 },
  { getRemainingTimeInMillis: () => Number.NaN, tenantId: 7 },
];

/** Every wrapper, on a store and with a handler that counts or declines. */
function wrappers(
  runs: unknown[],
  errors: unknown[],
  declines: boolean,
): readonly ((event: Json, context: Context) => Promise<unknown>)[] {
  const store = memoryStore();
  const work = (given: unknown): Json => {
    runs.push(given);
    if (declines) throw new Declined("no");
    return { statusCode: 201, body: "ran" };
  };
  const quiet = { store, onRecordError: (error: unknown) => void errors.push(error) };
  return [
    idempotentHttp(async (event: Json) => work(event), { store, operation: "http" }) as never,
    idempotentHttp(async (event: Json) => work(event), {
      store,
      operation: "http, required",
      requireKey: true,
    }) as never,
    idempotentSqs(async (record) => work(record), { ...quiet, operation: "sqs" }) as never,
    idempotentSqs(async (record) => work(record), { ...quiet, operation: "sns in sqs", key: snsMessageId }) as never,
    idempotentSqs(async (record) => work(record), {
      ...quiet,
      operation: "eventbridge in sqs",
      key: eventBridgeId,
    }) as never,
    idempotentSqs<unknown>(async (record) => work(record), {
      ...quiet,
      operation: "parsed",
      parse: (record) => JSON.parse(String(record?.body)),
      key: ({ parsed }) => (parsed as { orderId: string }).orderId,
    }) as never,
    idempotentStream(async (record: never) => work(record), { ...quiet, operation: "stream" } as never) as never,
    idempotentEvent(async (event: Json) => work(event), { store, operation: "event" }) as never,
    idempotentEvent(async (event: Json) => work(event), {
      store,
      operation: "event, not required",
      requireKey: false,
    }) as never,
    idempotent(async (event: Json) => work(event), { store, operation: "any", key: (event) => event.id }) as never,
  ];
}

/** An error of this library, the handler's own, or several of them. */
function allowed(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(allowed);
  // What `parse` threw fails its record.
  const parsing = error instanceof SyntaxError || (error instanceof TypeError && /JSON|BigInt/.test(error.message));
  if (isIdempotencyError(error) || error instanceof Declined || parsing) return true;
  throw new Error(`a crash: ${String(error)}`, { cause: error });
}

test("a mutated delivery of any source, through any wrapper, is answered or refused", TIME, async () => {
  const runs: unknown[] = [];
  const errors: unknown[] = [];
  const made = [wrappers(runs, errors, false), wrappers(runs, errors, true)];
  await fc.assert(
    fc.asyncProperty(
      fc.nat(fresh.length - 1),
      edits,
      fc.nat(9),
      fc.boolean(),
      fc.constantFrom(...contexts),
      async (index, changes, wrapper, declines, context) => {
        const wrapped = made[declines ? 1 : 0]?.[wrapper];
        if (wrapped === undefined) throw new Error(`there is no wrapper ${wrapper}`);
        for (const _ of [1, 2]) {
          // A record that came twice in one batch, or whose first delivery ran, may be refused: never a crash.
          await wrapped(mutated(index, changes), context as Context).catch(allowed);
          errors.splice(0).every(allowed);
        }
      },
    ),
    cases(),
  );
  expect(runs.length).toBeGreaterThan(1_000);
});

test("a receive count that is none is no crash", async () => {
  const [record] = recorded("sqs").Records;
  const odd = [Symbol("x"), Object.create(null), JSON.parse('{"valueOf":1,"toString":1}'), null, {}, "many"];
  let runs = 0;
  const wrapped = idempotentSqs(() => ++runs, { store: memoryStore(), operation: "odd counts" });
  for (const [i, ApproximateReceiveCount] of odd.entries()) {
    const attributes = { ...record.attributes, ApproximateReceiveCount };
    await wrapped({ Records: [{ ...record, messageId: `m${i}`, attributes }] });
  }
  expect(runs).toBe(odd.length);
});

/** A source's deliveries by what identifies them: two names are two deliveries. */
interface Source {
  readonly name: string;
  readonly parts: number;
  /** One record for the identity; the same each time. */
  readonly record: (identity: readonly string[]) => Json;
  readonly event: (records: readonly Json[]) => Json;
  readonly wrap: (handler: (record: Json) => unknown) => (event: Json) => Promise<unknown>;
  /** What the record that a handler gets is identified by. */
  readonly idOf: (record: Json) => string;
}

const batch = (Records: readonly Json[]): Json => ({ Records });
const id = (...parts: readonly unknown[]): string => JSON.stringify(parts);
/** Numbers as the parts of an identity stand for them. */
const numberOf = (text: string): number => [...text].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 1_000, 7);

function sources(): readonly Source[] {
  const store = memoryStore();
  let operations = 0;
  const common = () => ({ store, operation: `op ${operations++}` });
  const first = (file: string): Json => recorded(file).Records[0];
  const onSqs: Source["wrap"] = (handler) => idempotentSqs((record) => handler(record), common()) as never;
  const onStream: Source["wrap"] = (handler) => idempotentStream(handler as never, common() as never) as never;
  const onEvent: Source["wrap"] = (handler) =>
    idempotentEvent(async (event: Json) => handler(event), common()) as never;
  return [
    {
      name: "SQS",
      parts: 1,
      event: batch,
      wrap: onSqs,
      record: ([a]) => ({ ...first("sqs"), messageId: a }),
      idOf: ({ messageId }) => id(messageId),
    },
    {
      name: "Kinesis",
      parts: 1,
      event: batch,
      wrap: onStream,
      record: ([a]) => ({
        ...first("kinesis"),
        eventID: `shardId-0:${a}`,
        kinesis: { ...first("kinesis").kinesis, sequenceNumber: a },
      }),
      idOf: ({ eventID }) => id(eventID),
    },
    {
      name: "DynamoDB Streams",
      parts: 1,
      event: batch,
      wrap: onStream,
      record: ([a]) => ({ ...first("dynamodb-stream"), eventID: a, dynamodb: { SequenceNumber: a } }),
      idOf: ({ eventID }) => id(eventID),
    },
    {
      name: "Kafka",
      parts: 3,
      event: (records) => ({
        ...recorded("msk"),
        records: Object.groupBy(records, ({ topic, partition }) => `${topic}-${partition}`),
      }),
      wrap: onStream,
      record: ([a = "", b = "", c = ""]) => ({
        topic: a,
        partition: numberOf(b) % 10,
        offset: numberOf(c),
        timestamp: 1,
        value: "e30=",
      }),
      idOf: ({ topic, partition, offset }) => id(topic, partition, offset),
    },
    {
      name: "SNS",
      parts: 1,
      event: batch,
      wrap: onEvent,
      record: ([a]) => ({ ...first("sns"), Sns: { ...first("sns").Sns, MessageId: a } }),
      idOf: ({ Sns }) => id(Sns.MessageId),
    },
    {
      name: "S3",
      parts: 4,
      event: batch,
      wrap: onEvent,
      record: ([a, b, c, d]) => ({
        ...first("s3-put"),
        eventName: c,
        s3: { bucket: { name: a }, object: { key: b, sequencer: d } },
      }),
      idOf: ({ eventName, s3 }) => id(eventName, s3),
    },
    {
      name: "EventBridge",
      parts: 1,
      event: (records) => records,
      wrap: onEvent,
      record: ([a]) => ({ ...recorded("eventbridge"), id: a }),
      idOf: (event) => id(event.id),
    },
    {
      name: "Scheduler",
      parts: 2,
      event: (records) => records,
      wrap: onEvent,
      record: ([a, b]) => ({ ...recorded("scheduler"), id: "another each time", resources: [a], time: b }),
      idOf: ({ resources, time }) => id(resources[0], time),
    },
    {
      name: "Step Functions",
      parts: 2,
      event: (records) => records,
      wrap: onEvent,
      record: ([a, b]) => ({ Execution: { Id: a }, State: { Name: b } }),
      idOf: ({ Execution, State }) => id(Execution.Id, State.Name),
    },
  ];
}

const part = fc.oneof(
  fc.constantFrom("a", "b", "a-1", "a-1-2", "1", "a:1", "a,b", '"a"', "a b", "é", "e\u0301", "null"),
  roughText.filter((text) => text !== "" && !text.includes("\0")),
);

test.each(sources())("deliveries of $name run once each, and two that differ never meet", TIME, async (source) => {
  const identity = fc.array(part, { minLength: source.parts, maxLength: source.parts });
  const identities = fc.uniqueArray(identity, {
    minLength: 1,
    maxLength: 6,
    selector: (one) => source.idOf(source.record(one)),
  });
  /** Several deliveries of some of the same records, in batches of any order. */
  const deliveries = identities.chain((all) =>
    fc.array(fc.shuffledSubarray(all, { minLength: 1 }), { minLength: 2, maxLength: 3 }),
  );
  await fc.assert(
    fc.asyncProperty(deliveries, async (batches) => {
      const ran: string[] = [];
      const wrapped = source.wrap((record) => void ran.push(source.idOf(record)));
      const delivered = new Set<string>();
      for (const one of batches) {
        const records = one.map((parts) => source.record(parts));
        for (const record of records) delivered.add(source.idOf(record));
        await wrapped(source.event(records));
      }
      expect(ran.toSorted()).toEqual([...delivered].sort());
    }),
    // Each case delivers some ten records.
    cases(1_000),
  );
});

test.each(sources())(
  "$name: equal records of one event run once, and are answered alike (G18)",
  TIME,
  async (source) => {
    const ran: string[] = [];
    const wrapped = source.wrap((record) => void ran.push(source.idOf(record)));
    const record = (): Json => source.record(["a", "b", "c", "d"]);
    await expect(wrapped(source.event([record(), record()]))).resolves.not.toThrow();
    expect(ran).toHaveLength(1);
  },
);
