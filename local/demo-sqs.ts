// Why: `npm run demo:sqs` shows a stranger, on real queues and with real kills, that each order happens once, whatever the
// producer repeats, the consumer breaks or the queue redelivers. It ends with a non-zero status when anything is not as told.
// Usage: node local/demo-sqs.ts [--messages 200] [--kills 2] [--seed 1]

import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Finding, findings } from "./demo-sqs-findings.ts";
import { type DemoMessage, planMessages, randomFrom, send } from "./demo-sqs-messages.ts";
import { asTold, printFindings } from "./demo-sqs-table.ts";
import { startWorld } from "./demo-sqs-world.ts";
import { bold, dim, green, print, progress, red } from "./demo-table.ts";
import { exitOnSignals } from "./signals.ts";

exitOnSignals();
const begun = performance.now();
const seconds = (): string => `${((performance.now() - begun) / 1_000).toFixed(1)} s`;
const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "200" },
    kills: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
  },
});
const [count, kills, seed] = [
  whole("messages", values.messages, 40, 100_000),
  whole("kills", values.kills, 2, 1_000),
  whole("seed", values.seed, 0, 2 ** 32),
];
const random = randomFrom(seed + 1);
const lastWords: string[] = [];

print(bold("lambda-once: each order happens once, whatever is sent again, fails or dies"));
progress("starting DynamoDB, SQS and the consumers ...");
const world = await startWorld((line) => {
  if (lastWords.push(line) > 40) lastWords.shift();
});
const { standard, fifo } = world;
const consumers = [standard, fifo];
print(dim(`DynamoDB   ${world.engine}, tables from infra/ and examples/`));
print(dim(`SQS        ${world.queueEndpoint}, queues from examples/`));
print(
  dim("Consumers  two functions as serverless.yml has them, bundled, up to 5 processes each; time-outs 2 s and 6 s"),
);

const plan = planMessages(count, seed);
let sentCount = 0;
const onSent = (more: number): void => {
  sentCount += more;
  progress(`sending: ${sentCount} of ${count} ...`);
};
const sent: Map<string, DemoMessage>[] = await Promise.all([
  send(world.client, standard.queue.url, plan.standard, onSent),
  send(world.client, fifo.queue.url, plan.fifo, onSent),
]);
print(dim(`Ready after ${seconds()}, ${count} messages in the queues. Now the consumers begin.`));
print("");

let problem: unknown;
let over = false;
try {
  for (const consumer of consumers) consumer.attach();
  const broken = consumers.flatMap((consumer) => consumer.broken() ?? []);
  const [order, event] = plan.victims;
  const work = Promise.all([untilEmpty(), killVictim(standard, order), killVictim(fifo, event), killOthers()]);
  await Promise.race([work, ...broken]);
  await Promise.all(consumers.map((consumer) => consumer.detach()));
  if (totalKills() < kills)
    throw new Error(`Only ${totalKills()} of ${kills} consumers were killed: all was over before.`);
} catch (error) {
  problem = error;
}

const tables = await gatherFindings().catch((error: unknown): Finding[][] => {
  problem ??= error; // What broke the story off may have left nothing to ask.
  return [];
});
if (tables.length > 0) printFindings({ "standard queue": tables[0] ?? [], "FIFO queue": tables[1] ?? [] });
print("");
const wrong = tables.flat().filter((finding) => !asTold(finding)).length;
if (problem !== undefined || wrong > 0) {
  print(dim(`The consumers' last words:\n${lastWords.join("\n")}\n`));
  if (problem !== undefined) print(red(String((problem as Error).stack ?? problem)));
  print(red(`Not as told: ${wrong} findings${problem === undefined ? "" : ", and the story broke off"}.`));
  process.exit(1); // Its exit listeners end what was started, in whatever state it is.
}
print(green(`All as told, in ${seconds()}.`));
await world.stop();

async function gatherFindings(): Promise<Finding[][]> {
  const histories = [...(await world.histories())];
  const tracked = new Set(plan.fifo.map(({ orderId }) => orderId));
  return Promise.all(
    consumers.map(async (consumer, index) =>
      findings({
        sent: sent[index] ?? new Map(),
        deliveries: consumer.deliveries,
        histories: new Map(histories.filter(([orderId]) => tracked.has(orderId) === (consumer === fifo))),
        kills: consumer.kills(),
        left: await world.left(consumer),
        deadLetters: await world.deadLetters(consumer),
      }),
    ),
  );
}

/** Says where it stands until both queues are empty. */
async function untilEmpty(): Promise<void> {
  const limitMs = 120_000 + count * 30;
  let said = performance.now();
  for (;;) {
    const left = await Promise.all(consumers.map(world.left));
    const done = consumers.map(({ deliveries }) => deliveries.deleted()).reduce((sum, deleted) => sum + deleted, 0);
    const text = `${seconds()}: ${done} messages done, ${left.join(" + ")} left, ${totalKills()} consumers killed ...`;
    progress(text);
    if (process.stdout.isTTY !== true && performance.now() - said > 5_000) {
      said = performance.now();
      print(dim(text));
    }
    over = left.every((messages) => messages === 0);
    if (over) return;
    if (performance.now() - begun > limitMs) throw new Error(`The queues are not empty after ${limitMs / 1_000} s.`);
    await sleep(200);
  }
}

/** In the middle of its batch, between the effect and the record of it: where no one can know whether it happened. */
async function killVictim(consumer: typeof standard, { orderId, step }: DemoMessage): Promise<void> {
  const happened = async (): Promise<boolean> => {
    const { effects = [] } = await world.history(orderId);
    return effects.some((effect) => effect.step === step);
  };
  await consumer.killWhileAt(orderId, happened, () => over);
}

/** At any moment, evenly over the run. */
async function killOthers(): Promise<void> {
  for (let nth = 1; nth <= kills - 2; nth += 1) {
    const due = (count * nth) / (kills - 1);
    const done = (): number => consumers.reduce((sum, { deliveries }) => sum + deliveries.deleted(), 0);
    while (done() < due && !over) await sleep(10);
    do await sleep(random() * 40);
    while (!(await (random() < 0.6 ? standard : fifo).killAny(random)) && !over);
  }
}

function totalKills(): number {
  return consumers.reduce((sum, consumer) => sum + consumer.kills(), 0);
}

function whole(name: string, text: string, from: number, to: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= from && value <= to) return value;
  console.error(`--${name} is "${text}"; it has to be a whole number from ${from} to ${to}.`);
  process.exit(2);
}
