/** `executeOnce` and `idempotent`: a value and whether it is a replay, deadlines, nesting (G6, G8, G15, G20, G22). */
import { describe, expect, test } from "vitest";
import { currentExecution, type Execution, executeOnce, idempotent } from "../../src/index.ts";
import { gate } from "../support/gate.ts";
import { lambdaContext } from "../support/lambda-context.ts";
import { probeStore } from "../support/probe-store.ts";

const operation = "ship-order";

describe("executeOnce", () => {
  test("gives the value, and says whether it is a stored one", async () => {
    const store = probeStore();
    const once = (key: unknown): Promise<object> =>
      executeOnce(key, async () => ({ shipped: key }), { store, operation });
    expect(await once("order-1")).toEqual({ value: { shipped: "order-1" }, replayed: false });
    expect(await once("order-1")).toEqual({ value: { shipped: "order-1" }, replayed: true });
    expect(await once("order-2")).toEqual({ value: { shipped: "order-2" }, replayed: false });
  });

  test("takes work that is not async, and work that gives nothing", async () => {
    const store = probeStore();
    const nothing = (): Promise<object> => executeOnce(["a", 1], () => {}, { store, operation });
    expect(await nothing()).toEqual({ value: undefined, replayed: false });
    expect(await nothing()).toEqual({ value: undefined, replayed: true });
  });

  test.each([
    [1, "1"],
    [["a", "b"], '["a","b"]'],
    [["a,b"], ["a", "b"]],
    [{ a: 1 }, { a: "1" }],
    [true, "true"],
    [{ a: 1, b: 2 }, { a: 1 }],
  ])("the keys %j and %j never meet", async (one, other) => {
    const store = probeStore();
    await executeOnce(one, () => 1, { store, operation });
    expect(await executeOnce(other, () => 2, { store, operation })).toEqual({ value: 2, replayed: false });
  });

  test("the same parts in another order are the same key", async () => {
    const store = probeStore();
    await executeOnce({ a: 1, b: [2] }, () => 1, { store, operation });
    expect(await executeOnce({ b: [2], a: 1 }, () => 2, { store, operation })).toEqual({ value: 1, replayed: true });
  });

  test("a missing key is refused, naming the part", async () => {
    const options = { store: probeStore(), operation };
    const call = executeOnce({ order: "o1", line: undefined }, () => 1, options);
    await expect(call).rejects.toMatchObject({
      name: "KeyMissingError",
      message: expect.stringMatching(/`line`.*ship-order/),
    });
    await expect(executeOnce(undefined, () => 1, options)).rejects.toThrow(/ship-order/);
  });

  describe("takes its deadline", () => {
    const leaseOf = async (options: object): Promise<number> => {
      const store = probeStore();
      await executeOnce("k", () => 1, { store, operation, ...options });
      return Math.round((store.last().leaseUntil - Date.now()) / 1_000);
    };

    test("from the option `context`", async () => {
      expect(await leaseOf({ context: lambdaContext(20_000) })).toBe(22);
    });

    test("else from the execution it runs in", async () => {
      const outer = idempotent(() => leaseOf({}), { store: probeStore(), operation: "outer", key: () => "k" });
      expect(await outer(undefined, lambdaContext(40_000))).toBe(42);
      const bare = idempotent(() => leaseOf({}), {
        store: probeStore(),
        operation: "o",
        key: () => null,
        requireKey: false,
      });
      expect(await bare(undefined, lambdaContext(50_000))).toBe(52);
    });

    test("the option `context` stands before the execution", async () => {
      const inner = (): Promise<number> => leaseOf({ context: lambdaContext(20_000) });
      const outer = idempotent(inner, { store: probeStore(), operation: "outer", key: () => "k" });
      expect(await outer(undefined, lambdaContext(40_000))).toBe(22);
    });

    test("else from `leaseMs`, else it is 15 minutes", async () => {
      expect(await leaseOf({ leaseMs: 7_000 })).toBe(7);
      expect(await leaseOf({})).toBe(900);
    });
  });

  test("errors of a nested call pass through the outer one unchanged", async () => {
    const store = probeStore();
    const running = gate();
    const inner = (): Promise<unknown> => executeOnce("k", () => running.pass(), { store, operation });
    const first = inner();
    await running.reached;
    const outer = idempotent(inner, { store, operation: "outer", key: () => "k" });
    await expect(outer(undefined)).rejects.toMatchObject({
      name: "InProgressError",
      operation: "ship-order",
      key: "k",
    });
    running.open();
    await first;
  });
});

