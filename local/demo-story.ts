// Why: the story that the demo plays: what is sent, and what is told to come back and to stand in the ledger. Each
// chapter has an order and a key of its own, so it can be read, moved or played alone.

import { setTimeout as sleep } from "node:timers/promises";
import { type DemoClient, describeLedger, describeReply, type PaymentBody, type Reply } from "./demo-client.ts";
import { progress, type Row } from "./demo-table.ts";

export interface World {
  readonly client: DemoClient;
  /** Starts another instance of the service, which takes over once the first is killed. */
  readonly startAnother: () => Promise<void>;
  readonly killService: () => Promise<void>;
  /** An order of this demo's own run, with a key for it. */
  readonly order: (letter: string) => { readonly payment: PaymentBody; readonly key: string };
}

export interface Chapter {
  readonly title: string;
  readonly play: (world: World) => AsyncIterable<Row>;
}

const once = "1 run, 1 charge";
const refused = "409, retry in N s";

const repeated: Chapter = {
  title: "the same payment again",
  async *play({ client, order }) {
    const { payment, key } = order("A");
    const sent = "/payments  key A";
    const ledger = async (): Promise<string> => describeLedger(await client.ledger(payment.orderId));

    const first = await client.pay("/payments", key, payment);
    const firstTold = { back: "201", ledger: once };
    yield { step: "First call", sent, back: describeReply(first), ledger: await ledger(), told: firstTold };

    const again = await client.pay("/payments", key, payment);
    const againTold = { back: "201 replay, same bytes", ledger: once };
    yield { step: "The same again", sent, back: describeReply(again, first), ledger: await ledger(), told: againTold };

    const other = await client.pay("/payments", key, { ...payment, amount: payment.amount + 1 });
    const otherTold = { back: "422", ledger: once };
    yield { step: "Same key, other amount", sent, back: describeReply(other), ledger: await ledger(), told: otherTold };
  },
};

const tenAtOnce: Chapter = {
  title: "ten at once",
  async *play({ client, order }) {
    const { payment, key } = order("B");
    const sent = "/payments  key B";
    const pay = (): Promise<Reply> => client.pay("/payments", key, { ...payment, simulate: "slow" });
    const replies = await Promise.all(Array.from({ length: 10 }, pay));
    const kinds = Map.groupBy(replies, (reply) => `${reply.status}${reply.replayed ? " replay" : ""}`);
    const ledger = describeLedger(await client.ledger(payment.orderId));
    const back = `${kinds.get("201")?.length ?? 0} x 201`;
    yield { step: "Ten of one at once", sent, back, ledger, told: { back: "1 x 201", ledger: once } };

    kinds.delete("201");
    for (const [kind, { length }] of kinds) {
      const step = kind === "409" ? "  were refused" : "  were answered by it";
      const told = { back: kind === "201 replay" ? "N x 201 replay" : "N x 409" };
      yield { step, sent, back: `${length} x ${kind}`, told };
    }
  },
};

const meetsRunning: Chapter = {
  title: "a payment that is still running",
  async *play({ client, order }) {
    const { payment, key } = order("C");
    const sent = "/payments  key C";
    const pay = (): Promise<Reply> => client.pay("/payments", key, { ...payment, simulate: "slow" });

    const running = pay();
    await client.charged(payment.orderId);
    const back = describeReply(await pay());
    yield { step: "Again while it is running", sent, back, told: { back: refused } };

    const first = describeReply(await running);
    const ledger = describeLedger(await client.ledger(payment.orderId));
    yield { step: "  the running one", sent, back: first, ledger, told: { back: "201", ledger: once } };
  },
};

const waitsForRunning: Chapter = {
  title: "one that waits",
  async *play({ client, order }) {
    const { payment, key } = order("D");
    const sent = "/v1/payments  key D";
    const pay = (): Promise<Reply> => client.pay("/v1/payments", key, { ...payment, simulate: "slow" });

    const running = pay();
    await client.charged(payment.orderId);
    const [first, second] = await Promise.all([running, pay()]);
    const told = { back: "201 replay, same bytes" };
    yield { step: "The same where it waits", sent, back: describeReply(second, first), told };

    const ledger = describeLedger(await client.ledger(payment.orderId));
    const firstTold = { back: "201", ledger: once };
    yield { step: "  the running one", sent, back: describeReply(first), ledger, told: firstTold };
  },
};

const noKey: Chapter = {
  title: "no key",
  async *play({ client, order }) {
    const { payment } = order("E");
    const back = describeReply(await client.pay("/payments", undefined, payment));
    const ledger = describeLedger(await client.ledger(payment.orderId));
    const told = { back: "400", ledger: "0 runs, 0 charges" };
    yield { step: "No key", sent: "/payments  no key", back, ledger, told };
  },
};

const failsOnce: Chapter = {
  title: "a handler that fails after its charge",
  async *play({ client, order }) {
    const { payment, key } = order("F");
    for (const [step, ...told] of [
      ["It fails", "500", once],
      ["Retried", "201", "2 runs, 1 charge"],
      ["And again", "201 replay", "2 runs, 1 charge"],
    ] as const) {
      const back = describeReply(await client.pay("/payments", key, { ...payment, simulate: "fail-once" }));
      const ledger = describeLedger(await client.ledger(payment.orderId));
      yield { step, sent: "/payments  key F", back, ledger, told: { back: told[0], ledger: told[1] } };
    }
  },
};

const killed: Chapter = {
  title: "a process that is killed in mid-charge",
  async *play({ client, order, startAnother, killService }) {
    const { payment, key } = order("G");
    const sent = "/payments  key G";
    const pay = (): Promise<Reply> => client.pay("/payments", key, { ...payment, simulate: "slow" });
    const ledger = async (): Promise<string> => describeLedger(await client.ledger(payment.orderId));

    // Ready before the kill: how long a start takes must not decide whether the lease is met alive.
    progress("starting a second instance of the service ...");
    await startAnother();
    const lost = pay().then(describeReply, () => "no answer");
    await client.charged(payment.orderId);
    await killService();
    const lostTold = { back: "no answer", ledger: once };
    yield { step: "SIGKILL in mid-charge", sent, back: await lost, ledger: await ledger(), told: lostTold };

    const early = await pay();
    const earlyTold = { back: refused, ledger: once };
    yield { step: "Retried elsewhere", sent, back: describeReply(early), ledger: await ledger(), told: earlyTold };

    for (let left = early.retryAfter ?? 0; left > 0; left -= 1) {
      progress(`the dead attempt still holds its lease; retrying in ${left} s, as Retry-After says ...`);
      await sleep(1_000);
    }
    progress("retrying ...");
    const late = await pay();
    const lateTold = { back: "201", ledger: "2 runs, 1 charge" };
    yield { step: "Retried after the lease", sent, back: describeReply(late), ledger: await ledger(), told: lateTold };
  },
};

export const story: readonly Chapter[] = [repeated, tenAtOnce, meetsRunning, waitsForRunning, noKey, failsOnce, killed];
