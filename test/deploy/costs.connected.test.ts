/** The table of docs/costs.md is what the engine of this run says that real calls use, times the price. */
import { readFileSync } from "node:fs";
import { idempotentHttp } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { expect, it } from "vitest";
import { engineClient, freshTable } from "../support/dynamodb.ts";

const WRITE = 0.625; // USD for a million units, us-east-1
const READ = 0.125;

interface Output {
  readonly ConsumedCapacity?: { readonly CapacityUnits?: number };
}

interface Units {
  /** Of each write of a new call, in order: the claim, a body where there is one, the outcome. */
  readonly writes: readonly number[];
  /** Of the reads of a replay. */
  readonly reads: number;
}

/** Of a call and a replay whose response has so many bytes and is stored as it is. No engine tells units of a refusal. */
async function unitsOf(bytes: number): Promise<Units> {
  const client = engineClient();
  let units: number[] = [];
  client.middlewareStack.add(
    (next) => async (args) => {
      const input = { ...(args.input as object), ReturnConsumedCapacity: "TOTAL" };
      const result = await next({ ...args, input: input as never });
      units.push((result.output as Output).ConsumedCapacity?.CapacityUnits ?? Number.NaN);
      return result;
    },
    { step: "initialize", name: "capacity" },
  );
  const body = JSON.stringify({ data: "x".repeat(bytes - JSON.stringify({ data: "" }).length) });
  const store = dynamoDBStore({ tableName: await freshTable(), client, compressAbove: Number.POSITIVE_INFINITY });
  const handler = idempotentHttp(async () => ({ statusCode: 201, body }), { store, operation: "create-payment" });
  const event = { httpMethod: "POST", path: "/payments", headers: { "Idempotency-Key": "k" }, body: "{}" };
  expect(await handler(event as never)).toMatchObject({ statusCode: 201 });
  const writes = units;
  units = [];
  expect(await handler(event as never)).toMatchObject({ headers: { "Idempotent-Replayed": "true" } });
  client.destroy();
  return { writes, reads: units.reduce((sum, unit) => sum + unit, 0) };
}

const dollars = (amount: number): string => `${amount.toFixed(3).replace(/0$/, "")} USD`;

it("holds for responses of 0.5, 4, 40 and 300 KB", async () => {
  const rows: string[] = [];
  for (const kilobytes of [0.5, 4, 40, 300]) {
    const { writes, reads } = await unitsOf(kilobytes * 1_024);
    const written = writes.reduce((sum, unit) => sum + unit, 0);
    const record = writes.at(-1) ?? Number.NaN;
    const cells = [
      `${kilobytes} KB`,
      writes.join(" + "),
      dollars(written * WRITE),
      reads === 0 ? `${record}` : `${record}, and ${reads} to read`,
      dollars(record * WRITE + reads * READ),
    ];
    rows.push(`| ${cells.join(" | ")} |`);
  }
  const shown = /<!-- costs -->\n([\s\S]*?)<!-- \/costs -->/.exec(readFileSync("docs/costs.md", "utf8"))?.[1] ?? "";
  const unpadded = shown.trim().replaceAll(/ +\|/g, " |").replaceAll(/\| +/g, "| ");
  expect(unpadded.split("\n").slice(2)).toEqual(rows);
});
