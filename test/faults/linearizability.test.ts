/** The checker itself: it accepts what can have happened, and rejects what cannot, each for its reason. */
import { describe, expect, test } from "vitest";
import { violationsOf } from "./check-history.ts";
import type { Answer, Call, Came, Effect, Terms } from "./history.ts";
import { linearize, type Step } from "./linearizability.ts";
import { linearizeCalls } from "./once-spec.ts";

const TERMS: Terms = {
  toleranceMs: 100,
  ttlSeconds: 86_400,
  storesErrors: false,
  throwsWhenCompletionFails: false,
};

type Line = readonly [
  name: string,
  from: number,
  to: number | undefined,
  answer: Answer | undefined,
  more?: {
    readonly run?: readonly [fence: number, from: number, to?: number, attempt?: number];
    readonly came?: Came["kind"];
    readonly payload?: string;
    readonly events?: readonly string[];
    readonly waits?: boolean;
  },
];

/** Calls of one key, one a line. Moments are milliseconds, and their own order. A lease ends 1 000 after a run began. */
function history(...lines: readonly Line[]): readonly Call[] {
  return lines.map(([name, from, to, answer, more = {}]) => {
    const { run, payload = "a", came = answer?.kind === "threw" ? "threw" : "returned", events, waits = false } = more;
    const moment = (at: number): { order: number; at: number } => ({ order: at, at });
    const value = `${payload} by ${name}`;
    return {
      name,
      process: name,
      key: "k",
      payload,
      waits,
      leaseMs: 1_000,
      invoked: moment(from),
      runs: run
        ? [
            {
              fence: run[0],
              attempt: run[3] ?? 1,
              leaseUntil: run[1] + 1_000,
              effectKey: "e",
              began: moment(run[1]),
              ...(run[2] === undefined ? {} : { ended: moment(run[2]), came: { kind: came, value } }),
            },
          ]
        : [],
      events: [...(events ?? (run && to !== undefined ? [came === "threw" ? "released" : "completed"] : []))],
      ...(to === undefined || answer === undefined ? {} : { answered: moment(to), answer }),
    };
  });
}

const own = (name: string, payload = "a"): Answer => ({
  kind: "value",
  value: `${payload} by ${name}`,
  replayed: false,
});
const replayOf = (name: string): Answer => ({ kind: "value", value: `a by ${name}`, replayed: true });
const threw = (name: string): Answer => ({ kind: "threw", value: `a by ${name}`, replayed: false });
const refused = (name: string): Answer => ({ kind: "refused", name });
const effectsOf = (calls: readonly Call[]): readonly Effect[] =>
  calls.flatMap(({ key, name, runs }) => runs.map(({ fence }) => ({ key, fence, call: name })));

