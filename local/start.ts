// Why: `npm start` leaves the example service running on a DynamoDB of its own, to be tried by hand.

import { startEmbeddedEngine } from "./embedded-engine.ts";
import { startService } from "./service.ts";
import { exitOnSignals } from "./signals.ts";
import { createTables } from "./tables.ts";

exitOnSignals(0);
console.log("Starting ...");
const engine = await startEmbeddedEngine();
await createTables(engine.endpoint);
let ready = false;
const service = await startService({
  dynamoDBEndpoint: engine.endpoint,
  onLine: (line) => {
    if (ready && line.trim() !== "") console.log(line);
  },
});
ready = true;

const body = (orderId: string, more = ""): string => `'{"orderId":"${orderId}","amount":1999,"currency":"EUR"${more}}'`;
const curl = (path: string, key: string, json: string): string =>
  `curl -iw '\\n' ${service.url}${path} -H 'Idempotency-Key: ${key}' --json ${json}`;

console.log(`
The payment service runs at ${service.url}, its DynamoDB (${engine.name}) at ${engine.endpoint}.

# Charge once. Send it again: the same answer, marked Idempotent-Replayed: true.
${curl("/payments", "pay-1", body("order-1"))}

# The same key for another amount: 422.
${curl("/payments", "pay-1", `'{"orderId":"order-1","amount":5,"currency":"EUR"}'`)}

# A slow one, and again while it is running: 409 with Retry-After. On /v1/payments the second one waits.
for i in 1 2; do ${curl("/payments", "pay-2", body("order-2", ',"simulate":"slow"'))} & done; wait

# Fails once with 500. Send it again: 201, and one charge.
${curl("/payments", "pay-3", body("order-3", ',"simulate":"fail-once"'))}

# No key: 400.
curl -iw '\\n' ${service.url}/payments --json ${body("order-4")}

# What really happened: runs of the handler and charges.
curl -sw '\\n' ${service.url}/ledger/order-1

Ctrl-C stops it.
`);

// A signal listener does not keep a process alive; this does.
const alive = setInterval(() => {}, 60_000);
const how = await service.ended;
clearInterval(alive);
console.error(`The service ended (${how}).\n${service.output()}`);
process.exitCode = 1;
