/** A process that claims a payment, says so, and works until it is killed. Started by `killed-process.connected.test.ts`. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { idempotent } from "../../src/index.ts";
import { dynamoDBStore } from "../../src/stores/dynamodb.ts";

const { ENDPOINT: endpoint = "", TABLE: tableName = "", KEY: key = "", LEASE_MS: leaseMs } = process.env;
const client = new DynamoDBClient({
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
});

const pay = idempotent(
  (_event: { key: string }, _context, { keyFor }) =>
    new Promise((resolve) => {
      console.log(`running ${keyFor("charge")}`);
      setTimeout(resolve, 600_000);
    }),
  {
    store: dynamoDBStore({ tableName, client }),
    operation: "pay",
    key: (event) => event.key,
    leaseMs: Number(leaseMs),
  },
);

await pay({ key });
