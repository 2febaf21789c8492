// Why: a function that lingers, is reused when it should not be, or swallows why it could not start would spoil every
// observation made through it.

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type LambdaFunction, startFunction } from "../../local/lambda-function.ts";
import { serverlessEnvironment } from "../../local/serverless-environment.ts";
import { bundleHandlers, readConsumer } from "../../local/service-settings.ts";

const file = "test/local/consumer-fixture";
let folder: string;
let lambda: LambdaFunction | undefined;

beforeAll(async () => {
  folder = await bundleHandlers([`${file}.consume`]);
});
afterEach(() => lambda?.stop());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function start(handler: string, timeoutSeconds = 20): Promise<LambdaFunction> {
  const environment = serverlessEnvironment({ SEEN_FILE: join(folder, "seen"), GATE_FILE: join(folder, "gate") });
  lambda = await startFunction({ name: "consumer", handler, folder, timeoutSeconds, environment });
  return lambda;
}

const batch = (...bodies: string[]): object => ({
  Records: bodies.map((body, index) => ({
    messageId: `m${index}`,
    body,
    attributes: { ApproximateReceiveCount: "1" },
  })),
});

describe("a function", () => {
  it("keeps its process for the next event, also after an error, and starts another one beside it", async () => {
    const { invoke, busy } = await start(`${file}.consume`);
    expect(await invoke(batch("fail"))).toEqual({
      kind: "returned",
      payload: '{"batchItemFailures":[{"itemIdentifier":"m0"}]}',
    });
    expect(await invoke(batch("throw"))).toEqual({ kind: "threw", error: "TypeError: told to throw" });
    expect(await invoke(batch("answer undefined"))).toEqual({ kind: "returned", payload: "null" });
    const both = [invoke(batch("hold")), invoke(batch("hold"))];
    await expect.poll(() => busy().length, { timeout: 10_000 }).toBe(2);
    writeFileSync(join(folder, "gate"), "");
    expect((await Promise.all(both)).map(({ kind }) => kind)).toEqual(["returned", "returned"]);
    expect(busy()).toEqual([]);
  });

  it("answers the next event from a fresh process after one that ran out of time or crashed", async () => {
    const { invoke } = await start(`${file}.consume`, 1);
    expect(await invoke(batch("hang"))).toEqual({ kind: "timedOut" });
    expect(await invoke(batch("exit"))).toEqual({ kind: "died", how: "exit code 7" });
    expect(await invoke(batch("one"))).toMatchObject({ kind: "returned" });
  });

  it("says why it cannot be loaded", async () => {
    const { invoke } = await start(`${file}.nothing`);
    await expect(invoke(batch("one"))).rejects.toThrow(/could not be loaded: Error: .*nothing is not a function/);
  });
});

describe("a consumer's settings", () => {
  it("are those of serverless.yml", async () => {
    const common = { timeoutSeconds: 6, batchSize: 10, maximumConcurrency: 5, reportBatchItemFailures: true };
    expect(await readConsumer("consumeOrders")).toEqual({
      ...common,
      handler: "examples/orders/orders.consumeOrders",
      queue: "OrdersQueue",
      batchingWindowSeconds: 1,
    });
    expect(await readConsumer("consumeOrderEvents")).toEqual({
      ...common,
      handler: "examples/orders/orders.consumeOrderEvents",
      queue: "OrderEventsQueue",
      batchingWindowSeconds: 0,
    });
    await expect(readConsumer("createPayment")).rejects.toThrow(/no consumer createPayment/);
  });
});
