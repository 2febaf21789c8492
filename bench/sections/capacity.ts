/** Capacity units and dollars by the size of the response, new and replayed. */
import { bundle, NAMES, type Peer } from "../harness/bundles.ts";
import { functionEnvironment, withEngine } from "../harness/engines.ts";
import { type MeteringProxy, startMeteringProxy, type Units } from "../harness/metering-proxy.ts";
import type { Metric, Values } from "../harness/results.ts";
import type { Run, Section } from "../harness/section.ts";
import { withWorkers } from "../harness/workers.ts";

/** USD for a million units on demand, us-east-1, November 2026. A read unit is 4 KB, strongly consistent. */
const WRITE_USD = 0.625;
const READ_USD = 0.125;

export const SIZES: readonly (readonly [name: string, bytes: number])[] = [
  ["0.5 KB", 512],
  ["4 KB", 4_096],
  ["40 KB", 40_960],
  ["300 KB", 307_200],
  ["5 MB", 5_242_880],
];

const PEERS: readonly (readonly [name: string, peer: Peer])[] = [
  [NAMES.lean, "lean"],
  [NAMES.byHand, "by-hand"],
  [NAMES.powertools, "powertools"],
];

const ENGINES = [
  ["DynamoDB Local", "dynamodb-local"],
  ["the embedded engine", "embedded"],
] as const;

interface Used {
  readonly fresh: Units | string;
  readonly replay: Units | string;
}

export const capacity: Section = {
  name: "capacity",
  title: "Capacity units and dollars",
  method:
    "A proxy asks for `ReturnConsumedCapacity` in every request and adds up what the engine tells. The responses are JSON order lines. " +
    `Dollars are for a million calls, on demand in us-east-1: ${WRITE_USD} USD for a million write units, ${READ_USD} USD for a million read units.`,

  async measure(run) {
    const notes: string[] = [];
    let used: Record<string, Used> = {};
    const compared: Record<string, Used>[] = [];
    for (const [title, kind] of ENGINES) {
      // A smoke run does without Java.
      if (run.quick && kind === "dynamodb-local") continue;
      const found = await withEngine(({ engine, name: table }) => measureAll(run, title, engine.endpoint, table), kind);
      notes.push(`${capitalized(title)} ${refusalNote(found)}`);
      if (Object.keys(used).length === 0) used = found;
      compared.push(found);
    }
    if (compared.length === 2) notes.push(comparison(compared[0] ?? {}, compared[1] ?? {}));
    const metric = (
      kind: "fresh" | "replay",
      size: string,
      unit: Metric["unit"],
      of: (units: Units) => number,
    ): Metric => {
      const values = PEERS.map(([name]): [string, Values] => {
        const units = used[`${name} ${size}`]?.[kind] ?? "not measured";
        return [name, typeof units === "string" ? units : [of(units)]];
      });
      const what = `${kind === "fresh" ? "new" : "replay"}, ${size}`;
      return {
        name: unit === "usd" ? `USD, ${what}` : `units, ${what}`,
        unit,
        values: Object.fromEntries(values),
        ...(unit === "usd" ? { baseline: NAMES.powertools } : {}),
      };
    };
    const metrics = SIZES.flatMap(([size]) =>
      (["fresh", "replay"] as const).flatMap((kind) => [
        metric(kind, size, "units", total),
        metric(kind, size, "usd", dollars),
      ]),
    );
    return { metrics, notes };
  },
};

async function measureAll({ say }: Run, title: string, endpoint: string, table: string): Promise<Record<string, Used>> {
  const used: Record<string, Used> = {};
  const proxy = await startMeteringProxy(endpoint);
  try {
    for (const [name, peer] of PEERS) {
      say(`${name} on ${title}`);
      const variant = { name, bundle: (await bundle(peer)).file, env: functionEnvironment(proxy.endpoint, table) };
      await withWorkers([variant], async ([worker]) => {
        for (const [size, responseBytes] of SIZES) {
          const job = { kind: "calls", prefix: `${peer}-${size}`, count: 1, concurrency: 1, responseBytes } as const;
          const measured = (replay: boolean): Promise<Units | string> =>
            metered(proxy, () => worker?.perform({ ...job, replay }) ?? Promise.resolve());
          used[`${name} ${size}`] = { fresh: await measured(false), replay: await measured(true) };
        }
      });
    }
  } finally {
    await proxy.stop();
  }
  return used;
}

/** The units of a call, or why it failed. */
async function metered(proxy: MeteringProxy, call: () => Promise<unknown>): Promise<Units | string> {
  proxy.take();
  try {
    await call();
    return proxy.take();
  } catch (error) {
    const { message } = error as Error;
    const problem = /urn:lambda-once:problem:([\w-]+)/.exec(message)?.[1];
    const thrown = /: (\w+(?:Error|Exception)): (?!Error)/.exec(message)?.[1];
    const answered = /a call was answered .{0,40}/.exec(message)?.[0];
    return `not storable: ${problem ?? thrown ?? answered ?? message}`;
  }
}

/** What the engine told, and by AWS's rule what it did not tell. */
function writes({ write, computedWrite, refusedReported }: Units): number {
  return write + (refusedReported > 0 ? refusedReported : computedWrite);
}

function total(units: Units): number {
  return writes(units) + units.read;
}

function dollars(units: Units): number {
  return writes(units) * WRITE_USD + units.read * READ_USD;
}

function refusalNote(found: Record<string, Used>): string {
  const all = Object.values(found).flatMap(({ fresh, replay }) => [fresh, replay]);
  const refusals = all.filter((units): units is Units => typeof units !== "string" && units.refusedWrites > 0);
  const told = refusals.filter(({ refusedReported }) => refusedReported > 0);
  if (refusals.length === 0) return "refused no write.";
  if (told.length === refusals.length) return "tells the units of refused writes too.";
  return (
    "tells the units of writes and reads that succeed, and none of a write that is refused. Units of refused writes are therefore " +
    "**computed** by AWS's rule: the size of the larger item, at least 1 unit; the item's size is what the engine charged for storing it."
  );
}

function comparison(one: Record<string, Used>, other: Record<string, Used>): string {
  const different = Object.keys(one).filter((name) =>
    (["fresh", "replay"] as const).some((kind) => shown(one[name]?.[kind]) !== shown(other[name]?.[kind])),
  );
  if (different.length === 0) return "The two engines agree on every figure; the table has DynamoDB Local's.";
  const cases = different.map((name) => {
    const pair = (used: Used | undefined): string => `${shown(used?.fresh)} and ${shown(used?.replay)}`;
    return `${name}: ${pair(one[name])} against ${pair(other[name])}`;
  });
  return `The table has DynamoDB Local's figures; the embedded engine's differ: ${cases.join("; ")} (units, new and replayed).`;
}

function shown(units: Units | string | undefined): string {
  return units === undefined || typeof units === "string" ? "not storable" : String(total(units));
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
