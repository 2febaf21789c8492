/**
 * Hosts whose clocks are apart by no more than the error allowed for: no takeover while the owner's lease runs on its
 * own clock, and fences that rise from host to host. G1, G9.
 */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { isInProgressError, isOwnershipLostError } from "../../src/index.ts";
import { gate } from "../support/gate.ts";
import { errorOf } from "../support/payments.ts";
import { processIn, type World } from "../support/processes.ts";
import { onEveryTable, type Table } from "../support/tables.ts";

const NOON = 1_764_000_000_000;
/** True time at which the owner's lease ends, whatever its clock says: it has 10 s left at noon. */
const LEASE_END = 1_764_000_012_000;

describe("two hosts", () => {
  onEveryTable((makeTable) => {
    let table: Table;
    beforeAll(async () => {
      table = await makeTable();
    });

    /** A host whose clock may be off starts an attempt at true noon, with 10 s left, and does not end it. */
    async function running(world: World, skewMs: number) {
      const owner = processIn(world, table.anotherProcess(), skewMs);
      const id = `pay#${randomUUID()}`;
      const held = gate();
      const call = owner.run({ id, remainingMs: 10_000, work: held.pass });
      await held.reached;
      const end = (): Promise<unknown> => {
        held.open();
        return call;
      };
      return { id, owner, end };
    }

    test.each([
      ["the taker's clock is ahead by all that is allowed for", 0, 1_000],
      ["the owner's clock is behind, the taker's right", -1_000, 0],
      ["the owner's is behind by half, the taker's ahead by half", -500, 500],
    ])("never run at once when %s", async (_, ownerSkew, takerSkew) => {
      const world = { now: NOON };
      const { id, end } = await running(world, ownerSkew);
      const taker = processIn(world, table.anotherProcess(), takerSkew);
      const work = vi.fn(() => "taken");
      world.now = LEASE_END;
      expect(await errorOf(taker.run({ id, work }))).toSatisfy(isInProgressError);
      expect(work).not.toHaveBeenCalled();
      world.now += 1;
      expect(await taker.run({ id, work })).toBe("taken");
      expect(taker.told).toMatchObject([
        { type: "rejected" },
        { type: "takenOver", attempt: 2 },
        { type: "completed" },
      ]);
      expect(await end()).toBe("taken");
    });

    test("give rising fences when the one that takes over has a clock far behind", async () => {
      const world = { now: NOON };
      const { id, owner, end } = await running(world, 0);
      world.now = NOON + 60_000;
      const taker = processIn(world, table.anotherProcess(), -40_000);
      const held = gate();
      const taking = taker.run({ id, work: held.pass });
      await held.reached;
      expect(await errorOf(end())).toSatisfy(isOwnershipLostError);
      held.open();
      await taking;
      const [first, second] = [owner.told[0], taker.told[0]];
      expect(first).toMatchObject({ type: "claimed", fence: NOON });
      expect(second).toMatchObject({ type: "takenOver" });
      expect((second as { fence: number }).fence).toBeGreaterThan(NOON);
    });

    test("give rising fences after the record was deleted, as far as their clocks agree", async () => {
      const world = { now: NOON };
      const [ahead, behind] = [0, -900].map((skew) => processIn(world, table.anotherProcess(), skew));
      const id = `pay#${randomUUID()}`;
      const fences: number[] = [];
      const work = ({ fence }: { fence: number }): void => void fences.push(fence);
      await ahead?.run({ id, work });
      await table.remove(id);
      world.now += 1_000;
      await behind?.run({ id, work });
      expect(fences).toEqual([NOON, NOON + 100]);
    });
  });
});
