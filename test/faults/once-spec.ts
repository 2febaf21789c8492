/**
 * What the library promises about one key, as a machine with one register and a claim on it; and how a recorded call is
 * made of steps of it. A call is not one step: it claims, and later it settles. What it was refused by, or given back, is
 * something that it saw in between.
 *
 * G1, G2, G5 to G7, G9 to G14 and G17, as far as callers can see them.
 */
import type { Call, Run, Terms } from "./history.ts";
import { type Linearization, linearize, type Step } from "./linearizability.ts";

type Payload = string;

export type KeyState =
  | { readonly kind: "none"; readonly fence: number }
  | {
      readonly kind: "running";
      readonly fence: number;
      readonly by: string;
      readonly payload: Payload;
      readonly leaseUntil: number;
      readonly attempts: number;
    }
  | { readonly kind: "free"; readonly fence: number; readonly attempts: number }
  | {
      readonly kind: "done";
      readonly fence: number;
      readonly by: string;
      readonly payload: Payload;
      readonly value: string;
      readonly attempts: number;
      /** Between these it was stored, epoch milliseconds. */
      readonly from: number;
      readonly to: number;
    };

export const UNSTORABLE = "(not storable)";
/** Below this many seconds a record may expire within a history: attempts are then counted anew now and then. */
const LONG_TTL = 60;
const NEVER = Number.POSITIVE_INFINITY;

type KeyStep = Step<KeyState>;

/** Whether the calls for one key, whoever made them, can have been one after the other. */
export function linearizeCalls(calls: readonly Call[], terms: Terms): Linearization {
  return linearize<KeyState>(
    { kind: "none", fence: 0 },
    calls.flatMap((call) => stepsOf(call, terms)),
  );
}

export function stepsOf(call: Call, terms: Terms): readonly KeyStep[] {
  const [run] = call.runs;
  const { answer, waits, unseen = 0 } = call;
  const untold = answer === undefined || (answer.kind === "refused" && answer.name === "StoreUnavailableError");
  const broken =
    run === undefined && (untold || (waits && answer.kind === "refused" && answer.name === "InProgressError"));
  return [
    ...Array.from({ length: Math.max(unseen, broken ? 1 : 0) }, () => phantom(call, terms)),
    ...(run === undefined ? stepsWithoutRun(call, terms) : [claim(call, run, terms), ...endOf(call, run, terms)]),
  ];
}

function stepsWithoutRun(call: Call, terms: Terms): readonly KeyStep[] {
  const { answer } = call;
  const from = call.invoked.order;
  const to = call.answered?.order ?? NEVER;
  if (answer === undefined) return [];
  if (answer.kind === "done") return [observe(call, "found it done", from, to, (state) => doneFor(state, call, terms))];
  if (answer.kind === "value" || answer.kind === "threw")
    return [replay(call, storedAs(answer.kind, answer.value), from, to, terms)];
  switch (answer.name) {
    case "InProgressError":
      // It may be its own, of whose claim it heard too late.
      return [
        observe(call, "met a running attempt", from, to, (s) => s.kind === "running" && s.payload === call.payload),
      ];
    case "PayloadMismatchError":
      return [observe(call, "met another payload", from, to, (s) => "payload" in s && s.payload !== call.payload)];
    case "ResultNotStorableError":
      return [replay(call, UNSTORABLE, from, to, terms)];
    case "StoreUnavailableError":
      return [];
    default:
      return [observe(call, `was refused with ${answer.name}`, from, to, () => false)];
  }
}

/** What stands in the register for an outcome. */
function storedAs(kind: "value" | "threw", value: string): string {
  return kind === "threw" ? `threw ${value}` : value;
}

/** A claim of which the caller learned: its handler ran. */
function claim(call: Call, run: Run, terms: Terms): KeyStep {
  const { fence, attempt, leaseUntil, began } = run;
  return {
    name: `${call.name} claims with fence ${fence}`,
    from: call.invoked.order,
    to: began.order,
    optional: false,
    apply: (state) => {
      if (fence <= state.fence) return undefined;
      const next = claimable(state, began.at, terms);
      if (next === undefined || (attempt !== next && terms.ttlSeconds >= LONG_TTL)) return undefined;
      return { kind: "running", fence, by: call.name, payload: call.payload, leaseUntil, attempts: attempt };
    },
  };
}

