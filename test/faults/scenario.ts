/**
 * A scenario: several callers of few keys, in processes that share nothing but the table, whose requests all go through
 * the fault proxy; and what must be true of it, whatever happened. Then the faults stop, and every key is completed.
 */
import { DeleteItemCommand, type DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import fc from "fast-check";
import { type Execution, everyOutcome } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { engineClient } from "../support/dynamodb.ts";
import { lambdaContext } from "../support/lambda-context.ts";
import { violationsOf } from "./check-history.ts";
import {
  countUnseen,
  danglingBodies,
  illegalWrites,
  ranUntold,
  toldNotRun,
  wrongSettlements,
} from "./check-witness.ts";
import { type FaultRates, RATES, seededPlan } from "./fault-plan.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { type Call, type Came, describeCall, type Effect, type Run, stopwatch, type Terms } from "./history.ts";
import { callThrough, WRAPPERS, type Wrapper } from "./wrapped-call.ts";

export type Behaviour = "return" | "throw" | "unstorable" | "overrun" | "crash";

export interface PlannedCall {
  readonly process: number;
  readonly key: number;
  readonly payload: "a" | "b";
  /** When it is made, milliseconds from the start. */
  readonly afterMs: number;
  readonly behaviour: Behaviour;
  readonly workMs: number;
}

export interface Scenario {
  readonly wrapper: Wrapper;
  readonly planSeed: number;
  readonly rates: keyof typeof RATES;
  /** A process that is cut off from the table for a while, and from when to when: for good, as far as its calls know, or shorter. */
  readonly outage: { readonly process: number; readonly fromMs: number; readonly toMs: number } | undefined;
  readonly leaseMs: number;
  readonly toleranceMs: number;
  readonly waitMs: number | undefined;
  /** What the callers' context says is left; their lease ends 2 s after that. */
  readonly remainingMs: number | undefined;
  readonly storesErrors: boolean;
  readonly throwsWhenCompletionFails: boolean;
  /** Outcomes expire within the scenario, and are deleted when they have. */
  readonly expires: boolean;
  readonly calls: readonly PlannedCall[];
}

const plannedCall: fc.Arbitrary<PlannedCall> = fc.record({
  process: fc.nat(2),
  key: fc.nat(1),
  payload: fc.oneof(
    { weight: 9, arbitrary: fc.constant("a" as const) },
    { weight: 1, arbitrary: fc.constant("b" as const) },
  ),
  afterMs: fc.nat(900),
  behaviour: fc.oneof(
    { weight: 10, arbitrary: fc.constant("return" as const) },
    { weight: 4, arbitrary: fc.constant("throw" as const) },
    { weight: 2, arbitrary: fc.constant("unstorable" as const) },
    { weight: 6, arbitrary: fc.constant("overrun" as const) },
    { weight: 2, arbitrary: fc.constant("crash" as const) },
  ),
  workMs: fc.nat(120),
});

const rarely = (weight: number): fc.Arbitrary<boolean> =>
  fc.oneof({ weight: 100 - weight, arbitrary: fc.constant(false) }, { weight, arbitrary: fc.constant(true) });

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  wrapper: fc.constantFrom(...WRAPPERS),
  planSeed: fc.nat(),
  rates: fc.constantFrom("calm", "answers", "cuts", "times", "storm", "storm"),
  outage: fc.option(
    fc.record({
      process: fc.nat(2),
      fromMs: fc.nat(300),
      toMs: fc.oneof(fc.integer({ min: 400, max: 900 }), fc.constant(60_000)),
    }),
    {
      freq: 4,
      nil: undefined,
    },
  ),
  leaseMs: fc.constantFrom(250, 450),
  toleranceMs: fc.constantFrom(0, 250),
  waitMs: fc.constantFrom(undefined, 400, 1_500),
  remainingMs: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, 600),
  storesErrors: rarely(25),
  throwsWhenCompletionFails: rarely(40),
  expires: rarely(20),
  calls: fc.array(plannedCall, { minLength: 3, maxLength: 9, size: "max" }),
});

const planned = (
  process: number,
  afterMs: number,
  behaviour: Behaviour,
  change: Partial<PlannedCall> = {},
): PlannedCall => ({
  process,
  key: 0,
  payload: "a",
  afterMs,
  behaviour,
  workMs: 60,
  ...change,
});

