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

/** The units of each write of a new call whose response has so many bytes. */
async function unitsOfNewCall(bytes: number): Promise<number[]> {
  const client = engineClient();
  const units: number[] = [];
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
  const store = dynamoDBStore({ tableName: await freshTable(), client });
  const handler = idempotentHttp(async () => ({ statusCode: 201, body }), { store, operation: "create-payment" });
  const event = { httpMethod: "POST", path: "/payments", headers: { "Idempotency-Key": "k" }, body: "{}" };
  expect(await handler(event as never)).toMatchObject({ statusCode: 201 });
  client.destroy();
  return units;
}

const dollars = (amount: number): string => `${amount.toFixed(3).replace(/0$/, "")} USD`;

it("holds for responses of 0.5, 4, 40 and 300 KB", async () => {
  const rows: string[] = [];
  for (const kilobytes of [0.5, 4, 40, 300]) {
    const [claim = Number.NaN, outcome = Number.NaN, ...more] = await unitsOfNewCall(kilobytes * 1_024);
    expect([claim, ...more]).toEqual([1]);
    const reads = Math.ceil(outcome / 4);
    const cells = [
      `${kilobytes} KB`,
      `${outcome} KB`,
      `${claim + outcome}`,
      dollars((claim + outcome) * WRITE),
      `${outcome}`,
      dollars(outcome * WRITE),
      `${reads}`,
      dollars(reads * READ),
    ];
    rows.push(`| ${cells.join(" | ")} |`);
  }
  const shown = /<!-- costs -->\n([\s\S]*?)<!-- \/costs -->/.exec(readFileSync("docs/costs.md", "utf8"))?.[1] ?? "";
  const unpadded = shown.trim().replaceAll(/ +\|/g, " |").replaceAll(/\| +/g, "| ");
  expect(unpadded.split("\n").slice(2)).toEqual(rows);
});
