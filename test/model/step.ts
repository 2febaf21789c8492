/**
 * Makes one step happen, writes down what an outside observer sees of it, and has each of that judged.
 */
import type { StoredRecord } from "../../src/core/record.ts";
import { disturbed, sleepsOver } from "./actions.ts";
import { keysOf, observe } from "./ghost.ts";
import {
  at,
  type BodyRequest,
  type Burst,
  type Input,
  isAboutBody,
  type PendingOp,
  type Request,
  refOf,
  type StoreError,
} from "./host.ts";
import { judge } from "./invariants.ts";
import type { LogEvent } from "./log.ts";
import type { Box, Machine } from "./machine.ts";
import { LONGEST_TRAVEL_MS, type Scenario } from "./scenario.ts";
import { type Action, type Answered, type Fate, isAnswered, type State } from "./world.ts";

export interface Step {
  readonly state: State;
  readonly log: readonly LogEvent[];
  /** The first rule that was broken. */
  readonly broken: string | undefined;
}
export async function step(machine: Machine, scenario: Scenario, from: State, action: Action): Promise<Step> {
  let state = from;
  let broken: string | undefined;
  const log: LogEvent[] = [];

  const note = (event: LogEvent): void => {
    log.push(event);
    broken ??= judge(scenario, state.ghost, event, state.now);
    state = { ...state, ghost: observe(scenario, state.ghost, event, state.now) };
  };
  const local = (host: number): number => state.now + at(state.hosts, host).offset;

  async function feed(host: number, input: Input, inputKey: string): Promise<void> {
    const before = at(state.hosts, host);
    const place = await machine.feed(before.place, input, inputKey, local(host));
    state = { ...state, hosts: replaced(state.hosts, host, { ...before, place }) };
    noteBurst(place.burst, before.place.burst, host);
  }

  function noteBurst(burst: Burst, before: Burst, host: number): void {
    for (const output of burst.outputs) {
      const { call } = output;
      if (output.kind === "handler") note({ kind: "ran", call, terms: output.told, localNow: local(host) });
      else if (output.kind === "event") note({ kind: "said", call, event: output.event, localNow: local(host) });
      else note({ kind: "ended", call, ending: output.ending, localNow: local(host) });
    }
    for (const { op, call, request } of burst.pending) {
      if (before.pending.some((known) => known.op === op)) continue;
      if (isAboutBody(request)) note({ kind: "body", call, request, fares: "sent", localNow: local(host) });
      else note({ kind: "sent", call, request, localNow: local(host) });
    }
    for (const { op, call, request, sentAt } of burst.left) {
      if (!isAnswered(state, host, op)) stray(call, machine.box(request), sentAt);
    }
    const isOpen = (answer: Answered): boolean =>
      answer.host !== host || burst.pending.some((pending) => pending.op === answer.op);
    if (!state.answered.every(isOpen)) state = { ...state, answered: state.answered.filter(isOpen) };
  }

  function stray(call: number, request: Box<Request>, sentAt: number): void {
    if (request.value.verb === "read" || request.value.verb === "getBody" || !scenario.strays) return;
    const stragglers = [...state.stragglers, { call, request, sentAt }];
    state = { ...state, stragglers: stragglers.sort((a, b) => a.call - b.call || a.request.n - b.request.n) };
  }

  async function evaluate(
    call: number,
    request: Box<Request>,
    sentAt: number,
    straggler: boolean,
  ): Promise<Box<unknown>> {
    if (isAboutBody(request.value)) return evaluateBody(call, request.value);
    const key = keysOf(scenario).indexOf(at(scenario.calls, call).key);
    const before = state.records[key];
    const { answer, after } = await machine.apply(before, request as Box<Exclude<Request, BodyRequest>>);
    state = { ...state, records: replaced(state.records, key, after) };
    if (after === undefined || after === before) note({ kind: "unchanged", call, request: request.value, straggler });
    else note({ kind: "wrote", call, before: before?.value, after: after.value, sentAt, straggler });
    return answer;
  }

  function evaluateBody(call: number, request: BodyRequest): Box<unknown> {
    if (request.verb === "getBody")
      return machine.boxAnswer(state.ghost.bodies.find((body) => refOf(body) === request.ref)?.data);
    note({ kind: "bodyStored", call, body: request.body });
    return machine.boxAnswer(refOf(request.body));
  }

  async function answer(host: number, pending: PendingOp, box: Box<unknown>): Promise<void> {
    const { call, op, request } = pending;
    if (isAboutBody(request)) note({ kind: "body", call, request, fares: "answered", localNow: local(host) });
    else note({ kind: "told", call, request, ...readAnswer(request, box.value) });
    await feed(host, { kind: "answer", op, answer: box.value }, `a${op}.${box.n}`);
  }

  async function fail(host: number, { call, op, request }: PendingOp, error: StoreError): Promise<void> {
    if (isAboutBody(request)) note({ kind: "body", call, request, fares: "failed", localNow: local(host) });
    else note({ kind: "failed", call, request, error });
    await feed(host, { kind: "error", op, error }, `e${op}.${error}`);
  }

  async function meet(host: number, pending: PendingOp, fate: Fate): Promise<void> {
    const { call, op, sentAt } = pending;
    const request = machine.box(pending.request);
    if (fate === "answered") return answer(host, pending, await evaluate(call, request, sentAt, false));
    state = { ...state, faults: state.faults + 1 };
    switch (fate) {
      case "delayed": {
        const box = await evaluate(call, request, sentAt, false);
        state = { ...state, answered: [...state.answered, { host, op, answer: box }].sort(byHost) };
        return;
      }
      case "answerLost":
        await evaluate(call, request, sentAt, false);
        return fail(host, pending, "unavailable");
      case "throttled":
        return fail(host, pending, "unavailable");
      case "strayed":
        stray(call, request, sentAt);
        return fail(host, pending, "unavailable");
      case "resent":
        await evaluate(call, request, sentAt, false);
        return;
      case "doubled":
        return stray(call, request, sentAt);
      case "forbidden":
        return fail(host, pending, "fatal");
      case "tooLarge":
        return fail(host, pending, "tooLarge");
    }
  }

  switch (action.do) {
    case "start": {
      const { host } = at(scenario.calls, action.call);
      note({ kind: "started", call: action.call, localNow: local(host) });
      await feed(host, { kind: "start", call: action.call }, `s${action.call}`);
      break;
    }
    case "request":
      await meet(action.host, pendingOf(state, action.host, action.op), action.fate);
      break;
    case "deliver": {
      const { host, op } = action;
      const delivered = state.answered.find((a) => a.host === host && a.op === op);
      state = { ...state, answered: state.answered.filter((a) => a !== delivered) };
      await answer(host, pendingOf(state, host, op), (delivered as Answered).answer);
      break;
    }
    case "arrive": {
      const { call, request, sentAt } = at(state.stragglers, action.index);
      state = { ...state, stragglers: state.stragglers.filter((_, i) => i !== action.index) };
      await evaluate(call, request, sentAt, true);
      break;
    }
    case "fire":
      await feed(action.host, { kind: "timer", timer: action.timer }, `t${action.timer}`);
      break;
    case "finish": {
      const { host } = at(scenario.calls, action.call);
      note({ kind: "finished", call: action.call, outcome: action.outcome, localNow: local(host) });
      await feed(
        host,
        { kind: "finish", call: action.call, outcome: action.outcome },
        `f${action.call}.${action.outcome}`,
      );
      break;
    }
    case "kill": {
      const { host } = action;
      const { pending, live } = at(state.hosts, host).place.burst;
      for (const op of pending) if (!isAnswered(state, host, op.op)) stray(op.call, machine.box(op.request), op.sentAt);
      state = {
        ...state,
        faults: state.faults + 1,
        answered: state.answered.filter((a) => a.host !== host),
        hosts: replaced(state.hosts, host, { ...at(state.hosts, host), killed: true }),
      };
      for (const call of live) note({ kind: "killed", call });
      break;
    }
    case "wait": {
      const { until } = action;
      const faults = state.faults + disturbed(state, until).length;
      const hosts = state.hosts.map((host) => ({ ...host, overslept: host.overslept || sleepsOver(host, until) }));
      const stragglers = state.stragglers.filter(({ sentAt }) => until - sentAt <= LONGEST_TRAVEL_MS);
      state = { ...state, now: until, hosts, stragglers, faults };
      const punctual = scenario.calls.flatMap((plan, i) => {
        const { killed, overslept } = at(hosts, plan.host);
        return killed || overslept ? [] : [i];
      });
      note({ kind: "moved", punctual });
      break;
    }
    case "delete": {
      const record = state.records[action.key] as Box<StoredRecord>;
      state = { ...state, records: replaced(state.records, action.key, undefined) };
      note({ kind: "deleted", key: action.key, record: record.value });
      break;
    }
    case "stepBack": {
      const host = at(state.hosts, action.host);
      const offset = host.offset - (at(scenario.hosts, action.host).stepBackMs ?? 0);
      state = { ...state, hosts: replaced(state.hosts, action.host, { ...host, offset }) };
      break;
    }
  }
  return { state, log, broken };
}

function byHost(a: Answered, b: Answered): number {
  return a.host - b.host || a.op - b.op;
}

function pendingOf(state: State, host: number, op: number): PendingOp {
  const found = at(state.hosts, host).place.burst.pending.find((pending) => pending.op === op);
  if (found === undefined) throw new Error(`The model has no request ${op} on host ${host}`);
  return found;
}

function readAnswer(request: Request, answer: unknown): { ok: boolean; seen: StoredRecord | undefined } {
  if (request.verb === "read") return { ok: false, seen: answer as StoredRecord | undefined };
  const { ok, seen } = answer as { ok: boolean; seen?: StoredRecord };
  return { ok, seen };
}

function replaced<T>(items: readonly T[], index: number, item: T): T[] {
  return items.map((old, i) => (i === index ? item : old));
}