const plain: Scenario = {
  wrapper: "executeOnce",
  planSeed: 1,
  rates: "none",
  outage: undefined,
  leaseMs: 400,
  toleranceMs: 0,
  waitMs: 1_500,
  remainingMs: undefined,
  storesErrors: false,
  throwsWhenCompletionFails: false,
  expires: false,
  calls: [],
};

/** What generated scenarios meet seldom, through every wrapper. */
export const DIRECTED: readonly Scenario[] = WRAPPERS.flatMap((wrapper) => [
  // Taken over while it runs beyond its lease, and given the other's outcome.
  { ...plain, wrapper, calls: [planned(0, 0, "overrun"), planned(1, 450, "return"), planned(2, 500, "return")] },
  // Another payload beside a running call, in its process and elsewhere.
  {
    ...plain,
    wrapper,
    calls: [
      planned(0, 0, "return", { workMs: 250 }),
      planned(0, 100, "return", { payload: "b" }),
      planned(1, 100, "return", { payload: "b" }),
      planned(0, 120, "return"),
    ],
  },
  // Cut off from the table while it works, for as long as it tries to store what it did.
  {
    ...plain,
    wrapper,
    waitMs: undefined,
    outage: { process: 0, fromMs: 200, toMs: 60_000 },
    calls: [planned(0, 0, "return", { workMs: 500 }), planned(0, 0, "throw", { key: 1, workMs: 500 })],
  },
  // Answers that are cut off, about every write there is.
  {
    ...plain,
    wrapper,
    rates: "cuts",
    planSeed: WRAPPERS.indexOf(wrapper),
    calls: [0, 1, 2].flatMap((process) => [planned(process, 0, "return"), planned(process, 0, "throw", { key: 1 })]),
  },
  // An outcome that expires and stays there, and one that is deleted.
  { ...plain, wrapper, expires: true, calls: [planned(0, 0, "return"), planned(1, 100, "return")] },
  { ...plain, wrapper, expires: true, planSeed: 2, calls: [planned(0, 0, "return"), planned(1, 100, "return")] },
]);

export interface Environment {
  readonly endpoint: string;
  readonly tableName: string;
  /** A store of a process's own. Its lane is the access key id of its client. */
  readonly makeStore: (client: { endpoint: string; lane: string; timeoutMs: number }) => Store;
  /** How many times as long everything takes just now as on a machine that does nothing else: 1 or more. */
  readonly slowness: () => Promise<number>;
  /** Every result lies in a body, beside its record. */
  readonly resultsLieBeside: boolean;
}

