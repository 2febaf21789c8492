/**
 * Runs the code under test on demand and remembers what it did.
 *
 * Promises cannot be forked, so a host is brought to a place by feeding a new one the inputs that lead there, from its
 * start. A host is closed: what it does next depends on the inputs it had and on the times it read, on nothing else. So
 * every (inputs so far, next input) is run once, for real, and remembered; the explorer composes what is remembered. The
 * same holds for the production memory store, one atomic operation at a time. `liveMachine` composes nothing: all hosts
 * run beside each other on one store. The checker compares the two on samples, and replays every violation on it.
 */
import type { RecordVersion, StoredRecord } from "../../src/core/record.ts";
import type { Store } from "../../src/store.ts";
import { type BodyRequest, type Burst, createHost, type Host, type Input, type Request } from "./host.ts";
import { MAX_RESULT_BYTES, type Scenario } from "./scenario.ts";
import type { Sut } from "./sut.ts";

/** A value with a number: equal values of one machine have the same. */
export interface Box<T> {
  readonly n: number;
  readonly value: T;
}

export type RecordBox = Box<StoredRecord> | undefined;

/** A place that one host can be in. */
export interface Place {
  readonly n: number;
  readonly host: number;
  readonly came: { readonly from: Place; readonly input: Input; readonly localNow: number } | undefined;
  readonly burst: Burst;
  /** By input; where the burst read the clock, by local time as well. */
  readonly onward: Map<string, Place | Map<number, Place>>;
}

export interface Applied {
  readonly answer: Box<unknown>;
  readonly after: RecordBox;
}

export interface Machine {
  readonly start: (host: number) => Place;
  readonly feed: (place: Place, input: Input, inputKey: string, localNow: number) => Promise<Place>;
  /** One atomic operation of the production memory store, on a record. */
  readonly apply: (before: RecordBox, request: Box<RecordRequest>) => Promise<Applied>;
  readonly box: (request: Request) => Box<Request>;
  readonly boxAnswer: (answer: unknown) => Box<unknown>;
  /** What was run for real. */
  readonly runs: { bursts: number; storeOperations: number };
}

const NOTHING: Burst = {
  outputs: [],
  readClock: false,
  pending: [],
  left: [],
  timers: [],
  running: [],
  live: [],
};

/** As JSON, but numbers that JSON has no word for keep theirs. */
export function textOf(value: unknown): string {
  return (
    JSON.stringify(value, (_, v) => (typeof v === "number" && !Number.isFinite(v) ? `number ${v}` : v)) ?? "nothing"
  );
}

function boxes<T>(): (value: T) => Box<T> {
  const known = new Map<string, Box<T>>();
  const same = new WeakMap<object, Box<T>>();
  return (value) => {
    const object = typeof value === "object" && value !== null ? value : undefined;
    const quick = object === undefined ? undefined : same.get(object);
    if (quick !== undefined) return quick;
    const text = textOf(value);
    const box = known.get(text) ?? { n: known.size + 1, value };
    known.set(text, box);
    if (object !== undefined) same.set(object, box);
    return box;
  };
}

function startOf(host: number): Place {
  return { n: 0, host, came: undefined, burst: NOTHING, onward: new Map() };
}

export function rememberingMachine(sut: Sut, scenario: Scenario): Machine {
  const runs = { bursts: 0, storeOperations: 0 };
  const boxRecord = boxes<StoredRecord>();
  const boxAnswer = boxes<unknown>();
  const applied = new Map<string, Applied>();
  let places = 0;

  async function bring(place: Place): Promise<Host> {
    const way: NonNullable<Place["came"]>[] = [];
    for (let p = place; p.came !== undefined; p = p.came.from) way.push(p.came);
    const host = createHost(sut, scenario);
    for (const { input, localNow } of way.reverse()) await host.feed(input, localNow);
    return host;
  }

  return {
    runs,
    start: startOf,
    box: boxes<Request>(),
    boxAnswer,
    async feed(from, input, inputKey, localNow) {
      const known = from.onward.get(inputKey);
      const found = known instanceof Map ? known.get(localNow) : known;
      if (found !== undefined) return found;
      runs.bursts++;
      const host = await bring(from);
      const burst = await host.feed(input, localNow);
      const place = { n: ++places, host: from.host, came: { from, input, localNow }, burst, onward: new Map() };
      if (!burst.readClock) from.onward.set(inputKey, place);
      else if (known instanceof Map) known.set(localNow, place);
      else from.onward.set(inputKey, new Map([[localNow, place]]));
      return place;
    },
    async apply(before, request) {
      const key = `${before?.n ?? 0}:${request.n}`;
      const known = applied.get(key);
      if (known !== undefined) return known;
      runs.storeOperations++;
      const store = sut.memoryStore({ maxResultBytes: MAX_RESULT_BYTES });
      if (before !== undefined) await store.insert(before.value as never);
      const answer = boxAnswer(await perform(store, request.value));
      const record = await store.read(idOf(request.value));
      const result: Applied = { answer, after: record === undefined ? undefined : boxRecord(record) };
      applied.set(key, result);
      return result;
    },
  };
}

/** One schedule, everything alive at once: as it happens in production. */
export function liveMachine(sut: Sut, scenario: Scenario): Machine {
  const runs = { bursts: 0, storeOperations: 0 };
  const hosts = scenario.hosts.map(() => createHost(sut, scenario));
  const boxRecord = boxes<StoredRecord>();
  const boxAnswer = boxes<unknown>();
  const stores = new Map<string, Store>();
  let places = 0;
  return {
    runs,
    start: startOf,
    box: boxes<Request>(),
    boxAnswer,
    async feed(from, input, _, localNow) {
      runs.bursts++;
      const burst = await (hosts[from.host] as Host).feed(input, localNow);
      return { n: ++places, host: from.host, came: { from, input, localNow }, burst, onward: new Map() };
    },
    async apply(before, request) {
      runs.storeOperations++;
      const id = idOf(request.value);
      // TTL deletion is the one thing that no verb does: the store of a deleted record is a new one.
      if (before === undefined) stores.set(id, sut.memoryStore({ maxResultBytes: MAX_RESULT_BYTES }));
      const store = stores.get(id) as Store;
      const answer = boxAnswer(await perform(store, request.value));
      const record = await store.read(id);
      return { answer, after: record === undefined ? undefined : boxRecord(record) };
    },
  };
}

type RecordRequest = Exclude<Request, BodyRequest>;

function idOf(request: RecordRequest): string {
  return request.verb === "read" ? request.id : request.next.id;
}

async function perform(store: Store, request: RecordRequest): Promise<unknown> {
  if (request.verb === "insert") return await store.insert(request.next);
  if (request.verb === "swap") return await store.swap(request.seen as RecordVersion, request.next);
  return await store.read(request.id);
}
