/**
 * A process of the chaos run: calls `executeOnce` with the keys of the moment, several at once, and writes down everything
 * in its ledger. It knows of the other processes nothing but the table. SIGTERM ends it when its calls are done.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Answer, Came } from "../faults/history.ts";
import { moment, openLedger } from "./ledger.ts";
import type { WorkerTerms } from "./terms.ts";

const terms = JSON.parse(process.env["CHAOS_TERMS"] ?? "{}") as WorkerTerms;
const { executeOnce, isIdempotencyError } = (await import(
  new URL(`${terms.library}/index.${terms.extension}`, import.meta.url).href
)) as typeof import("../../src/index.ts");
const { dynamoDBStore } = (await import(
  new URL(`${terms.library}/stores/dynamodb.${terms.extension}`, import.meta.url).href
)) as typeof import("../../src/stores/dynamodb.ts");

const client = new DynamoDBClient({
  endpoint: terms.endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
});
/** In one process of two every result lies beside its record. */
const store = dynamoDBStore({ tableName: terms.tableName, client, inlineLimit: Math.random() < 0.5 ? 0 : 4_096 });
const ledger = openLedger(terms.ledger);
let going = true;
let calls = 0;
process.once("SIGTERM", () => {
  going = false;
});

/** The keys of the moment are the same for all: they move on with the time of day, from the first to the last. */
function keyOfTheMoment(): string | undefined {
  const passed = (Date.now() - terms.startsAt) / (terms.endsAt - terms.startsAt);
  if (passed >= 1) return undefined;
  const first = Math.floor(Math.max(0, passed) * (terms.keys - terms.window));
  return `key-${first + Math.floor(Math.random() * terms.window)}`;
}

async function work(): Promise<void> {
  while (going) {
    const key = keyOfTheMoment();
    if (key === undefined) return;
    await callOnce(key, Math.random() < 0.3 ? 500 : undefined);
    await sleep(Math.random() * terms.idleMs);
  }
}

/** Until it has its outcome, as a queue does. */
async function redeliver(key: string): Promise<void> {
  while (going && Date.now() < terms.endsAt && (await callOnce(key, 4 * terms.leaseMs)).kind !== "value");
}

/** Completes every key of its share. One that cannot be completed must not keep the run from its verdict. */
async function finish(share: number): Promise<void> {
  const left = Array.from({ length: terms.keys }, (_, i) => i)
    .filter((i) => i % terms.shares === share)
    .values();
  const limit = Date.now() + terms.leaseMs + terms.toleranceMs + 60_000 + terms.keys * 20;
  await Promise.all(
    Array.from({ length: terms.atOnce }, async () => {
      for (const i of left) while (Date.now() < limit && (await callOnce(`key-${i}`, 2_000)).kind === "refused");
    }),
  );
}

async function callOnce(key: string, waitMs: number | undefined): Promise<Answer> {
  const call = `${terms.name}.${calls++}`;
  const events: string[] = [];
  ledger.append({ t: "invoke", call, key, waits: waitMs !== undefined, now: moment() });
  const answer = await executeOnce(
    key,
    async ({ fence, attempt, leaseUntil, keyFor }) => {
      const lease = {
        leaseUntil: leaseUntil.getTime(),
        effectKey: keyFor("effect"),
        takenOver: events.includes("takenOver"),
      };
      ledger.append({ t: "effect", call, key, fence, attempt, ...lease, now: moment() });
      const drawn = Math.random();
      await sleep(drawn < 0.8 ? drawn * terms.workMs : terms.workMs * 5 * Math.random());
      const value = `a by ${call}`;
      const came: Came = { kind: terms.mayFail && drawn > 0.9 ? "threw" : "returned", value };
      ledger.append({ t: "end", call, came, now: moment() });
      if (came.kind === "threw") throw new Error(value);
      return value;
    },
    {
      store,
      operation: "chaos",
      fingerprint: () => "a",
      leaseMs: terms.leaseMs,
      clockToleranceMs: terms.toleranceMs,
      whenCompletionFails: "throw",
      onEvent: ({ type }) => void events.push(type),
      ...(waitMs === undefined ? {} : { whenInProgress: { waitMs } }),
    },
  ).then(
    ({ value, replayed }): Answer => ({ kind: "value", value, replayed }),
    (error: Error): Answer =>
      isIdempotencyError(error)
        ? { kind: "refused", name: error.name }
        : { kind: "threw", value: error.message, replayed: error.message !== `a by ${call}` },
  );
  ledger.append({ t: "answer", call, answer, events, now: moment() });
  return answer;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (terms.finishes === undefined) {
  await Promise.all([...terms.redelivered.map(redeliver), ...Array.from({ length: terms.atOnce }, work)]);
} else {
  await finish(terms.finishes);
}
ledger.close();
client.destroy();
