/** What docs/deploy-existing-table.md says of moving: a retry of a call made before the move is replayed, and runs nothing. */
import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import { idempotentHttp } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { beforeAll, expect, inject, it, vi } from "vitest";
import { idempotencyTableFile, readTableDefinitions } from "../../local/tables.ts";
import { engineClient } from "../support/dynamodb.ts";

const run = Date.now();
const event = (key: string): never =>
  ({
    version: "2.0",
    routeKey: "POST /payments",
    rawPath: "/payments",
    rawQueryString: "",
    headers: { "idempotency-key": key },
    requestContext: { http: { method: "POST", path: "/payments" } },
    body: '{"amount":100}',
    isBase64Encoded: false,
  }) as never;

beforeAll(async () => {
  process.env["AWS_ENDPOINT_URL_DYNAMODB"] = inject("dynamoDB").endpoint;
  const [definition] = await readTableDefinitions(idempotencyTableFile);
  if (definition === undefined) throw new Error("infra/idempotency-table.yml defines no table");
  for (const TableName of ["payments-old", "payments-new"]) {
    await engineClient().send(new CreateTableCommand({ ...definition.create, TableName }));
  }
});

it("by two wrappers, the new table's outside", async () => {
  const options = { operation: "create-payment", requireKey: true } as const;
  const work = vi.fn(async () => ({ statusCode: 201, body: "before the move" }));
  const before = idempotentHttp(work, { ...options, store: dynamoDBStore({ tableName: "payments-old" }) });
  const after = idempotentHttp(work, { ...options, store: dynamoDBStore({ tableName: "payments-new" }) });
  const { createPayment } = await import("../../examples/snippets/move-table.ts");
  const moving = createPayment as unknown as (given: never) => Promise<unknown>;
  const { chargeCount } = await import("../../examples/snippets/bank.ts");

  await before(event(`old-${run}`));
  const replay = { statusCode: 201, body: "before the move", headers: { "Idempotent-Replayed": "true" } };
  expect(await moving(event(`old-${run}`))).toEqual(replay);
  expect(await after(event(`old-${run}`))).toEqual(replay); // the old table may go now
  expect([work.mock.calls.length, chargeCount()]).toEqual([1, 0]);

  expect(await moving(event(`new-${run}`))).toMatchObject({ statusCode: 201 });
  expect(await moving(event(`new-${run}`))).toMatchObject({ headers: { "Idempotent-Replayed": "true" } });
  expect(chargeCount()).toBe(1);
});
