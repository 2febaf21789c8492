/** A trace in words that a person can follow: one line for each thing that happened, with the true time. */
import type { StoredRecord } from "../../src/core/record.ts";
import { callOf, isClaim } from "./ghost.ts";
import { at, type Request, type SeenEnding } from "./host.ts";
import type { LogEvent } from "./log.ts";
import { BEGIN_MS, type Scenario } from "./scenario.ts";
import type { Action, Fate } from "./world.ts";

/** `now`: the true time before the step. */
export function wordStep(
  scenario: Scenario,
  action: Action,
  log: readonly LogEvent[],
  now: number,
  then: number,
): string[] {
  const headline = wordAction(scenario, action, log, then);
  const rest = log.flatMap((event) => wordEvent(scenario, event, action));
  const time = `t=${now - BEGIN_MS} ms`.padEnd(14);
  return [`${time}${headline}`, ...rest.map((line) => `${" ".repeat(16)}${line}`)];
}

const FATES: Record<Fate, string> = {
  answered: "",
  delayed: "; the answer is on its way",
  answerLost: "; the answer is lost, and the call gets an error",
  throttled: " is throttled: not applied, the call gets an error",
  strayed: " is slow: the call gets an error, the request travels on",
  resent: "; the answer is lost, and the SDK sends the request again",
  doubled: " is slow: the SDK sends it again, the first copy travels on",
  forbidden: " is refused for good (no access)",
  tooLarge: " is refused: the store finds the result too large",
};

const NOT_EVALUATED: readonly Fate[] = ["throttled", "strayed", "doubled", "forbidden", "tooLarge"];

function wordAction(scenario: Scenario, action: Action, log: readonly LogEvent[], then: number): string {
  const name = (call: number): string => `call ${at(scenario.calls, call).name}`;
  switch (action.do) {
    case "start": {
      const { host, payload } = at(scenario.calls, action.call);
      const offset = at(scenario.hosts, host).clockOffsetMs;
      const clock = offset === 0 ? "" : `, its clock ${Math.abs(offset)} ms ${offset > 0 ? "ahead" : "behind"}`;
      return `${name(action.call)} starts on host ${host + 1}${clock}${payload === undefined ? "" : ` with payload ${payload}`}`;
    }
    case "request": {
      const event = log.find(({ kind }) => ["wrote", "unchanged", "failed"].includes(kind)) as
        | { call: number }
        | undefined;
      const who = event === undefined ? `a call of host ${action.host + 1}` : name(event.call);
      const what = evaluated(scenario, log);
      if (NOT_EVALUATED.includes(action.fate)) return `${who}: its request${FATES[action.fate]}`;
      return `${who}: ${what}${FATES[action.fate]}`;
    }
    case "deliver":
      return `the answer arrives${ofCall(scenario, log)}`;
    case "arrive":
      return `a copy of a request that travelled on arrives${ofCall(scenario, log)}: ${evaluated(scenario, log)}`;
    case "fire":
      return `a timer of host ${action.host + 1} fires`;
    case "finish":
      return `the handler of ${name(action.call)} ${FINISHES[action.outcome]}`;
    case "kill":
      return `host ${action.host + 1} is killed`;
    case "wait":
      return `time goes on to t=${then - BEGIN_MS} ms`;
    case "delete":
      return "TTL deletes the record";
    case "stepBack":
      return `the clock of host ${action.host + 1} is set back by ${at(scenario.hosts, action.host).stepBackMs} ms`;
  }
}

const FINISHES = {
  success: "succeeds",
  error: "throws",
  unstorable: "succeeds with a result that has no text",
  tooLarge: "succeeds with a result that is too large",
};

function ofCall(scenario: Scenario, log: readonly LogEvent[]): string {
  const event = log.find(({ kind }) => ["told", "wrote", "unchanged", "body", "bodyStored"].includes(kind)) as
    | { call: number }
    | undefined;
  return event === undefined ? "" : ` (call ${at(scenario.calls, event.call).name})`;
}

function evaluated(scenario: Scenario, log: readonly LogEvent[]): string {
  if (log.some(({ kind }) => kind === "bodyStored")) return "body stored";
  const about = log.find(({ kind }) => kind === "body");
  if (about?.kind === "body" && about.fares !== "sent") return about.request.verb === "putBody" ? "body" : "body read";
  const event = log.find(({ kind }) => kind === "wrote" || kind === "unchanged");
  if (event?.kind === "wrote") return wordWrite(scenario, event.before, event.after);
  if (event?.kind !== "unchanged") return "its request";
  const refused = `${wordRequest(event.request)} is not applied`;
  return event.request.verb === "read" ? "read" : refused;
}

function wordRequest(request: Request): string {
  if (request.verb !== "swap") return request.verb;
  return request.next.status === "IN_PROGRESS"
    ? "claim"
    : request.next.status === "COMPLETED"
      ? "completion"
      : request.next.status === "FAILED"
        ? "parking"
        : "release";
}

function wordWrite(scenario: Scenario, before: StoredRecord | undefined, after: StoredRecord): string {
  if (after.status === "FAILED") return `parked (fence ${after.fence}, attempt ${after.attempts})`;
  if (after.status === "RELEASED") return `release applied (fence ${after.fence})`;
  if (after.status === "COMPLETED") return `completion applied (fence ${after.fence})`;
  if (!isClaim(before, after)) return "its claim is written again";
  const over = before === undefined ? "" : ` over ${before.status} of call ${holder(scenario, before)}`;
  return `claim applied${over} (fence ${after.fence}, attempt ${after.attempts}, lease to t=${after.leaseUntil - BEGIN_MS} ms)`;
}

function holder(scenario: Scenario, record: StoredRecord): string {
  return scenario.calls[callOf(scenario, record.owner)]?.name ?? record.owner;
}

/** What the headline does not say already. */
function wordEvent(scenario: Scenario, event: LogEvent, action: Action): string[] {
  if (!("call" in event)) return [];
  const name = `call ${at(scenario.calls, event.call).name}`;
  switch (event.kind) {
    case "ran":
      return [`the handler of ${name} runs${event.terms.protected ? "" : " without protection"}`];
    case "ended":
      return [`${name} ${wordEnding(scenario, event.ending)}`];
    case "told":
      if (event.ok) return [];
      return [
        `${name} is shown ${event.seen === undefined ? "that there is no record" : `${event.seen.status} of call ${holder(scenario, event.seen)}`}`,
      ];
    case "said":
      return [`${name} says \`${event.event.type}\``];
    case "killed":
      return action.do === "kill" ? [`${name} dies with it`] : [];
    default:
      return [];
  }
}

function wordEnding(scenario: Scenario, ending: SeenEnding): string {
  if (ending.kind === "broke") return `breaks: ${ending.said}`;
  if (ending.kind === "refused") return `ends with ${ending.name}`;
  if (ending.kind === "parked") return `ends for good with ${ending.name}`;
  const what = ending.own ? "its own outcome" : `the outcome of call ${scenario.calls[ending.whose]?.name ?? "?"}`;
  return `${ending.kind === "returned" ? "returns" : "throws"} ${what}${ending.replayed ? ", marked as a replay" : ""}`;
}
