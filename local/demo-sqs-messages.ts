// Why: what the demo sends: orders to a standard queue and order events to a FIFO queue, some of them twice, some of them
// trouble. The same number and seed give the same messages, so that a run can be played again.

import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { orderSteps } from "../examples/orders/messages.ts";
import type { Trouble } from "../examples/orders/simulate.ts";

/** `unreadable` is a message that is no order at all. */
export type Kind = Trouble | "unreadable" | undefined;

export interface DemoMessage {
  /** What the message is about. Messages with the same one are copies: it has to happen once. */
  readonly key: string;
  readonly orderId: string;
  readonly step: string;
  readonly kind: Kind;
  readonly body: string;
  /** The message group, in a FIFO queue. */
  readonly group?: string;
}

export interface Plan {
  readonly standard: readonly DemoMessage[];
  readonly fifo: readonly DemoMessage[];
  /** In each queue, the one whose consumer is killed while it is at work on it. */
  readonly victims: readonly [standard: DemoMessage, fifo: DemoMessage];
}

/** At least 40 messages: three in five for the standard queue. */
export function planMessages(count: number, seed: number): Plan {
  const random = randomFrom(seed);
  const standard = planOrders(Math.round(count * 0.6), random);
  const fifo = planEvents(count - standard.length, random);
  const victim = (messages: readonly DemoMessage[]): DemoMessage =>
    messages.find(({ orderId, kind }) => kind === "slow" && /-1$/.test(orderId)) as DemoMessage;
  return { standard, fifo, victims: [victim(standard), victim(fifo)] };
}

/** Three of ten messages are copies, sent a little later. */
function planOrders(count: number, random: () => number): DemoMessage[] {
  const copies = Math.round(count * 0.3);
  const orders = Array.from({ length: count - copies - 1 }, (_, index): DemoMessage => {
    const kind: Kind = index === 7 ? "poison" : index % 20 === 0 ? "slow" : troubleAtRandom(random);
    const orderId = `order-${index + 1}`;
    return message({ key: orderId, orderId, step: "ship", kind }, { sku: "book", quantity: 1 + (index % 3) });
  });
  const [victim, ...others] = orders as [DemoMessage, ...DemoMessage[]];
  const slow = others.filter(({ kind }) => kind === "slow");
  const rest = shuffled(others, random).filter(({ kind }) => kind !== "slow" && kind !== "poison");
  const sent = [...orders];
  // A consumer takes ten at a time: the copies meet the first ones while another process is at work on them, or later.
  for (const copy of [...slow, ...rest].slice(0, copies - 1)) {
    sent.splice(sent.indexOf(copy) + 10 + Math.floor(random() * 10), 0, copy);
  }
  const unreadable = { key: "unreadable", orderId: "unreadable", step: "ship", kind: "unreadable" } as const;
  sent.splice(4, 0, { ...unreadable, body: '{"orderId":"order-' });
  // This one comes when its process has been killed, and has to wait until it must be dead.
  sent.splice(Math.min(100, sent.length), 0, victim);
  return sent;
}

/** For each order its four events and the copy of one, beside those of other orders. At most one event of an order is trouble. */
function planEvents(count: number, random: () => number): DemoMessage[] {
  const groups: DemoMessage[][] = [];
  for (let left = count; left > 0; ) {
    const orderId = `tracked-${groups.length + 1}`;
    const troubled = Math.floor(random() * orderSteps.length);
    const group = orderSteps.slice(0, left).map((step, index) => {
      const trouble = groups.length % 20 === 0 ? "slow" : groups.length === 3 ? "poison" : troubleAtRandom(random, 4);
      const kind = index === troubled ? trouble : undefined;
      return message({ key: `${orderId} ${step}`, orderId, step, kind, group: orderId }, {});
    });
    const copied = Math.floor(random() * group.length);
    const copy = group[copied] as DemoMessage;
    const after = copied + 1 + Math.floor(random() * (group.length - copied));
    if (group.length < left && copy.kind !== "poison") group.splice(after, 0, copy);
    left -= group.length;
    groups.push(group);
  }
  const sent: DemoMessage[] = [];
  const open = groups.splice(0, 8);
  while (open.length > 0) {
    const at = Math.floor(random() * open.length);
    sent.push(...(open[at] as DemoMessage[]).splice(0, 1 + Math.floor(random() * 3)));
    if (open[at]?.length === 0) open.splice(at, 1, ...groups.splice(0, 1));
  }
  return sent;
}

function troubleAtRandom(random: () => number, factor = 1): Kind {
  const dice = random() / factor;
  return dice < 0.05 ? "fail-once" : dice < 0.07 ? "fail-twice" : undefined;
}

function message(about: Omit<DemoMessage, "body">, more: object): DemoMessage {
  const { orderId, step, kind: simulate, group } = about;
  const body = { orderId, ...(group === undefined ? {} : { step }), ...more, ...(simulate ? { simulate } : {}) };
  return { ...about, body: JSON.stringify(body) };
}

/** Sends with the AWS SDK, ten at a time and in order, and gives what was sent by message id. */
export async function send(
  client: SQSClient,
  QueueUrl: string,
  messages: readonly DemoMessage[],
  onSent: (count: number) => void,
): Promise<Map<string, DemoMessage>> {
  const sent = new Map<string, DemoMessage>();
  for (let from = 0; from < messages.length; from += 10) {
    const batch = messages.slice(from, from + 10);
    const Entries = batch.map(({ body, group }, index) => ({
      Id: String(index),
      MessageBody: body,
      // An id of its own for each: the copies are sent on purpose, and must not be dropped by the queue.
      ...(group === undefined ? {} : { MessageGroupId: group, MessageDeduplicationId: String(from + index) }),
    }));
    const { Successful = [], Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    if (Failed.length > 0) throw new Error(`${Failed.length} messages could not be sent: ${Failed[0]?.Message}`);
    for (const { Id, MessageId = "" } of Successful) sent.set(MessageId, batch[Number(Id)] as DemoMessage);
    onSent(Successful.length);
  }
  return sent;
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const at = Math.floor(random() * (last + 1));
    [result[last], result[at]] = [result[at] as T, result[last] as T];
  }
  return result;
}

/** A small generator (mulberry32): the same seed gives the same numbers from 0 to 1. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
