// Why: what was told is checked against three witnesses that know nothing of each other: the ledger (what the handlers really
// did), the queues (what is left, what is dead) and the event source mapping (what was delivered, and how often).

import type { OrderHistory } from "../examples/orders/ledger.ts";
import { orderSteps } from "../examples/orders/messages.ts";
import type { Deliveries } from "./demo-sqs-deliveries.ts";
import type { DemoMessage } from "./demo-sqs-messages.ts";

/** One line of the table: what was found, and where it matters what was told. */
export interface Finding {
  readonly what: string;
  readonly found: string;
  readonly told?: string;
  /** What was not as told, one by one. */
  readonly details?: readonly string[];
}

export interface Evidence {
  readonly sent: ReadonlyMap<string, DemoMessage>;
  readonly deliveries: Deliveries;
  readonly histories: ReadonlyMap<string, OrderHistory>;
  readonly deadLetters: readonly string[];
  readonly left: number;
  readonly kills: number;
}

/** As examples/orders/orders.ts has it. */
const maxAttempts = 3;
const runsNeeded = { slow: 1, "fail-once": 2, "fail-twice": 3, poison: maxAttempts, unreadable: 0 } as const;

/** The same lines for every queue, in the same order. */
export function findings(evidence: Evidence): Finding[] {
  const { sent, deliveries, histories, deadLetters, left, kills } = evidence;
  const messages = [...sent.values()];
  const works = [...new Map(messages.map((message) => [message.key, message])).values()];
  const readable = works.filter(({ kind }) => kind !== "unreadable");
  const dead = works.filter(({ kind }) => kind === "poison" || kind === "unreadable");
  const failing = works.filter(({ kind }) => kind === "fail-once" || kind === "fail-twice");
  const caught = new Map<string, number>();
  for (const [id, times] of deliveries.caught) {
    const key = sent.get(id)?.key ?? "";
    caught.set(key, times + (caught.get(key) ?? 0));
  }

  const runsOf = ({ orderId, step }: DemoMessage) =>
    (histories.get(orderId)?.runs ?? []).filter((run) => run.step === step);
  const effectsOf = ({ orderId, step }: DemoMessage) =>
    (histories.get(orderId)?.effects ?? []).filter((effect) => effect.step === step);
  const name = ({ key }: DemoMessage): string => key;

  const notOnce = readable.filter((work) => effectsOf(work).length !== 1);
  const sharedFences = readable.filter(
    (work) => new Set(runsOf(work).map(({ fence }) => fence)).size !== runsOf(work).length,
  );
  const fallingFences = readable.filter((work) =>
    runsOf(work).some((run, n, all) => run.fence <= (all[n - 1]?.fence ?? 0)),
  );
  const otherRuns = works.filter((work) => {
    const needed = work.kind === undefined ? 1 : runsNeeded[work.kind];
    const runs = runsOf(work).length;
    // An attempt that died counts as one, so where one did, another may be spared or needed.
    const died = caught.get(work.key) ?? 0;
    return died > 0 ? runs < Math.min(needed, 1) || runs > needed + died : runs !== needed;
  });
  const orders = [...new Set(messages.flatMap(({ group }) => group ?? []))];
  const outOfOrder = orders.filter((orderId) => !inOrder(histories.get(orderId) ?? {}));
  const strangers = [...histories.keys()].filter((orderId) => !works.some((work) => work.orderId === orderId));
  const attemptsOf = (work: DemoMessage): number =>
    runsOf(work).reduce((most, { attempt }) => Math.max(most, attempt), 1);
  const worksOf = Map.groupBy(works, ({ orderId }) => orderId);
  const copiesOf = Map.groupBy(messages, name);

  /**
   * A message comes back once for each attempt that failed or that it had to wait for, and where it waited once more to
   * learn the outcome. In a FIFO queue it also comes back with what failed before it in its group.
   */
  function receivesNeeded(id: string, message: DemoMessage): number {
    const retries = (worksOf.get(message.orderId) ?? []).reduce((sum, work) => sum + attemptsOf(work) - 1, 0);
    const waited = message.group === undefined && (copiesOf.get(message.key)?.length ?? 1) > 1 ? 1 : 0;
    return 1 + retries + waited + (deliveries.excused.get(id) ?? 0);
  }
  const buried = deadLetters.flatMap((body) => works.find((work) => work.body === body) ?? []);
  // Parked because their last attempt was killed, although they would have succeeded the next time.
  const spent = buried.filter(
    (work) => !dead.includes(work) && caught.has(work.key) && attemptsOf(work) === maxAttempts,
  );
  const burnt = [...sent].flatMap(([id, message]) => {
    const received = deliveries.receives.get(id) ?? 0;
    const dies = message.group === undefined && buried.some(({ key }) => key === message.key);
    return dies || received <= receivesNeeded(id, message) ? [] : [`${message.key}: received ${received} times`];
  });
  const waits = works.flatMap((work) => {
    const key = work.group === undefined ? work.key : JSON.stringify([work.orderId, work.step]);
    const times = deliveries.waits.get(key) ?? 0;
    return times > 0 ? [{ work, times, most: attemptsOf(work) * (copiesOf.get(work.key)?.length ?? 1) }] : [];
  });
  const runs = works.reduce((sum, work) => sum + runsOf(work).length, 0);

  return [
    { what: "Messages sent", found: String(messages.length) },
    { what: orders.length > 0 ? "  different events" : "  different orders", found: String(works.length) },
    { what: "  copies of an earlier one", found: String(messages.length - works.length) },
    { what: "  fail once or twice", found: String(failing.length) },
    { what: "  poison, or unreadable", found: String(dead.length) },
    { what: "Batches", found: String(deliveries.batches) },
    { what: "  consumer killed in mid-batch", found: String(deliveries.killed), told: String(kills) },
    { what: "  consumer out of time", found: String(deliveries.timedOut) },
    { what: "Handler runs", found: String(runs) },
    tell(
      "  neither too many nor too few",
      works.length,
      otherRuns.map((w) => `${w.key} (${w.kind ?? "no trouble"}): ${runsOf(w).length} runs`),
    ),
    tell("  a fence of its own for each", runs, [...sharedFences, ...fallingFences].map(name)),
    tell("Effects, exactly one of each", readable.length, [
      ...notOnce.map((w) => `${w.key}: ${effectsOf(w).length} effects`),
      ...strangers,
    ]),
    orders.length === 0
      ? { what: "  order kept in each group", found: "" }
      : tell("  order kept in each group", orders.length, outOfOrder),
    {
      what: "Dead letters: poison and unreadable",
      found: String(buried.length - spent.length),
      told: String(dead.length),
      details: buried.filter((work) => !dead.includes(work)).map((work) => `${work.key}: attempt ${attemptsOf(work)}`),
    },
    { what: "  last attempt killed", found: String(spent.length) },
    { what: "Left in the queue", found: String(left), told: "0" },
    { what: "Had to wait for another process", found: String(waits.reduce((sum, { times }) => sum + times, 0)) },
    tell(
      "  once for each of its attempts",
      waits.length,
      waits.filter(({ times, most }) => times > most).map(({ work, times }) => `${work.key}: waited ${times} times`),
    ),
    tell("Received no oftener than needed", messages.length, burnt),
  ];
}

/** "84 of 84"; what is in `wrong` is missing from the first number. */
function tell(what: string, all: number, wrong: readonly string[]): Finding {
  return { what, found: `${all - wrong.length} of ${all}`, told: `${all} of ${all}`, details: wrong };
}

/** Every run, and every effect, comes after those of the steps before it. */
function inOrder({ runs = [], effects = [] }: OrderHistory): boolean {
  const rises = (steps: readonly { readonly step: string }[]): boolean => {
    const numbers = steps.map(({ step }) => orderSteps.indexOf(step as (typeof orderSteps)[number]));
    return numbers.every((number, index) => number >= (numbers[index - 1] ?? 0));
  };
  return rises(runs) && rises(effects);
}
