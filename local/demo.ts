// Why: `npm run demo` shows a stranger, over real HTTP and with a real kill, that a payment is charged once however often
// it is asked for. It ends with a non-zero status when anything is not as told.

import { randomBytes } from "node:crypto";
import { demoClient } from "./demo-client.ts";
import { story, type World } from "./demo-story.ts";
import { asTold, bold, dim, green, print, printHeader, printRow, progress, type Row, red } from "./demo-table.ts";
import { startEmbeddedEngine } from "./embedded-engine.ts";
import { type Service, startService } from "./service.ts";
import { exitOnSignals } from "./signals.ts";
import { createTables } from "./tables.ts";

exitOnSignals();
const begun = performance.now();
const seconds = (): string => `${((performance.now() - begun) / 1_000).toFixed(1)} s`;

print(bold("lambda-once: a payment is charged once, however often it is asked for"));
progress("starting DynamoDB ...");
const engine = await startEmbeddedEngine();
await createTables(engine.endpoint);
print(dim(`DynamoDB   ${engine.endpoint}  ${engine.name}, tables from infra/ and examples/`));
progress("starting the service ...");
let another: Service | undefined;
let service: Service = await startService({ dynamoDBEndpoint: engine.endpoint });
print(dim(`Service    ${service.url}  POST /payments and POST /v1/payments under serverless-offline`));
print(dim(`Ready after ${seconds()}. In the ledger a run is the handler running, a charge is money moving.`));
print("");

const orders = new Map<string, string>();
const demo = randomBytes(4).toString("hex");
const client = demoClient(() => service.url);
const world: World = {
  client,
  order(letter) {
    const orderId = `order-${letter}-${demo}`;
    orders.set(letter, orderId);
    return { key: `key-${letter}-${demo}`, payment: { orderId, amount: 1_999, currency: "EUR" } };
  },
  async startAnother() {
    another = await startService({ dynamoDBEndpoint: engine.endpoint });
  },
  async killService() {
    await service.kill();
    service = another ?? service;
  },
};

printHeader();
const played: Row[] = [];
let problem: unknown;
try {
  for (const chapter of story) {
    progress(`${chapter.title} ...`);
    for await (const row of chapter.play(world)) printRow(played.push(row), row);
  }
  const ledgers = await Promise.all([...orders.values()].map((orderId) => client.ledger(orderId)));
  const charged = ledgers.filter((entries) => entries.some((entry) => entry.kind === "charge"));
  const runs = ledgers.flat().filter((entry) => entry.kind === "run").length;
  const charges = ledgers.flat().length - runs;
  print("");
  print(`${client.requests()} requests, ${runs} runs of the handler, ${charged.length} payments, ${charges} charges.`);
} catch (error) {
  problem = error;
}

const failures = played.filter((row) => !asTold(row)).length;
if (problem !== undefined || failures > 0) {
  print("");
  print(dim(`The service's last words:\n${service.output().replaceAll(/\n{2,}/g, "\n")}\n`));
  if (problem !== undefined) print(red(String((problem as Error).stack ?? problem)));
  print(
    red(
      `Not as told: ${failures} of ${played.length} steps${problem === undefined ? "" : ", and the story broke off"}.`,
    ),
  );
} else {
  print(green(`All as told, in ${seconds()}.`));
}
await service.kill();
await another?.kill();
await engine.stop();
process.exitCode = problem !== undefined || failures > 0 ? 1 : 0;