describe("histories that can have happened", () => {
  test.each<[string, Partial<Terms>, readonly Line[]]>([
    [
      "a run and its replays",
      {},
      [
        ["x", 0, 50, own("x"), { run: [1, 10, 40] }],
        ["y", 45, 60, replayOf("x")],
        ["z", 70, 80, replayOf("x")],
      ],
    ],
    [
      "a refusal while it runs",
      {},
      [
        ["x", 0, 50, own("x"), { run: [1, 10, 40] }],
        ["y", 20, 30, refused("InProgressError")],
      ],
    ],
    [
      "a refusal just before it runs, as its claim is there",
      {},
      [
        ["x", 0, 50, own("x"), { run: [1, 40, 45] }],
        ["y", 20, 30, refused("InProgressError")],
      ],
    ],
    [
      "an error, and the next attempt",
      {},
      [
        ["x", 0, 50, threw("x"), { run: [1, 10, 40] }],
        ["y", 50, 90, own("y"), { run: [2, 60, 80, 2] }],
      ],
    ],
    [
      "a crash, and a takeover after lease and tolerance",
      {},
      [
        ["x", 0, undefined, undefined, { run: [1, 10] }],
        ["y", 1_100, 1_300, own("y"), { run: [2, 1_111, 1_200, 2] }],
      ],
    ],
    [
      "a run beyond its lease that was taken over, and gives the other's outcome",
      {},
      [
        ["x", 0, 1_500, replayOf("y"), { run: [1, 10, 1_400], events: ["claimed", "ownershipLost"] }],
        ["y", 1_100, 1_300, own("y"), { run: [2, 1_111, 1_200, 2] }],
      ],
    ],
    [
      "a claim that nobody heard of, in the way of the next",
      {},
      [
        ["x", 0, 50, refused("StoreUnavailableError")],
        ["y", 60, 70, refused("InProgressError")],
      ],
    ],
    [
      "the same, arriving after the refusal, and taken over later",
      {},
      [
        ["x", 0, 50, refused("StoreUnavailableError")],
        ["z", 1_200, 1_300, own("z"), { run: [3, 1_210, 1_250, 2] }],
      ],
    ],
    [
      "a completion that failed and was there all the same",
      {},
      [
        ["x", 0, 50, own("x"), { run: [1, 10, 40], events: ["claimed", "completionFailed"] }],
        ["y", 60, 70, replayOf("x")],
      ],
    ],
    [
      "a completion that failed and was not there, so that the work is done again",
      {},
      [
        ["x", 0, 50, own("x"), { run: [1, 10, 40], events: ["claimed", "completionFailed"] }],
        ["y", 1_200, 1_300, own("y"), { run: [2, 1_210, 1_250, 2] }],
      ],
    ],
    [
      "another payload while it runs and after",
      {},
      [
        ["x", 0, 50, own("x"), { run: [1, 10, 40] }],
        ["y", 20, 60, refused("PayloadMismatchError"), { payload: "b" }],
      ],
    ],
    [
      "a result that cannot be stored",
      {},
      [
        [
          "x",
          0,
          50,
          own("x"),
          { run: [1, 10, 40], came: "returnedUnstorable", events: ["claimed", "completionFailed"] },
        ],
        ["y", 60, 70, refused("ResultNotStorableError")],
      ],
    ],
    [
      "an outcome that expired",
      { ttlSeconds: 1 },
      [
        ["x", 0, 50, own("x"), { run: [1, 10, 40] }],
        ["y", 1_060, 1_100, own("y"), { run: [2, 1_070, 1_080] }],
      ],
    ],
  ])("%s", (_, terms, lines) => {
    const calls = history(...lines);
    expect(violationsOf(calls, effectsOf(calls), { ...TERMS, ...terms })).toEqual([]);
  });
});

