/**
 * A write that was applied while its answer got lost is recognised as one's own when it is sent again.
 * G3 (claims), G4 (completions and releases). The SDK's own retries do it here, below the protocol.
 */
import { beforeAll, describe, expect, test, vi } from "vitest";
import { dynamoDBStore } from "../../src/stores/dynamodb.ts";
import { freshTable } from "../support/dynamodb.ts";
import { type Fault, faultyStore, loseAnswer, type Step, sendTwice } from "../support/faults.ts";
import { breakConnection, faultyClient, serverError, throttle } from "../support/faulty-client.ts";
import { type Payment, payment, protect, recorder, recordIdOf } from "../support/payments.ts";
import { inProgress, onEveryTable, plant, releasedOne, type Table } from "../support/tables.ts";

const FAR = 4_000_000_000;

describe("a write whose answer was lost and that the SDK sends again", () => {
  let tableName: string;
  beforeAll(async () => {
    tableName = await freshTable();
  });

  function payer(handler: (event: Payment) => unknown, ...faults: [Step, Fault][]) {
    const { client, faults: plan } = faultyClient();
    for (const [step, fault] of faults) plan.next(step, fault);
    const store = dynamoDBStore({ tableName, client });
    const told = recorder();
    return { pay: protect(store, handler, { onEvent: told.onEvent }), plan, told, store };
  }

  test("is a claim: the handler runs, once, as the first attempt", async () => {
    const handler = vi.fn(async () => "paid");
    const event = payment();
    const { pay, plan, told } = payer(handler, ["insert", breakConnection]);
    expect(await pay(event)).toBe("paid");
    expect(handler).toHaveBeenCalledTimes(1);
    expect(plan.sent).toEqual(["insert", "insert", "complete"]);
    expect(told.types()).toEqual(["claimed", "completed"]);
  });

  test("is a claim also when it was lost twice", async () => {
    const handler = vi.fn(async () => "paid");
    const { pay, plan } = payer(handler, ["insert", breakConnection], ["insert", breakConnection]);
    expect(await pay(payment())).toBe("paid");
    expect(plan.sent).toEqual(["insert", "insert", "insert", "complete"]);
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test("is a claim over a released record, and a takeover", async () => {
    const handler = vi.fn(async () => "paid");
    const { pay, told, store } = payer(handler, ["claimOver", breakConnection], ["claimOver", breakConnection]);
    const [released, abandoned] = [payment(), payment()];
    await plant(store, releasedOne(await recordIdOf(store, released), { expiresAt: FAR }));
    await plant(store, inProgress(await recordIdOf(store, abandoned), { expiresAt: FAR }));
    expect(await pay(released)).toBe("paid");
    expect(await pay(abandoned)).toBe("paid");
    expect(handler).toHaveBeenCalledTimes(2);
    expect(told.events).toMatchObject([
      { type: "claimed", attempt: 4 },
      { type: "completed", attempt: 4 },
      { type: "takenOver", attempt: 4 },
      { type: "completed", attempt: 4 },
    ]);
  });

  test("is a completion: the caller gets a first outcome, not a replay", async () => {
    const event = payment();
    const { pay, plan, told } = payer(() => "paid", ["complete", breakConnection]);
    expect(await pay(event)).toBe("paid");
    expect(plan.sent).toEqual(["insert", "complete", "complete"]);
    expect(told.types()).toEqual(["claimed", "completed"]);
    expect(await pay(event)).toBe("paid");
    expect(told.types().at(-1)).toBe("replayed");
  });

  test("is a release: the next call runs at once", async () => {
    const event = payment();
    const handler = vi.fn(async () => "paid").mockRejectedValueOnce(new Error("declined"));
    const { pay, plan, told } = payer(handler, ["release", breakConnection]);
    await expect(pay(event)).rejects.toThrow("declined");
    expect(await pay(event)).toBe("paid");
    expect(plan.sent).toEqual(["insert", "release", "release", "insert", "claimOver", "complete"]);
    expect(told.types()).toEqual(["claimed", "released", "claimed", "completed"]);
  });

  test.each([
    ["throttled", throttle],
    ["answered with 500", serverError],
  ])("goes through also when it was %s before and lost after", async (_, refusal) => {
    const handler = vi.fn(async () => "paid");
    const { pay } = payer(
      handler,
      ["insert", refusal],
      ["insert", breakConnection],
      ["complete", refusal],
      ["complete", breakConnection],
    );
    expect(await pay(payment())).toBe("paid");
    expect(handler).toHaveBeenCalledTimes(1);
  });
});

describe("on every store, an answer that was lost", () => {
  onEveryTable((makeTable) => {
    let table: Table;
    beforeAll(async () => {
      table = await makeTable();
    });

    test("once for the claim and once for the completion changes nothing", async () => {
      const store = faultyStore(table.store);
      store.next("insert", sendTwice);
      store.next("complete", sendTwice);
      const told = recorder();
      const event = payment();
      expect(await protect(store, () => "paid", { onEvent: told.onEvent })(event)).toBe("paid");
      expect(told.types()).toEqual(["claimed", "completed"]);
      expect(await protect(store, () => "again")(event)).toBe("paid");
    });

    test("of a completion makes it tried again, and found done", async () => {
      const store = faultyStore(table.store);
      store.next("complete", loseAnswer, loseAnswer);
      const told = recorder();
      expect(await protect(store, () => "paid", { onEvent: told.onEvent })(payment())).toBe("paid");
      expect(store.sent).toEqual(["insert", "complete", "complete", "complete"]);
      expect(told.types()).toEqual(["claimed", "completed"]);
    });

    test("of a release makes it tried again, and found done", async () => {
      const store = faultyStore(table.store);
      store.next("release", loseAnswer);
      const told = recorder();
      const event = payment();
      const declined = protect(store, () => Promise.reject(new Error("declined")), { onEvent: told.onEvent });
      await expect(declined(event)).rejects.toThrow("declined");
      expect(told.types()).toEqual(["claimed", "released"]);
      expect(await protect(store, () => "paid")(event)).toBe("paid");
    });

    test("of a takeover, sent again by the SDK, is a takeover", async () => {
      const store = faultyStore(table.store);
      const event = payment();
      const id = await recordIdOf(table.store, event);
      await plant(table.store, inProgress(id, { expiresAt: FAR }));
      store.next("claimOver", sendTwice);
      const told = recorder();
      expect(await protect(store, () => "paid", { onEvent: told.onEvent })(event)).toBe("paid");
      expect(told.types()).toEqual(["takenOver", "completed"]);
    });
  });
});