describe("idempotent", () => {
  test("hands on event and context as they are, and gives what the handler gives", async () => {
    const event = { reportDate: "2026-11-24" };
    const context = lambdaContext();
    const handler = idempotent(async (...given: unknown[]) => given.slice(0, 2), {
      store: probeStore(),
      operation,
      key: ({ reportDate }: typeof event, given) => [reportDate, given.functionName],
    });
    const [gotEvent, gotContext] = (await handler(event, context)) as unknown[];
    expect(gotEvent).toBe(event);
    expect(gotContext).toBe(context);
  });

  test("computes the key once, before the handler, which may change its event", async () => {
    let computed = 0;
    const handler = idempotent(
      async (event: { id: string }) => {
        event.id = "changed";
        return "ran";
      },
      {
        store: probeStore(),
        operation,
        key: ({ id }) => {
          computed++;
          return id;
        },
      },
    );
    await handler({ id: "a" });
    await handler({ id: "a" });
    expect(computed).toBe(2);
  });

  test("a key function that throws is an invalid key, with its cause, and nothing runs", async () => {
    const cause = new TypeError("Cannot read properties of undefined (reading 'id')");
    const handler = idempotent(async () => expect.unreachable(), {
      store: probeStore(),
      operation,
      key: () => {
        throw cause;
      },
    });
    await expect(handler(undefined)).rejects.toMatchObject({
      name: "KeyInvalidError",
      cause,
      message: expect.stringMatching(/`key`.*reading 'id'.*ship-order/),
    });
  });

  test("wraps a handler of no event, called without a context", async () => {
    let runs = 0;
    const handler = idempotent(async () => ++runs, { store: probeStore(), operation, key: () => "daily" });
    expect([await handler(undefined), await handler(undefined)]).toEqual([1, 1]);
  });
});

describe("the execution", () => {
  test("says what it is about", async () => {
    const store = probeStore();
    const seen: Execution[] = [];
    const before = Date.now();
    await executeOnce({ b: 1, a: 2 }, (execution) => void seen.push(execution), { store, operation });
    const [execution] = seen;
    expect(execution).toMatchObject({ key: '{"a":2,"b":1}', operation: "ship-order", attempt: 1, protected: true });
    expect(execution?.fence).toBeGreaterThanOrEqual(before);
    expect(execution?.leaseUntil).toBeInstanceOf(Date);
    expect(execution?.signal).toBeInstanceOf(AbortSignal);
    expect(execution?.signal).toBe(execution?.signal);
    expect(Object.isFrozen(execution)).toBe(true);
  });

  test("gives the same keys for a step on every attempt, and others for other steps, keys and operations", async () => {
    const store = probeStore();
    const keys: string[] = [];
    const attempts: number[] = [];
    const ship = (key: string, name: string, fail: boolean): Promise<unknown> =>
      executeOnce(
        key,
        ({ keyFor, attempt }) => {
          attempts.push(attempt);
          keys.push(keyFor("charge"), keyFor("refund"));
          if (fail) throw new Error("failed");
        },
        { store, operation: name },
      );
    await expect(ship("k", "a", true)).rejects.toThrow("failed");
    await ship("k", "a", false);
    await ship("other", "a", false);
    await ship("k", "b", false);
    expect(attempts).toEqual([1, 2, 1, 1]);
    expect(keys.slice(2, 4)).toEqual(keys.slice(0, 2));
    expect(new Set(keys).size).toBe(6);
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{32}$/);
  });

  test.each([undefined, null, "", 5])("keyFor(%o) is refused: the step needs a name", async (step) => {
    const call = executeOnce("k", ({ keyFor }) => keyFor(step as never), { store: probeStore(), operation });
    await expect(call).rejects.toThrow(/keyFor.*"charge"/);
  });

  test("is found deep in the call stack, and each call finds its own", async () => {
    const store = probeStore();
    expect(currentExecution()).toBeUndefined();
    const deep = async (): Promise<string | undefined> => {
      await new Promise((resolve) => setImmediate(resolve));
      return currentExecution()?.key;
    };
    const keys = ["a", "b", "c"];
    const found = await Promise.all(
      keys.map((key) =>
        executeOnce(
          key,
          async (execution) => {
            expect(currentExecution()).toBe(execution);
            const nested = await executeOnce(`${key}-inner`, deep, { store, operation });
            return [await deep(), nested.value];
          },
          { store, operation },
        ),
      ),
    );
    expect(found.map(({ value }) => value)).toEqual([
      ["a", "a-inner"],
      ["b", "b-inner"],
      ["c", "c-inner"],
    ]);
    expect(currentExecution()).toBeUndefined();
  });
});
