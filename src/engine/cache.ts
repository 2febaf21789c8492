/**
 * Completed outcomes in the memory of this process, so that a replay in a warm sandbox asks nobody. Off by default.
 *
 * Upholds G21: it holds completed outcomes alone, by the record's full id, and what it gives is judged as the store's
 * answer would be, by the payload and the expiry. Only texts are kept, so that each replay has objects of its own (G6).
 */
import type { CompletedRecord } from "../core/record.ts";

/** An outcome that is in the store, with its text at hand. */
export interface Recalled {
  readonly record: CompletedRecord;
  readonly text: string;
}

export interface CacheLimits {
  /** The most outcomes kept, the least recently used one going first. Default: 1 000. */
  readonly maxItems?: number;
  /** The most memory they take, in bytes. Default: 10 485 760 (10 MiB). A larger outcome is not kept. */
  readonly maxBytes?: number;
}

export interface OutcomeCache {
  readonly get: (id: string) => Recalled | undefined;
  readonly keep: (outcome: Recalled) => void;
  readonly drop: (id: string) => void;
}

const DEFAULT_MAX_ITEMS = 1_000;
const DEFAULT_MAX_BYTES = 10_485_760;

/** What an outcome takes besides its text: the record, its id, its place in the map. */
const BYTES_BESIDE = 1_024;

export function createCache(limits: CacheLimits): OutcomeCache {
  const { maxItems = DEFAULT_MAX_ITEMS, maxBytes = DEFAULT_MAX_BYTES } = limits;
  /** The least recently used one first. */
  const kept = new Map<string, Recalled>();
  let bytes = 0;

  function drop(id: string): void {
    const outcome = kept.get(id);
    if (outcome === undefined) return;
    kept.delete(id);
    bytes -= bytesOf(outcome);
  }

  return {
    drop,
    get(id) {
      const outcome = kept.get(id);
      if (outcome === undefined) return undefined;
      kept.delete(id);
      kept.set(id, outcome);
      return outcome;
    },
    keep({ record, text }) {
      // The text stands for the compressed bytes too: nobody counts those, and nobody needs them any more.
      const outcome = { record: { ...record, result: text }, text };
      drop(record.id);
      kept.set(record.id, outcome);
      bytes += bytesOf(outcome);
      for (const [id] of kept) {
        if (kept.size <= maxItems && bytes <= maxBytes) break;
        drop(id);
      }
    },
  };
}

/** A character of a JavaScript string takes two bytes at most. */
function bytesOf({ text }: Recalled): number {
  return text.length * 2 + BYTES_BESIDE;
}
