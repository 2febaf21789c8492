/** Round trips and bytes on the wire of one call. */
import { bundle, NAMES, type Peer } from "../harness/bundles.ts";
import { startCountingProxy } from "../harness/counting-proxy.ts";
import { functionEnvironment, withEngine } from "../harness/engines.ts";
import { createTally, type Section } from "../harness/section.ts";
import { withWorkers } from "../harness/workers.ts";

const PEERS: readonly (readonly [name: string, peer: Peer])[] = [
  [NAMES.floor, "floor"],
  [NAMES.lean, "lean"],
  [NAMES.byHand, "by-hand"],
  [NAMES.sdk, "sdk"],
  [NAMES.powertools, "powertools"],
];

const CACHED = "round trips, replay from the cache";

export const wire: Section = {
  name: "wire",
  title: "Round trips and bytes",
  method:
    "A proxy between the function and the embedded engine counts requests, and bytes both ways with all headers, over connections that are " +
    "open already. Responses of 0.5 KB. A cached replay is one of a key that the same process has seen, with the peer's " +
    "in-process cache switched on.",

  async measure({ quick, say }) {
    const tally = createTally();
    const notes: string[] = [];
    const cached: Record<string, number[] | string> = {};
    await withEngine(async ({ engine, name: table }) => {
      const proxy = await startCountingProxy(engine.endpoint);
      const env = functionEnvironment(proxy.endpoint, table);
      const count = quick ? 5 : 100;
      const job = { kind: "calls", count, concurrency: 1, responseBytes: 512 } as const;
      try {
        for (const [name, peer] of PEERS) {
          say(name);
          await withWorkers([{ name, bundle: (await bundle(peer)).file, env }], async ([worker]) => {
            await worker?.perform({ ...job, prefix: `warm-${peer}`, replay: false });
            for (const [kind, replay] of [
              ["new call", false],
              ["replay", true],
            ] as const) {
              proxy.take();
              await worker?.perform({ ...job, prefix: `counted-${peer}`, replay });
              const { requests, sentBytes, receivedBytes } = proxy.take();
              tally.add(`round trips, ${kind}`, name, requests / count);
              tally.add(`bytes, ${kind}`, name, (sentBytes + receivedBytes) / count);
            }
          });
        }
        for (const [name, peer] of PEERS.filter(([, peer]) => peer === "lean" || peer === "powertools")) {
          const variant = { name, bundle: (await bundle(peer)).file, env: { ...env, BENCH_CACHE: "on" } };
          const trips = await withWorkers([variant], async ([worker]) => {
            await worker?.perform({ ...job, prefix: `cached-${peer}`, replay: false });
            proxy.take();
            await worker?.perform({ ...job, prefix: `cached-${peer}`, replay: true });
            return proxy.take().requests / count;
          }).catch((error: Error) => error);
          if (!(trips instanceof Error)) cached[name] = [trips];
          else if (!/unknown option `cache`/.test(trips.message)) throw trips;
          else {
            cached[name] = "no cache";
            notes.push(`\`${name}\` has no in-process cache in this version: a replay is always a round trip.`);
          }
        }
      } finally {
        await proxy.stop();
      }
    });
    const names = ["round trips, new call", "round trips, replay", "bytes, new call", "bytes, replay"];
    const metrics = names.map((name) => ({
      name,
      unit: name.startsWith("bytes") ? ("bytes" as const) : ("count" as const),
      values: tally.values(name),
      ...(name.startsWith("bytes") ? { baseline: NAMES.powertools } : {}),
    }));
    return {
      metrics: [...metrics.slice(0, 2), { name: CACHED, unit: "count", values: cached }, ...metrics.slice(2)],
      notes,
    };
  },
};
