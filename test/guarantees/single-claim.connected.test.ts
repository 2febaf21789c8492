/**
 * One claim, one run: whoever else comes with the same key at the same time gets no run of its own.
 * G1 (a claim is one conditional write), G17 (the handler runs at most once for each claim).
 */
import { beforeAll, describe, expect, test, vi } from "vitest";
import { isInProgressError } from "../../src/index.ts";
import { faultyStore } from "../support/faults.ts";
import { gate } from "../support/gate.ts";
import { payment, protect, recorder, recordIdOf } from "../support/payments.ts";
import { onEveryTable, type Table } from "../support/tables.ts";

describe("a claim", () => {
  onEveryTable((makeTable) => {
    let table: Table;
    beforeAll(async () => {
      table = await makeTable();
    });

    test("of two callers at once, one runs and the other is told to come back", async () => {
      const running = gate();
      const handler = vi.fn(async () => {
        await running.pass();
        return "paid";
      });
      const event = payment();
      const first = protect(table.store, handler)(event);
      await running.reached;
      const second = await protect(table.anotherProcess(), handler)(event).catch((error: unknown) => error);
      expect(second).toSatisfy(isInProgressError);
      running.open();
      expect(await first).toBe("paid");
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test("of a hundred duplicates in five processes exactly one runs", async () => {
      const running = gate();
      const effects: number[] = [];
      const handler = async (_event: unknown, _context: unknown, { fence }: { fence: number }) => {
        effects.push(fence);
        await running.pass();
        return "paid";
      };
      const event = payment();
      const processes = Array.from({ length: 5 }, () => protect(table.anotherProcess(), handler));
      const answers = Promise.allSettled(Array.from({ length: 20 }, () => processes.map((pay) => pay(event))).flat());
      await running.reached;
      running.open();
      const settled = await answers;
      expect(settled).toHaveLength(100);
      expect(effects).toHaveLength(1);
      const refusals = settled.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
      for (const refusal of refusals) expect(refusal).toSatisfy(isInProgressError);
      for (const one of settled) if (one.status === "fulfilled") expect(one.value).toBe("paid");
    });

    test("a hundred duplicates that wait all get the one outcome, marked as replays", async () => {
      const handler = vi.fn(async () => ({ charge: "ch_1" }));
      const event = payment();
      const seen = recorder();
      const processes = Array.from({ length: 5 }, () =>
        protect(table.anotherProcess(), handler, { whenInProgress: { waitMs: 15_000 }, onEvent: seen.onEvent }),
      );
      const answers = await Promise.all(Array.from({ length: 20 }, () => processes.map((pay) => pay(event))).flat());
      expect(answers).toEqual(Array(100).fill({ charge: "ch_1" }));
      expect(handler).toHaveBeenCalledTimes(1);
      expect(seen.types().filter((type) => type === "claimed")).toHaveLength(1);
      expect(seen.types().filter((type) => type === "replayed")).toHaveLength(99);
    });

    test("of twenty that find a released record at once, one runs", async () => {
      const event = payment();
      const failing = protect(table.store, () => Promise.reject(new Error("declined")));
      await expect(failing(event)).rejects.toThrow("declined");
      const running = gate();
      const handler = vi.fn(running.pass);
      const answers = Promise.allSettled(
        Array.from({ length: 20 }, () => protect(table.anotherProcess(), handler)(event)),
      );
      await running.reached;
      running.open();
      await answers;
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test("a new call costs two writes, a replay one request, a refusal one request", async () => {
      const event = payment();
      const running = gate();
      const first = faultyStore(table.anotherProcess());
      const paying = protect(first, running.pass)(event);
      await running.reached;
      const refused = faultyStore(table.anotherProcess());
      await protect(refused, running.pass)(event).catch(() => undefined);
      running.open();
      await paying;
      const replayed = faultyStore(table.anotherProcess());
      await protect(replayed, running.pass)(event);
      expect(first.sent).toEqual(["insert", "complete"]);
      expect(refused.sent).toEqual(["insert"]);
      expect(replayed.sent).toEqual(["insert"]);
    });

    test("every attempt has an owner of its own, also two of one invocation that Lambda retried", async () => {
      const event = payment();
      const id = await recordIdOf(table.store, event);
      const owners: (string | undefined)[] = [];
      const failing = protect(table.store, async () => {
        owners.push((await table.store.read(id))?.owner);
        throw new Error("declined");
      });
      await failing(event).catch(() => undefined);
      await failing(event).catch(() => undefined);
      expect(owners).toHaveLength(2);
      expect(new Set(owners).size).toBe(2);
      expect(owners).not.toContain(undefined);
    });
  });
});