/** A claim whose fate nobody learned: it may have arrived, also after the caller was told that it failed. */
function phantom(call: Call, terms: Terms): KeyStep {
  return {
    name: `${call.name} claims unseen`,
    from: call.invoked.order,
    to: NEVER,
    optional: true,
    apply: (state) => {
      const attempts = claimable(state, call.answered?.at ?? call.died?.at ?? NEVER, terms);
      if (attempts === undefined) return undefined;
      const leaseUntil = call.invoked.at + call.leaseMs;
      return { kind: "running", fence: state.fence, by: call.name, payload: call.payload, leaseUntil, attempts };
    },
  };
}

/** The number of an attempt that decides to claim in this state at `at` at the latest; `undefined` if it may not. */
function claimable(state: KeyState, at: number, terms: Terms): number | undefined {
  switch (state.kind) {
    case "none":
      return 1;
    case "free":
      return state.attempts + 1;
    case "running":
      return at > state.leaseUntil + terms.toleranceMs ? state.attempts + 1 : undefined;
    case "done":
      return at !== NEVER && at >= state.from + terms.ttlSeconds * 1_000 ? 1 : undefined;
  }
}

function observe(call: Call, what: string, from: number, to: number, holds: (state: KeyState) => boolean): KeyStep {
  return { name: `${call.name} ${what}`, from, to, optional: false, apply: (s) => (holds(s) ? s : undefined) };
}

function doneFor(state: KeyState, call: Call, terms: Terms): state is KeyState & { kind: "done" } {
  // Expiry is kept in whole seconds, rounded up.
  return (
    state.kind === "done" &&
    state.payload === call.payload &&
    state.by !== call.name &&
    call.invoked.at <= state.to + (terms.ttlSeconds + 1) * 1_000
  );
}

function replay(call: Call, value: string, from: number, to: number, terms: Terms): KeyStep {
  return observe(call, `was given "${value}"`, from, to, (s) => doneFor(s, call, terms) && s.value === value);
}

/** What a call whose handler ran did to the register at its end, and what it saw there. */
function endOf(call: Call, run: Run, terms: Terms): readonly KeyStep[] {
  const { answer, answered, events } = call;
  const { came, ended } = run;
  if (came === undefined || ended === undefined) return [];
  const to = answered?.order ?? NEVER;
  const keeps = came.kind !== "threw" || terms.storesErrors;
  const text =
    came.kind === "returnedUnstorable" ? UNSTORABLE : storedAs(came.kind === "threw" ? "threw" : "value", came.value);
  const failures =
    events.filter((type) => type === "completionFailed").length - (came.kind === "returnedUnstorable" ? 1 : 0);
  const lost = events.includes("ownershipLost");
  const settles = (optional: boolean): KeyStep =>
    settle(call, ended.order, optional ? NEVER : to, optional, keeps ? text : undefined, ended.at, answered?.at);
  // A body that could not be written leaves a marker in place of the outcome.
  const marks = terms.mayMark === true && keeps && failures > 0;
  const marker = marks ? [settle(call, ended.order, NEVER, true, UNSTORABLE, ended.at, undefined)] : [];
  if (answer === undefined || failures > 0) return [settles(true), ...marker];
  if (!lost) return [settles(false)];

  // Its own write may have been there and gone again: released and claimed anew, or stored and expired.
  const own = keeps && terms.ttlSeconds >= LONG_TTL ? [] : [settles(true)];
  if (answer.kind === "value" && answer.replayed) return [...own, replay(call, answer.value, ended.order, to, terms)];
  if (answer.kind === "done")
    return [...own, observe(call, "found it done", ended.order, to, (s) => doneFor(s, call, terms))];
  if (answer.kind === "refused" && answer.name === "ResultNotStorableError")
    return [...own, replay(call, UNSTORABLE, ended.order, to, terms)];
  return [
    ...own,
    observe(
      call,
      "lost it",
      ended.order,
      to,
      (s) => s.kind !== "none" && !(s.kind === "running" && s.by === call.name),
    ),
  ];
}

/** Stores `text`, or gives the claim up where there is none. */
function settle(
  call: Call,
  from: number,
  to: number,
  optional: boolean,
  text: string | undefined,
  fromAt: number,
  toAt: number | undefined,
): KeyStep {
  return {
    name: text === undefined ? `${call.name} releases` : `${call.name} stores "${text}"`,
    from,
    to,
    optional,
    apply: (state) => {
      if (state.kind !== "running" || state.by !== call.name) return undefined;
      const { fence, attempts, payload } = state;
      if (text === undefined) return { kind: "free", fence, attempts };
      const until = optional || toAt === undefined ? NEVER : toAt;
      return { kind: "done", fence, by: call.name, payload, value: text, attempts, from: fromAt, to: until };
    },
  };
}
