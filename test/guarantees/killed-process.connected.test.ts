/**
 * A process that is killed in the middle of its handler releases nothing: its key is free after the lease, and the work
 * is done again, once, as the next attempt. G12, G23.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { isInProgressError } from "../../src/index.ts";
import { dynamoDBStore } from "../../src/stores/dynamodb.ts";
import { engineClient, freshTable } from "../support/dynamodb.ts";
import { payment, protect, recorder, recordIdOf } from "../support/payments.ts";

const worker = new URL("../support/killed-worker.ts", import.meta.url).pathname;

describe("a process that is killed", () => {
  let tableName: string;
  beforeAll(async () => {
    tableName = await freshTable();
  });

  /** Starts a worker of its own, and gives what it says, line by line. */
  function start(key: string, leaseMs: number): { child: ChildProcess; said: (line: string) => Promise<string> } {
    const env = {
      ...process.env,
      ENDPOINT: inject("dynamoDB").endpoint,
      TABLE: tableName,
      KEY: key,
      LEASE_MS: `${leaseMs}`,
    };
    const child = spawn(process.execPath, [worker], { env, stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout });
    return {
      child,
      said: (start) =>
        new Promise((resolve, reject) => {
          lines.on("line", (line) => line.startsWith(start) && resolve(line));
          child.once("exit", (code) => reject(new Error(`the worker ended with ${code} and never said ${start}`)));
        }),
    };
  }

  test("while its handler runs is taken over when its lease ends, and not before", { timeout: 30_000 }, async () => {
    const event = payment();
    const store = dynamoDBStore({ tableName, client: engineClient() });
    const id = await recordIdOf(store, event);
    const { child, said } = start(event.key, 3_000);
    await said("running");
    child.kill("SIGKILL");
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);

    const left = await store.read(id);
    expect(left).toMatchObject({ status: "IN_PROGRESS", attempts: 1 });
    await expect(
      protect(store, () => "too early", { clockToleranceMs: 0, fingerprint: false })(event),
    ).rejects.toSatisfy(isInProgressError);

    const told = recorder();
    const began: number[] = [];
    const handler = (_event: unknown, _context: unknown, { attempt }: { attempt: number }) => {
      began.push(Date.now());
      return `paid at attempt ${attempt}`;
    };
    const pay = protect(store, handler, {
      clockToleranceMs: 0,
      fingerprint: false,
      whenInProgress: { waitMs: 20_000 },
      onEvent: told.onEvent,
    });
    expect(await Promise.all([pay(event), pay(event)])).toEqual(["paid at attempt 2", "paid at attempt 2"]);
    expect(told.types()).toEqual(["takenOver", "completed", "replayed"]);
    expect(began).toHaveLength(1);
    expect(began[0]).toBeGreaterThan(left?.leaseUntil ?? Number.POSITIVE_INFINITY);
  });

  test("after its handler succeeded and before that was stored is run again: the limit", {
    timeout: 30_000,
  }, async () => {
    const event = payment();
    const store = dynamoDBStore({ tableName, client: engineClient() });
    const { child, said } = start(event.key, 3_000); // a cold process under load needs some of it for the claim itself
    const effect = (await said("running")).split(" ")[1];
    child.kill("SIGKILL");
    await once(child, "exit");
    const pay = protect(store, (_event, _context, { keyFor, fence }) => `${keyFor("charge")} ${fence}`, {
      clockToleranceMs: 0,
      fingerprint: false,
      whenInProgress: { waitMs: 20_000 },
    });
    const [again, fence] = String(await pay(event)).split(" ");
    expect(again).toBe(effect);
    expect(Number(fence)).toBeGreaterThan(0);
  });
});