describe("histories that cannot", () => {
  test.each<[string, string, readonly Line[]]>([
    [
      "two runs at once",
      "G9",
      [
        ["x", 0, 50, own("x"), { run: [1, 10, 40] }],
        ["y", 5, 60, own("y"), { run: [2, 20, 50] }],
      ],
    ],
    [
      "a second run after the outcome",
      "G5",
      [
        ["x", 0, 50, own("x"), { run: [1, 10, 40] }],
        ["y", 60, 99, own("y"), { run: [2, 70, 90] }],
      ],
    ],
    [
      "a takeover within the tolerance",
      "G9",
      [
        ["x", 0, undefined, undefined, { run: [1, 10] }],
        ["y", 1_100, 1_300, own("y"), { run: [2, 1_110, 1_200, 2] }],
      ],
    ],
    [
      "a fence that falls",
      "not linearizable",
      [
        ["x", 0, 50, threw("x"), { run: [2, 10, 40] }],
        ["y", 60, 99, own("y"), { run: [1, 70, 90, 2] }],
      ],
    ],
    [
      "one fence twice",
      "G1",
      [
        ["x", 0, 50, threw("x"), { run: [1, 10, 40] }],
        ["y", 60, 99, own("y"), { run: [1, 70, 90, 2] }],
      ],
    ],
    [
      "attempts that are not counted on",
      "not linearizable",
      [
        ["x", 0, 50, threw("x"), { run: [1, 10, 40] }],
        ["y", 60, 99, own("y"), { run: [2, 70, 90, 1] }],
      ],
    ],
    [
      "a replay of what nobody did",
      "not linearizable",
      [
        ["x", 0, 50, own("x"), { run: [1, 10, 40] }],
        ["y", 60, 70, replayOf("z")],
      ],
    ],
    [
      "a replay before the outcome",
      "not linearizable",
      [
        ["y", 0, 20, replayOf("x")],
        ["x", 10, 50, own("x"), { run: [1, 25, 40] }],
      ],
    ],
    [
      "a replay of what was released",
      "not linearizable",
      [
        ["x", 0, 50, threw("x"), { run: [1, 10, 40] }],
        ["y", 60, 70, replayOf("x")],
      ],
    ],
    [
      "a refusal after the outcome",
      "not linearizable",
      [
        ["x", 0, 50, own("x"), { run: [1, 10, 40] }],
        ["y", 60, 70, refused("InProgressError")],
      ],
    ],
    [
      "a refusal when nobody runs",
      "not linearizable",
      [
        ["y", 0, 20, refused("InProgressError")],
        ["x", 30, 50, own("x"), { run: [1, 35, 40] }],
      ],
    ],
    [
      "another payload's outcome",
      "G7",
      [
        ["x", 0, 50, own("x"), { run: [1, 10, 40] }],
        ["y", 60, 70, replayOf("x"), { payload: "b" }],
      ],
    ],
    [
      "another payload that is run",
      "not linearizable",
      [
        ["x", 0, 50, own("x"), { run: [1, 10, 40] }],
        ["y", 60, 99, own("y", "b"), { run: [2, 70, 90, 2], payload: "b" }],
      ],
    ],
    [
      "a mismatch with nothing to differ from",
      "not linearizable",
      [["y", 0, 20, refused("PayloadMismatchError"), { payload: "b" }]],
    ],
    [
      "a late outcome over a newer one",
      "G5",
      [
        ["x", 0, 1_500, own("x"), { run: [1, 10, 1_400] }],
        ["y", 1_100, 1_300, own("y"), { run: [2, 1_111, 1_200, 2] }],
        ["z", 1_600, 1_700, replayOf("x")],
      ],
    ],
    [
      "a late release of another's claim",
      "G9",
      [
        ["x", 0, 1_500, threw("x"), { run: [1, 10, 1_400] }],
        ["y", 1_100, 1_900, own("y"), { run: [2, 1_111, 1_800, 2] }],
        ["z", 1_550, 1_990, own("z"), { run: [3, 1_600, 1_950, 3] }],
      ],
    ],
    [
      "a replay that is not marked",
      "G6",
      [
        ["x", 0, 50, own("x"), { run: [1, 10, 40] }],
        ["y", 60, 70, { ...replayOf("x"), replayed: false } as Answer],
      ],
    ],
    [
      "a first outcome that is marked",
      "G6",
      [["x", 0, 50, { ...own("x"), replayed: true } as Answer, { run: [1, 10, 40] }]],
    ],
    [
      "a run on a claim that failed",
      "G10",
      [["x", 0, 50, refused("StoreUnavailableError"), { run: [1, 10, 40], events: [] }]],
    ],
    [
      "an own error that is not told",
      "G16",
      [
        [
          "x",
          0,
          50,
          refused("OwnershipLostError"),
          { run: [1, 10, 40], came: "threw", events: ["claimed", "ownershipLost"] },
        ],
      ],
    ],
    [
      "a success that was released",
      "not linearizable",
      [
        ["x", 0, 50, own("x"), { run: [1, 10, 40], events: ["claimed", "completionFailed"] }],
        ["y", 60, 99, own("y"), { run: [2, 70, 90, 2] }],
      ],
    ],
    [
      "a second run of a result that cannot be stored",
      "not linearizable",
      [
        [
          "x",
          0,
          50,
          own("x"),
          { run: [1, 10, 40], came: "returnedUnstorable", events: ["claimed", "completionFailed"] },
        ],
        ["y", 60, 99, own("y"), { run: [2, 70, 90, 2] }],
      ],
    ],
    [
      "an unheard claim that is overtaken at once",
      "not linearizable",
      [
        ["x", 0, 50, refused("StoreUnavailableError")],
        ["y", 60, 70, refused("InProgressError")],
        ["z", 80, 99, own("z"), { run: [3, 85, 90, 2] }],
      ],
    ],
  ])("%s", (_, reason, lines) => {
    const calls = history(...lines);
    expect(violationsOf(calls, effectsOf(calls), TERMS).join("\n")).toContain(reason);
    expect(reason.startsWith("G1") || reason === "G6" || linearizeCalls(calls, TERMS).ok === false).toBe(true);
  });

  test.each<[string, readonly Line[]]>([
    [
      "a replay long after the expiry",
      [
        ["x", 0, 50, own("x"), { run: [1, 10, 40] }],
        ["y", 2_100, 2_200, replayOf("x")],
      ],
    ],
    [
      "a second run before the expiry",
      [
        ["x", 0, 50, own("x"), { run: [1, 10, 40] }],
        ["y", 900, 1_000, own("y"), { run: [2, 950, 960] }],
      ],
    ],
  ])("%s", (_, lines) => {
    expect(linearizeCalls(history(...lines), { ...TERMS, ttlSeconds: 1 }).ok).toBe(false);
  });

  test("two effects of one run", () => {
    const calls = history(["x", 0, 50, own("x"), { run: [1, 10, 40] }]);
    const effects = [...effectsOf(calls), ...effectsOf(calls)];
    expect(violationsOf(calls, effects, TERMS)[0]).toContain("G1: two effects");
  });
});

