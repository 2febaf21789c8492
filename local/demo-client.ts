// Why: the demo knows the service only as a client does, over HTTP. This counts what it sends and words what comes back.

import { setTimeout as sleep } from "node:timers/promises";
import type { LedgerEntry } from "../examples/payments/ledger.ts";

export interface Reply {
  readonly status: number;
  readonly replayed: boolean;
  readonly retryAfter: number | undefined;
  readonly body: string;
}

export interface PaymentBody {
  readonly orderId: string;
  readonly amount: number;
  readonly currency: string;
  readonly simulate?: "slow" | "fail-once";
}

export interface DemoClient {
  readonly pay: (path: string, key: string | undefined, body: PaymentBody) => Promise<Reply>;
  readonly ledger: (orderId: string) => Promise<LedgerEntry[]>;
  /** Resolves once the order has been charged. */
  readonly charged: (orderId: string) => Promise<void>;
  readonly requests: () => number;
}

export function demoClient(serviceUrl: () => string): DemoClient {
  let requests = 0;
  const ledger = async (orderId: string): Promise<LedgerEntry[]> => {
    const response = await fetch(`${serviceUrl()}/ledger/${orderId}`, { signal: AbortSignal.timeout(10_000) });
    return (await response.json()) as LedgerEntry[];
  };
  return {
    ledger,
    requests: () => requests,
    async pay(path, key, body) {
      requests += 1;
      const response = await fetch(serviceUrl() + path, {
        method: "POST",
        headers: { "content-type": "application/json", ...(key === undefined ? {} : { "idempotency-key": key }) },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(20_000),
      });
      const retryAfter = response.headers.get("retry-after");
      return {
        status: response.status,
        replayed: response.headers.get("idempotent-replayed") === "true",
        retryAfter: retryAfter === null ? undefined : Number(retryAfter),
        body: Buffer.from(await response.arrayBuffer()).toString("latin1"),
      };
    },
    async charged(orderId) {
      for (let tries = 0; tries < 200; tries += 1) {
        if ((await ledger(orderId)).some((entry) => entry.kind === "charge")) return;
        await sleep(10);
      }
      throw new Error(`Order ${orderId} was not charged in time.`);
    },
  };
}

/** "201", "409, retry in 7 s", or "201 replay, same bytes" when there is an original to compare with. */
export function describeReply(reply: Reply, original?: Reply): string {
  const parts = [String(reply.status)];
  if (reply.replayed) parts[0] += " replay";
  if (reply.retryAfter !== undefined) parts.push(`retry in ${reply.retryAfter} s`);
  if (original !== undefined && reply.replayed) {
    parts.push(reply.body === original.body ? "same bytes" : "OTHER BYTES");
  }
  return parts.join(", ");
}

/** "2 runs, 1 charge"; the attempts are named when they are not simply 1, 2, ... */
export function describeLedger(entries: readonly LedgerEntry[]): string {
  const attempts = entries.filter((entry) => entry.kind === "run").map((entry) => entry.attempt);
  const charges = entries.filter((entry) => entry.kind === "charge").length;
  const inOrder = attempts.every((attempt, index) => attempt === index + 1);
  const runs = inOrder ? plural(attempts.length, "run") : `attempts ${attempts.join("+")}`;
  return `${runs}, ${plural(charges, "charge")}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
