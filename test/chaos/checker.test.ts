/** The judge of a chaos run: it finds what is wrong in a ledger, and explains what only looks so. */
import { expect, test } from "vitest";
import { type Deeds, judge } from "./checker.ts";
import type { Line } from "./ledger.ts";

const TERMS = {
  leaseMs: 1_000,
  toleranceMs: 100,
  ttlSeconds: 86_400,
  storesErrors: false,
  throwsWhenCompletionFails: true,
};
const at = (ms: number): { order: number; at: number } => ({ order: ms, at: ms });
const NO_DEEDS: Deeds = { kills: [], pauses: [] };

/** One call of key-0: its run, if it has a fence, lasts from 10 after its invocation to 10 before its answer. */
function call(name: string, from: number, to: number | undefined, fence?: number, attempt = 1, value = name): Line[] {
  const invoke: Line = { t: "invoke", call: name, key: "key-0", waits: false, now: at(from) };
  const replayed = fence === undefined;
  const answered: Line[] =
    to === undefined
      ? []
      : [
          {
            t: "answer",
            call: name,
            answer: { kind: "value", value: `a by ${value}`, replayed },
            events: replayed ? ["replayed"] : ["claimed", "completed"],
            now: at(to),
          },
        ];
  if (fence === undefined) return [invoke, ...answered];
  const lease = { leaseUntil: from + 1_000, effectKey: "e", takenOver: attempt > 1 };
  const ended: Line[] =
    to === undefined
      ? []
      : [{ t: "end", call: name, came: { kind: "returned", value: `a by ${name}` }, now: at(to - 10) }];
  return [
    invoke,
    { t: "effect", call: name, key: "key-0", fence, attempt, ...lease, now: at(from + 10) },
    ...ended,
    ...answered,
  ];
}

const judged = (deeds: Deeds, ...processes: Line[][]) =>
  judge(
    processes.map((lines, i) => ({ process: `w${i}`, lines })),
    deeds,
    TERMS,
    ["key-0"],
  );

test("a run, its replay and a run that was cut off by a kill are sound", () => {
  const killed = judged({ kills: [{ process: "w0", now: at(60) }], pauses: [] }, call("x", 0, undefined, 1), [
    ...call("y", 1_110, 1_200, 2, 2),
    ...call("z", 1_300, 1_310, undefined, 1, "y"),
  ]);
  expect(killed).toMatchObject({
    violations: [],
    calls: 3,
    effects: 2,
    replays: 1,
    takeovers: 1,
    cutOff: 1,
    doneAgain: 0,
  });
  expect(killed.recoveryAfterKillMs).toEqual({ count: 1, min: 1_060, median: 1_060, max: 1_060 });
  expect(killed.recoveryAfterLeaseMs).toEqual({ count: 1, min: 120, median: 120, max: 120 });
});

test("work that was done and not stored before the kill is counted as done again", () => {
  const done: Line = { t: "end", call: "x", came: { kind: "returned", value: "a by x" }, now: at(40) };
  const verdict = judged(
    { kills: [{ process: "w0", now: at(60) }], pauses: [] },
    [...call("x", 0, undefined, 1), done],
    call("y", 1_110, 1_200, 2, 2),
  );
  expect(verdict).toMatchObject({ violations: [], doneAgain: 1 });
});

test("two effects with one fence", () => {
  expect(judged(NO_DEEDS, call("x", 0, 50, 1), call("y", 60, 99, 1, 1)).duplicatesPerFence).toBe(1);
});

test("two runs at once within a lease, although one of them was paused", () => {
  const deeds: Deeds = { kills: [], pauses: [{ process: "w0", from: at(20), to: at(400) }] };
  expect(judged(deeds, call("x", 0, 500, 1), call("y", 100, 200, 2, 2))).toMatchObject({
    overlaps: 1,
    explainedOverlaps: 0,
  });
});

test("two runs at once after the lease: explained by a pause, else by a slow machine", () => {
  const late = (deeds: Deeds) =>
    judged(
      deeds,
      call("x", 0, 1_500, 1, 1).filter(({ t }) => t !== "answer"),
      call("y", 1_110, 1_200, 2, 2),
    );
  expect(late({ kills: [], pauses: [{ process: "w0", from: at(20), to: at(1_400) }] })).toMatchObject({
    overlaps: 0,
    explainedOverlaps: 1,
    slowOverlaps: 0,
  });
  expect(late({ kills: [], pauses: [{ process: "w1", from: at(20), to: at(1_400) }] })).toMatchObject({
    explainedOverlaps: 0,
    slowOverlaps: 1,
  });
});

test("outcomes that differ", () => {
  const verdict = judged(NO_DEEDS, call("x", 0, 50, 1), call("y", 60, 99, undefined, 1, "z"));
  expect(verdict).toMatchObject({ outcomesThatDiffer: 1, notLinearizable: 1 });
});

test("a key that was never completed, or never heard of", () => {
  expect(
    judged({ kills: [{ process: "w0", now: at(60) }], pauses: [] }, call("x", 0, undefined, 1)).neverCompleted,
  ).toBe(1);
  expect(judged(NO_DEEDS).violations).toEqual(["key-0 was never completed"]);
});
