/**
 * What must hold of the calls of one key, said directly and one by one, so that a violation has a name. The checker in
 * `once-spec.ts` asks the same as a whole.
 */
import type { Call, Effect, Run, Terms } from "./history.ts";
import { describeCall } from "./history.ts";
import { linearizeCalls } from "./once-spec.ts";

/** Every violation, in words. `calls` and `effects` are those of one key. */
export function violationsOf(calls: readonly Call[], effects: readonly Effect[], terms: Terms): readonly string[] {
  const found = [
    ...onePerClaim(calls),
    ...effectsPerFence(effects),
    ...overlaps(calls, terms),
    ...leases(calls),
    ...lateRuns(calls, terms),
    ...answers(calls, terms),
    ...ownErrors(calls),
    ...unknownClaims(calls, terms),
    ...effectKeys(calls),
  ];
  const linearized = linearizeCalls(calls, terms);
  if (linearized.ok === undefined) found.push(`not decided: linearizability, after ${linearized.visited} states`);
  if (linearized.ok === false) {
    found.push(
      `not linearizable: after [${linearized.order.join(", ")}] the key is ${linearized.state}, and none of [${linearized.stuck.join(
        ", ",
      )}] can be next`,
    );
  }
  return found.length === 0 ? [] : [...found, ...calls.map(describeCall)];
}

/** G17 */
function onePerClaim(calls: readonly Call[]): string[] {
  return calls.filter(({ runs }) => runs.length > 1).map(({ name, runs }) => `G17: ${name} ran ${runs.length} times`);
}

/** G1 */
function effectsPerFence(effects: readonly Effect[]): string[] {
  const fences = effects.map(({ fence }) => fence);
  return fences
    .filter((fence, i) => fences.indexOf(fence) !== i)
    .map(
      (fence) => `G1: two effects with the fence ${fence}: ${JSON.stringify(effects.filter((e) => e.fence === fence))}`,
    );
}

interface Ran {
  readonly call: Call;
  readonly run: Run;
}

export function byFence(calls: readonly Call[]): readonly Ran[] {
  return calls.flatMap((call) => call.runs.map((run) => ({ call, run }))).sort((a, b) => a.run.fence - b.run.fence);
}

/** G1, G9: of two runs, the later claim's begins when the earlier one ended, or after the earlier one's lease. */
function overlaps(calls: readonly Call[], { toleranceMs }: Terms): string[] {
  const ran = byFence(calls);
  return ran.flatMap((earlier, i) =>
    ran.slice(i + 1).flatMap((later) => {
      const { run: a } = earlier;
      const { run: b } = later;
      const over = a.ended !== undefined && a.ended.order < b.began.order;
      if (over || b.began.at > a.leaseUntil + toleranceMs) return [];
      return [
        `G9: ${later.call.name} ran beside ${earlier.call.name}, whose lease ended ${a.leaseUntil + toleranceMs - b.began.at} ms later`,
      ];
    }),
  );
}

/** Between the engine's look at the clock and the handler's own. */
const SLACK_MS = 250;

/** A claim whose answer came after its lease is none: another may have begun. A process that is paused cannot know. */
function lateRuns(calls: readonly Call[], { toleranceMs }: Terms): string[] {
  return calls.flatMap(({ name, runs, wasPaused }) =>
    runs
      .filter(({ began, leaseUntil }) => wasPaused !== true && began.at > leaseUntil + toleranceMs + SLACK_MS)
      .map(({ began, leaseUntil }) => `G9: ${name} began ${began.at - leaseUntil} ms after its own lease`),
  );
}

/** Between two looks at one clock. */
const TICK_MS = 10;

/** G9, G24: a lease is at least as long as was asked for, and ends. */
function leases(calls: readonly Call[]): string[] {
  return calls.flatMap(({ name, invoked, leaseMs, runs }) =>
    runs
      .filter(
        ({ leaseUntil }) =>
          !(leaseUntil > invoked.at + leaseMs - TICK_MS && leaseUntil < invoked.at + leaseMs + 3_600_000),
      )
      .map(({ leaseUntil }) => `G9: the lease of ${name} ends at ${leaseUntil}, invoked at ${invoked.at}`),
  );
}

const payloadOf = (value: string): string => value.split(" by ")[0] ?? "";
const authorOf = (value: string): string => value.split(" by ")[1] ?? "";

/** G6, G7: what is given back is marked, is of the same payload, and is the same for all. */
function answers(calls: readonly Call[], terms: Terms): string[] {
  const found: string[] = [];
  const settled = new Map<string, string[]>();
  for (const call of calls) {
    const { answer, name, payload } = call;
    if (answer?.kind !== "value" && answer?.kind !== "threw") continue;
    if (payloadOf(answer.value) !== payload) found.push(`G7: ${name} was given "${answer.value}", of another payload`);
    if ((authorOf(answer.value) === name) === answer.replayed)
      found.push(`G6: ${name} was given "${answer.value}" ${answer.replayed ? "as" : "not as"} a replay`);
    const isStored = answer.kind === "value" || terms.storesErrors;
    const unstorable = call.runs[0]?.came?.kind === "returnedUnstorable";
    if (!isStored || unstorable || call.events.includes("completionFailed") || call.events.includes("released"))
      continue;
    if (answer.kind === "threw" && call.events.includes("ownershipLost")) continue;
    const text = `${answer.kind} ${answer.value}`;
    settled.set(text, [...(settled.get(text) ?? []), `${name}${answer.replayed ? " (replay)" : ""}`]);
  }
  const firsts = [...settled].flatMap(([text, names]) =>
    names.filter((name) => !name.includes("(replay)")).map((name) => `${name}: ${text}`),
  );
  const lasting = terms.ttlSeconds >= 60;
  if (lasting && settled.size > 1) found.push(`G5: outcomes of one key differ: ${JSON.stringify([...settled])}`);
  if (lasting && firsts.length > 1) found.push(`G6: more than one first outcome: ${firsts.join("; ")}`);
  return found;
}

/** G16 */
function ownErrors(calls: readonly Call[]): string[] {
  return calls.flatMap(({ name, runs, answer }) => {
    const came = runs[0]?.came;
    if (came?.kind !== "threw" || answer === undefined) return [];
    const own = answer.kind === "threw" && answer.value === came.value && !answer.replayed;
    return own ? [] : [`G16: ${name} threw "${came.value}", and its caller got ${JSON.stringify(answer)}`];
  });
}

/** G10, as a caller sees it: who is told that the store failed was not run, unless it was storing that failed. */
function unknownClaims(calls: readonly Call[], terms: Terms): string[] {
  return calls.flatMap(({ name, runs, answer, events }) => {
    if (answer?.kind !== "refused" || answer.name !== "StoreUnavailableError" || runs.length === 0) return [];
    if (terms.throwsWhenCompletionFails && events.includes("completionFailed")) return [];
    return [`G10: ${name} ran, and was told that the store is unavailable`];
  });
}

/** G22 */
function effectKeys(calls: readonly Call[]): string[] {
  const keys = new Set(calls.flatMap(({ runs }) => runs.map(({ effectKey }) => effectKey)));
  return keys.size > 1 ? [`G22: one key has several effect keys: ${[...keys].join(", ")}`] : [];
}
