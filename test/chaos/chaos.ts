/**
 * `npm run chaos`: worker processes on one table, killed and paused at random, and an account of what became of every key.
 * Leaves with 1 when a promise was broken.
 */
import { parseArgs } from "node:util";
import { startDynamoDBLocal } from "../../local/dynamodb-local.ts";
import { startEmbeddedEngine } from "../../local/embedded-engine.ts";
import { exitOnSignals } from "../../local/signals.ts";
import type { Spread, Verdict } from "./checker.ts";
import { isSound, MUST_BE_ZERO, type MustBeZero, runChaos } from "./run.ts";

const HELP = `npm run chaos -- [options]
  --workers N        processes (4)
  --keys N           keys (3000)
  --seconds N        how long they are killed and paused (120)
  --every MS         mean time between two kills or pauses (1000)
  --lease MS         the lease of an attempt (1500)
  --tolerance MS     the clock tolerance (100)
  --engine NAME      embedded or dynamodb-local (embedded), or any by DYNAMODB_ENDPOINT
  --library FOLDER   src, or dist as it is published (src)
  --ledgers FOLDER   leaves the ledgers there
`;

const { values } = parseArgs({
  options: {
    workers: { type: "string", default: "4" },
    keys: { type: "string", default: "3000" },
    seconds: { type: "string", default: "120" },
    every: { type: "string", default: "1000" },
    lease: { type: "string", default: "1500" },
    tolerance: { type: "string", default: "100" },
    engine: { type: "string", default: "embedded" },
    library: { type: "string", default: "src" },
    ledgers: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

const NAMES: Readonly<Record<MustBeZero, string>> = {
  duplicatesPerFence: "two effects with one fence",
  overlaps: "two runs at once within a lease",
  outcomesThatDiffer: "keys with outcomes that differ",
  neverCompleted: "keys never completed",
  notLinearizable: "keys with a history that is not linearizable",
};

function whole(name: "workers" | "keys" | "seconds" | "every" | "lease" | "tolerance"): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value > 0) return value;
  console.error(`--${name} must be a whole number above 0, not "${values[name]}".\n\n${HELP}`);
  process.exit(2);
}

exitOnSignals();
const engine = await (values.engine === "dynamodb-local" ? startDynamoDBLocal() : startEmbeddedEngine());
let sound = false;
try {
  const options = {
    endpoint: engine.endpoint,
    workers: whole("workers"),
    keys: whole("keys"),
    seconds: whole("seconds"),
    everyMs: whole("every"),
    leaseMs: whole("lease"),
    toleranceMs: whole("tolerance"),
    library: `../../${values.library}`,
    onProgress: (line: string) => console.log(line),
    ...(values.ledgers === undefined ? {} : { folder: values.ledgers }),
  };
  console.log(
    `${engine.name}, ${options.workers} workers, ${options.keys} keys, ${options.seconds} s, lease ${options.leaseMs} ms`,
  );
  const verdict = await runChaos(options);
  sound = isSound(verdict);
  for (const violation of verdict.violations.slice(0, 20)) console.error(`\n${violation}`);
  console.log(`\n${table(verdict)}\n\n${sound ? "Every promise held." : "A PROMISE WAS BROKEN."}`);
} finally {
  await engine.stop();
}
process.exit(sound ? 0 : 1);

function table(verdict: Verdict): string {
  const times = (spread: Spread | undefined): string =>
    spread === undefined
      ? "none"
      : `min ${spread.min}, median ${spread.median}, max ${spread.max} ms (${spread.count})`;
  const rows: readonly (readonly [string, string | number])[] = [
    ["keys", verdict.keys],
    ["calls", verdict.calls],
    ["replays", verdict.replays],
    ["refusals (running elsewhere, ...)", verdict.refusals],
    ["effects", verdict.effects],
    ["kills (SIGKILL)", verdict.kills],
    ["pauses (SIGSTOP), of which past the lease", `${verdict.pauses}, ${verdict.longPauses}`],
    ["runs cut off by a kill", verdict.cutOff],
    ["of which the work was done, and done again", verdict.doneAgain],
    ["takeovers", verdict.takeovers],
    ["runs beside each other, the first paused past its lease", verdict.explainedOverlaps],
    ["the same without a pause (a slow machine)", verdict.slowOverlaps],
    ...MUST_BE_ZERO.map((name) => [`${NAMES[name]} (must be 0)`, verdict[name]] as const),
    ["next run after the kill", times(verdict.recoveryAfterKillMs)],
    ["next run after the dead one's lease", times(verdict.recoveryAfterLeaseMs)],
  ];
  return ["| | |", "| --- | --- |", ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join("\n");
}