describe("the search", () => {
  /** A register: writes set it, reads have to see what is in it. */
  const write = (value: number, from: number, to: number, optional = false): Step<number> => ({
    name: `write ${value}`,
    from,
    to,
    optional,
    apply: () => value,
  });
  const read = (value: number, from: number, to: number): Step<number> => ({
    name: `read ${value}`,
    from,
    to,
    optional: false,
    apply: (state) => (state === value ? state : undefined),
  });

  test("finds the one order of writes that overlap in which every read is right", () => {
    const steps = [write(1, 0, 10), write(2, 0, 10), write(3, 0, 10), read(2, 0, 4), read(3, 5, 9), read(1, 11, 12)];
    expect(linearize(0, steps)).toEqual({
      ok: true,
      order: ["write 2", "read 2", "write 3", "read 3", "write 1", "read 1"],
    });
  });

  test("keeps the order of what does not overlap", () => {
    expect(linearize(0, [write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)])).toMatchObject({
      ok: false,
      stuck: ["read 1"],
    });
    expect(linearize(0, [read(1, 0, 1), write(1, 2, 3)])).toMatchObject({ ok: false, order: [] });
  });

  test("lets a step that may not have happened happen, late or never", () => {
    expect(linearize(0, [write(1, 0, Number.POSITIVE_INFINITY, true), read(0, 5, 6), read(1, 7, 8)]).ok).toBe(true);
    expect(linearize(0, [write(1, 0, Number.POSITIVE_INFINITY, true), read(0, 5, 6)]).ok).toBe(true);
    expect(linearize(0, [write(1, 7, Number.POSITIVE_INFINITY, true), read(1, 5, 6)]).ok).toBe(false);
  });

  test("says so when it gives up", () => {
    const steps = Array.from({ length: 12 }, (_, i) => write(i + 1, 0, 10));
    expect(linearize(0, [...steps, read(99, 11, 12)], 500)).toEqual({ ok: undefined, visited: 500 });
  });
});
