/** Stores that show what was written, or that are down: for what a wrapper says and does, not for fault injection. */
import type { StoredRecord } from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { memoryStore } from "../../src/stores/memory.ts";

export interface ProbeStore extends Store {
  /** Every record that was written, in order. */
  readonly writes: readonly StoredRecord[];
  /** How often the store was asked for anything. */
  readonly requests: () => number;
  /** The last record written. */
  readonly last: () => StoredRecord;
}

export function probeStore(): ProbeStore {
  const store = memoryStore();
  const writes: StoredRecord[] = [];
  let requests = 0;
  return {
    ...store,
    writes,
    requests: () => requests,
    last: () => {
      const record = writes.at(-1);
      if (record === undefined) throw new Error("nothing was written");
      return record;
    },
    async insert(record) {
      requests++;
      const answer = await store.insert(record);
      if (answer.ok) writes.push(record);
      return answer;
    },
    async swap(seen, next) {
      requests++;
      const answer = await store.swap(seen, next);
      if (answer.ok) writes.push(next);
      return answer;
    },
    read(id) {
      requests++;
      return store.read(id);
    },
  };
}

/** A store of which some verbs fail. */
export function downStore(verbs: readonly ("insert" | "swap" | "read")[] = ["insert", "swap", "read"]): Store {
  const fail = async (): Promise<never> => {
    throw new Error("connect ECONNREFUSED 10.0.0.7:443");
  };
  return { ...memoryStore(), ...Object.fromEntries(verbs.map((verb) => [verb, fail])) };
}
