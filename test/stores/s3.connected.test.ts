/** Results that no item holds, in a bucket: over a real S3 API (emulated), with a DynamoDB table beside it. G11, G13, G27. */
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type QueueEmulator, startQueueEmulator } from "../../local/queue-emulator.ts";
import { isResultNotStorableError, isStoreUnavailableError } from "../../src/index.ts";
import { dynamoDBStore } from "../../src/stores/dynamodb.ts";
import { type S3ResultsOptions, s3Results } from "../../src/stores/s3.ts";
import { engineClient, freshTable } from "../support/dynamodb.ts";
import { noise } from "../support/noise.ts";
import { errorOf, payment, protect, recorder, recordIdOf } from "../support/payments.ts";

/** Longer than an item also when it is compressed; Lambda answers with 6 MB at most. */
const SIX_MEGABYTES = noise(6_000_000);

let emulator: QueueEmulator;
let client: S3Client;
let tableName: string;

beforeAll(async () => {
  emulator = await startQueueEmulator();
  client = new S3Client({
    endpoint: emulator.endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  await client.send(new CreateBucketCommand({ Bucket: "results" }));
  tableName = await freshTable();
});
afterAll(async () => {
  client.destroy();
  await emulator.stop();
});

const storeWith = (largeResults: ReturnType<typeof s3Results> | undefined, compressAbove?: number) =>
  dynamoDBStore({
    tableName,
    client: engineClient(),
    ...(largeResults && { largeResults }),
    ...(compressAbove === undefined ? {} : { compressAbove }),
  });

const bucketStore = (options: Partial<S3ResultsOptions> = {}, compressAbove?: number) =>
  storeWith(s3Results({ bucket: "results", client, ...options }), compressAbove);

const refOf = async (store: ReturnType<typeof bucketStore>, event: ReturnType<typeof payment>): Promise<string> => {
  const record = await store.read(await recordIdOf(store, event));
  return (record as { result: { ref: string } }).result.ref;
};

let warned: string[];
const onWarning = (warning: Error) => void warned.push(`${warning.name}: ${warning.message}`);
beforeEach(() => {
  warned = [];
  process.on("warning", onWarning);
});
afterEach(() => void process.off("warning", onWarning));

describe("a result that no item holds", () => {
  test("of six megabytes is replayed from the bucket, also by another process", async () => {
    const event = payment();
    const handler = vi.fn(() => SIX_MEGABYTES);
    const pay = protect(bucketStore(), handler);
    expect((await pay(event)) === SIX_MEGABYTES).toBe(true);
    expect((await pay(event)) === SIX_MEGABYTES).toBe(true);
    expect((await protect(bucketStore(), handler)(event)) === SIX_MEGABYTES).toBe(true);
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test("lies compressed under the prefix, by the record's id and the attempt's owner", async () => {
    const store = bucketStore({ prefix: "answers/" });
    const event = payment();
    await protect(store, () => noise(700_000))(event);
    const ref = await refOf(store, event);
    expect(ref).toMatch(/^s3:\/\/results\/answers\/pay_\w{64}\/[\w-]{36}$/);
    const Key = ref.slice("s3://results/".length);
    const object = await client.send(new GetObjectCommand({ Bucket: "results", Key }));
    expect(object.ContentEncoding).toBe("zstd");
    expect((await object.Body?.transformToByteArray())?.length).toBeLessThan(600_000);
  });

  test("may lie there as text", async () => {
    const store = bucketStore({}, Number.POSITIVE_INFINITY);
    const result = `ü${noise(500_000)}`;
    const event = payment();
    const pay = protect(store, () => result);
    await pay(event);
    expect((await pay(event)) === result).toBe(true);
    const Key = (await refOf(store, event)).slice("s3://results/".length);
    const object = await client.send(new GetObjectCommand({ Bucket: "results", Key }));
    expect(await object.Body?.transformToString()).toBe(JSON.stringify(result));
  });

  test("leaves smaller ones to the table", async () => {
    const store = bucketStore({ prefix: "small/" });
    await protect(store, () => noise(300_000))(payment());
    const { KeyCount } = await client.send(new ListObjectsV2Command({ Bucket: "results", Prefix: "small/" }));
    expect(KeyCount).toBe(0);
  });

  test("in a bucket that does not exist is completed with a marker: the caller has it, and nothing is run again", async () => {
    const event = payment();
    const handler = vi.fn(() => SIX_MEGABYTES);
    const told = recorder();
    const pay = protect(bucketStore({ bucket: "no-such-bucket" }), handler, { onEvent: told.onEvent });
    expect((await pay(event)) === SIX_MEGABYTES).toBe(true);
    expect(told.types()).toEqual(["claimed", "completionFailed"]);
    const replay = await errorOf(pay(event));
    expect(replay).toSatisfy(isResultNotStorableError);
    expect(String(replay)).toContain("Bucket `no-such-bucket` for large results: it does not exist.");
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test("that was deleted from the bucket is missed with a clear error", async () => {
    const store = bucketStore();
    const event = payment();
    const handler = vi.fn(() => SIX_MEGABYTES);
    await protect(store, handler)(event);
    const Key = (await refOf(store, event)).slice("s3://results/".length);
    await client.send(new DeleteObjectCommand({ Bucket: "results", Key }));
    expect(await errorOf(protect(store, handler)(event))).toSatisfy(isResultNotStorableError);
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test("is not run again by a function that was not told of the bucket: it says what to give", async () => {
    const event = payment();
    const handler = vi.fn(() => SIX_MEGABYTES);
    await protect(bucketStore(), handler)(event);
    const replay = await errorOf(protect(storeWith(undefined), handler, { whenStoreUnavailable: "run" })(event));
    expect(replay).toSatisfy(isStoreUnavailableError);
    expect(String(replay)).toMatch(/an outcome lies in `s3:\/\/results\/.*`\. Give the store the `largeResults`/);
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test("beyond 16 MiB is not stored", async () => {
    const event = payment();
    const pay = protect(bucketStore({}, Number.POSITIVE_INFINITY), () => "x".repeat(16_777_215));
    await pay(event);
    expect(String(await errorOf(pay(event)))).toContain("it is 16777217 bytes, and the store holds 16777216");
  });
});

/** What S3 says of lifecycle rules, and refuses to do, which the emulator does not: a client that answers so. */
const clientAnswering = (answer: () => object): S3Client => ({ send: async () => answer() }) as unknown as S3Client;

const bodyUntil = (expiresAt: number) => ({ id: "pay#1", owner: "a", expiresAt, data: "1" });

describe("the bucket's lifecycle", () => {
  test.each([
    ["none", {}, /no lifecycle rule of the bucket `results` deletes large results: they are kept for ever/],
    [
      "one that is too short",
      { Expiration: 'expiry-date="Fri, 15 Jan 2027 08:00:00 GMT", rule-id="a"' },
      /deletes large results on Fri, 15 Jan 2027 08:00:00 GMT, before their records expire/,
    ],
  ])("is warned of once: %s", async (_, answer, message) => {
    const results = s3Results({ bucket: "results", client: clientAnswering(() => answer) });
    await results.put(bodyUntil(1_800_000_001));
    await results.put(bodyUntil(1_800_000_001));
    await new Promise(setImmediate);
    expect(warned).toHaveLength(1);
    expect(warned[0]).toMatch(message);
  });

  test("that keeps objects long enough is not", async () => {
    const Expiration = 'expiry-date="Fri, 15 Jan 2027 08:00:00 GMT", rule-id="a"';
    const results = s3Results({ bucket: "results", client: clientAnswering(() => ({ Expiration })) });
    await results.put(bodyUntil(1_800_000_000));
    await new Promise(setImmediate);
    expect(warned).toEqual([]);
  });
});

test("denied access names the bucket and what to allow, and is not tried again", async () => {
  const denied = clientAnswering(() => {
    throw Object.assign(new Error("Access Denied"), { name: "AccessDenied" });
  });
  const error = await errorOf(s3Results({ bucket: "results", client: denied }).put(bodyUntil(1)));
  expect(error).toMatchObject({ name: "StoreUnavailableError", transient: false });
  expect(String(error)).toContain(
    "Bucket `results` for large results: access is denied. Allow the function's role s3:PutO",
  );
});

test("a fault of S3's own may pass, and is tried again", async () => {
  let tries = 0;
  const slow = clientAnswering(() => {
    if (++tries < 3) throw Object.assign(new Error("Please reduce your request rate."), { name: "SlowDown" });
    return { Expiration: 'expiry-date="Fri, 15 Jan 2038 08:00:00 GMT", rule-id="a"' };
  });
  const event = payment();
  const store = storeWith(s3Results({ bucket: "results", client: slow }));
  expect((await protect(store, () => SIX_MEGABYTES)(event)) === SIX_MEGABYTES).toBe(true);
  expect(tries).toBe(3);
  expect((await store.read(await recordIdOf(store, event)))?.status).toBe("COMPLETED");
});

test.each<[unknown, RegExp]>([
  [undefined, /s3Results: the options must be an object such as `\{ bucket \}`/],
  [{}, /`bucket` must be the name of a bucket .*, not undefined/],
  [{ bucket: "My Bucket" }, /`bucket`.* not "My Bucket"/],
  [{ bucket: "results", key: "a" }, /unknown option `key`; allowed are bucket, prefix, client/],
  [{ bucket: "results", prefix: 5 }, /`prefix` must be a string/],
  [{ bucket: "results", client: {} }, /`client` must be an S3Client/],
])("s3Results(%j) is refused", (options, message) => {
  expect(() => s3Results(options as S3ResultsOptions)).toThrow(message);
});
