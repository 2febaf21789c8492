// Why: how often each message was delivered, and which batches died, is known to no one but what delivers them.

import type { BatchReport } from "./event-source-mapping.ts";

/** What the batches of one queue came to. */
export interface Deliveries {
  readonly batches: number;
  readonly killed: number;
  readonly timedOut: number;
  /** The highest `ApproximateReceiveCount` of each message. */
  readonly receives: ReadonlyMap<string, number>;
  /** How often a message was in a batch that failed as a whole, because its process was killed or ran out of time. */
  readonly caught: ReadonlyMap<string, number>;
  /** How often a message had to come back through no fault of its own: caught as above, or not begun for want of time. */
  readonly excused: ReadonlyMap<string, number>;
  /** How often messages with a key were told to wait for another process. */
  readonly waits: ReadonlyMap<string, number>;
  readonly addWait: (key: string) => void;
  readonly add: (report: BatchReport) => void;
  readonly deleted: () => number;
}

/** `hurriedMs`: a batch that took longer may have left records for want of time. */
export function countDeliveries(hurriedMs: number): Deliveries {
  const receives = new Map<string, number>();
  const excused = new Map<string, number>();
  const caught = new Map<string, number>();
  const waits = new Map<string, number>();
  const count = { batches: 0, killed: 0, timedOut: 0, deleted: 0 };
  return {
    receives,
    caught,
    excused,
    waits,
    addWait: (key) => addTo(waits, key),
    get batches() {
      return count.batches;
    },
    get killed() {
      return count.killed;
    },
    get timedOut() {
      return count.timedOut;
    },
    deleted: () => count.deleted,
    add({ event: { Records }, invocation, verdict, tookMs }) {
      count.batches += 1;
      if (invocation.kind === "died") count.killed += 1;
      if (invocation.kind === "timedOut") count.timedOut += 1;
      for (const { messageId, attributes } of Records) {
        const received = Number(attributes.ApproximateReceiveCount);
        receives.set(messageId, Math.max(received, receives.get(messageId) ?? 0));
        if (verdict.kind === "failed") addTo(caught, messageId);
        if (verdict.kind === "failed" || (tookMs > hurriedMs && verdict.failed.has(messageId))) {
          addTo(excused, messageId);
        }
      }
      if (verdict.kind === "partial") count.deleted += Records.length - verdict.failed.size;
    },
  };
}

function addTo(counts: Map<string, number>, key: string): void {
  counts.set(key, 1 + (counts.get(key) ?? 0));
}