export interface Report {
  readonly violations: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

/** A client gives up a request after this; what is late comes later. Times the machine's slowness. */
const TIMEOUT_MS = 250;
const LATE_MS = 380;
const OPERATION = "pay";
/** A lease and its tolerance are over much sooner; a machine that is busy with other things can be slow. */
const LONGEST_RECOVERY_MS = 60_000;
/** Once nothing breaks any more, only the machine can be slow. */
const PATIENT = { waitMs: 1_000, remainingMs: undefined, timeoutMs: 5_000 };

/** `name` stands in every key and lane. The plan of faults follows from it and the scenario. */
export async function runScenario(name: string, planned: Scenario, environment: Environment): Promise<Report> {
  const slowness = await environment.slowness();
  const given: Scenario = { ...planned, leaseMs: Math.round(planned.leaseMs * slowness) };
  const rates: FaultRates = RATES[given.rates];
  const upstream = environment.endpoint;
  await using proxy = await startFaultProxy({
    upstream,
    plan: seededPlan(given.planSeed, rates),
    lateMs: LATE_MS * slowness,
  });
  const world = createWorld(name, given, environment, proxy, TIMEOUT_MS * slowness);
  const keys = [...new Set(given.calls.map(({ key }) => `${name}-k${key}`))];

  const outage = given.outage;
  const timers =
    outage === undefined
      ? []
      : [
          setTimeout(() => proxy.cutOff(world.laneOf(outage.process)), outage.fromMs),
          setTimeout(() => proxy.restore(world.laneOf(outage.process)), outage.toMs),
        ];
  const remover = given.expires && given.planSeed % 2 === 0 ? removeExpired(proxy, environment) : undefined;
  await Promise.all(given.calls.map((planned, i) => world.make(`call-${i}`, planned)));
  for (const timer of timers) clearTimeout(timer);

  proxy.heal();
  const stuck = (await Promise.all(keys.map((key) => world.complete(key)))).flat();
  await remover?.();
  await proxy.stop();

  const { calls, effects, terms } = world;
  countUnseen(proxy, calls);
  const violations = [
    ...stuck,
    ...keys.flatMap((key) =>
      violationsOf(
        calls.filter((call) => call.key === key),
        effects.filter((effect) => effect.key === key),
        terms,
      ),
    ),
    ...illegalWrites(proxy, terms),
    ...danglingBodies(proxy),
    ...ranUntold(proxy, calls),
    ...wrongSettlements(proxy, calls, terms),
    // A deadline makes a call give up earlier than its client.
    ...(given.remainingMs === undefined
      ? toldNotRun(proxy, calls, { leaseMs: given.leaseMs, timeoutMs: TIMEOUT_MS * slowness })
      : []),
  ];
  return {
    violations: violations.length === 0 ? [] : [...violations, ...calls.map(describeCall)],
    counts: countsOf(world, proxy),
  };
}

interface World {
  readonly calls: Call[];
  readonly effects: Effect[];
  readonly terms: Terms;
  readonly laneOf: (process: number) => string;
  /** Makes a planned call, and ends when it was answered, or its process is as good as dead. */
  readonly make: (name: string, planned: PlannedCall) => Promise<void>;
  /** Completes a key from a process of its own, and gives what stood in the way. */
  readonly complete: (key: string) => Promise<readonly string[]>;
}

function createWorld(
  scenarioName: string,
  given: Scenario,
  environment: Environment,
  proxy: FaultProxy,
  timeoutMs: number,
): World {
  const now = stopwatch();
  const calls: Call[] = [];
  const effects: Effect[] = [];
  const stores = new Map<string, Store>();
  const laneOf = (process: number): string => `${scenarioName}p${process}`;
  const terms: Terms = {
    toleranceMs: given.toleranceMs,
    ttlSeconds: given.expires ? 1 : 86_400,
    storesErrors: given.storesErrors,
    throwsWhenCompletionFails: given.throwsWhenCompletionFails,
    mayMark: environment.resultsLieBeside,
  };

  function storeOf(lane: string, timeoutMs: number): Store {
    const known = stores.get(lane);
    if (known !== undefined) return known;
    const store = environment.makeStore({ endpoint: proxy.endpoint, lane, timeoutMs: Math.round(timeoutMs) });
    stores.set(lane, store);
    return store;
  }

  async function call(
    name: string,
    lane: string,
    key: string,
    planned: Pick<PlannedCall, "payload" | "behaviour" | "workMs">,
    {
      waitMs,
      remainingMs,
      timeoutMs,
    }: { waitMs: number | undefined; remainingMs: number | undefined; timeoutMs: number },
  ): Promise<Call> {
    const { payload, behaviour, workMs } = planned;
    const made: Call = {
      name,
      process: lane,
      key,
      payload,
      waits: waitMs !== undefined,
      leaseMs: remainingMs === undefined ? given.leaseMs : remainingMs + 2_000,
      invoked: now(),
      runs: [],
      events: [],
    };
    calls.push(made);
    const died = Promise.withResolvers<void>();

    async function work(execution: Execution): Promise<unknown> {
      const { fence, attempt, leaseUntil, keyFor } = execution;
      const began = now();
      const run: Run = { fence, attempt, leaseUntil: leaseUntil.getTime(), effectKey: keyFor("effect"), began };
      made.runs.push(run);
      effects.push({ key, fence, call: name });
      if (behaviour === "crash") {
        died.resolve();
        return await new Promise<never>(() => {});
      }
      const overrun = run.leaseUntil + given.toleranceMs + 500 - Date.now();
      await sleep(behaviour === "overrun" ? Math.max(workMs, overrun) : workMs);
      const value = `${payload} by ${name}`;
      const kind = behaviour === "throw" ? "threw" : behaviour === "unstorable" ? "returnedUnstorable" : "returned";
      run.came = { kind, value } satisfies Came;
      run.ended = now();
      if (kind === "threw") throw new Error(value);
      return kind === "returned" ? value : { of: value, odd: () => "a function cannot be stored" };
    }

    const answered = callThrough(given.wrapper, {
      key,
      payload,
      context: remainingMs === undefined ? undefined : lambdaContext(remainingMs),
      work,
      isOwn: (value) => value.endsWith(` by ${name}`),
      options: {
        store: storeOf(lane, timeoutMs),
        operation: OPERATION,
        clockToleranceMs: given.toleranceMs,
        ttlSeconds: terms.ttlSeconds,
        whenCompletionFails: given.throwsWhenCompletionFails ? "throw" : "return",
        onEvent: ({ type }) => void made.events.push(type),
        ...(remainingMs === undefined ? { leaseMs: given.leaseMs } : {}),
        ...(waitMs === undefined ? {} : { whenInProgress: { waitMs } }),
        ...(given.storesErrors ? { shouldStore: everyOutcome } : {}),
      },
    }).then((answer) => {
      made.answer = answer;
      made.answered = now();
    });
    await Promise.race([answered, died.promise]);
    return made;
  }

  return {
    calls,
    effects,
    terms,
    laneOf,
    async make(name, planned) {
      await sleep(planned.afterMs);
      await call(name, laneOf(planned.process), `${scenarioName}-k${planned.key}`, planned, {
        ...given,
        timeoutMs,
      });
    },
    async complete(key) {
      const limit = Date.now() + LONGEST_RECOVERY_MS;
      const lane = `${key.replace("-", "")}after`;
      let payload: PlannedCall["payload"] = "a";
      for (let nth = 0; Date.now() < limit; nth++) {
        const planned = { payload, behaviour: "return", workMs: 0 } as const;
        const { answer } = await call(`${key}-completion-${nth}`, lane, key, planned, PATIENT);
        if (answer?.kind !== "refused" || answer.name === "ResultNotStorableError") {
          await call(`${key}-again`, lane, key, planned, PATIENT);
          if (given.expires) {
            // Expiry is in whole seconds, rounded up.
            await sleep(terms.ttlSeconds * 1_000 + 1_200);
            await call(`${key}-later`, lane, key, planned, PATIENT);
          }
          return [];
        }
        if (answer.name === "PayloadMismatchError") payload = "b";
        await sleep(20);
      }
      return [`G23: ${key} could not be completed after the faults stopped`];
    },
  };
}

/** Measures how slow engine and machine are at the moment, with a few requests at once. */
export function stopwatchOf(endpoint: string): () => Promise<number> {
  const client = engineClient({ endpoint });
  return async () => {
    const begun = performance.now();
    await Promise.all(Array.from({ length: 5 }, () => client.send(new ListTablesCommand({ Limit: 1 }))));
    return Math.min(6, Math.max(1, (performance.now() - begun) / USUAL_MS));
  };
}

const USUAL_MS = 25;

/** Deletes what has expired, as soon as TTL might. */
function removeExpired(proxy: FaultProxy, { tableName }: Environment): () => Promise<void> {
  const client: DynamoDBClient = engineClient();
  let going = true;
  const work = (async () => {
    while (going) {
      for (const id of new Set(proxy.log.map((exchange) => exchange.id))) await removeIfExpired(id);
      await sleep(150);
    }
  })();

  async function removeIfExpired(id: string): Promise<void> {
    await proxy.remove(id, async () => {
      const command = new DeleteItemCommand({
        TableName: tableName,
        Key: { id: { S: id } },
        ConditionExpression: "expires_at < :now",
        ExpressionAttributeValues: { ":now": { N: String(Math.floor(Date.now() / 1_000)) } },
      });
      try {
        await client.send(command);
        return true;
      } catch (error) {
        if ((error as Error).name === "ConditionalCheckFailedException") return false;
        throw error;
      }
    });
  }

  return async () => {
    going = false;
    await work;
    client.destroy();
  };
}

function countsOf({ calls }: World, proxy: FaultProxy): Record<string, number> {
  const counts: Record<string, number> = { calls: calls.length, requests: proxy.log.length };
  const add = (name: string, by = 1): void => {
    counts[name] = (counts[name] ?? 0) + by;
  };
  for (const { answer, runs, events } of calls) {
    add("runs", runs.length);
    for (const type of events) add(`event ${type}`);
    if (answer === undefined) add("never answered");
    else if (answer.kind === "refused") add(answer.name);
    else if (answer.kind !== "done") add(answer.replayed ? `replayed ${answer.kind}` : `own ${answer.kind}`);
    if (answer?.kind === "value" && answer.replayed && runs.length > 0) add("superseded");
    if (answer?.kind === "value" && events.at(-1) === "completionFailed" && runs[0]?.came?.kind === "returned")
      add("returned although storing failed");
    if (runs.some(({ began, leaseUntil }) => began.at > leaseUntil)) add("began after its own lease");
  }
  for (const [fault, count] of Object.entries(proxy.counts())) add(`fault ${fault}`, count);
  return counts;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
