/** What an outside observer with the true time writes down. The invariants and the wording of traces know nothing else. */
import type { StoredRecord } from "../../src/core/record.ts";
import type { IdempotencyEvent } from "../../src/events.ts";
import type { ResultBody } from "../../src/store.ts";
import type { BodyRequest, HandlerTerms, Request, SeenEnding, StoreError } from "./host.ts";
import type { HandlerOutcome } from "./scenario.ts";

export type LogEvent =
  | { readonly kind: "started"; readonly call: number; readonly localNow: number }
  /** A request left the call. `localNow`: when, on the call's clock. */
  | { readonly kind: "sent"; readonly call: number; readonly request: Request; readonly localNow: number }
  /** A request changed what is stored. `sentAt`: when it was sent, on its call's clock. */
  | {
      readonly kind: "wrote";
      readonly call: number;
      readonly before: StoredRecord | undefined;
      readonly after: StoredRecord;
      readonly sentAt: number;
      /** No one waits for this copy of the request any more. */
      readonly straggler: boolean;
    }
  /** A request was evaluated and changed nothing. */
  | { readonly kind: "unchanged"; readonly call: number; readonly request: Request; readonly straggler: boolean }
  /** An answer reached the call. */
  | {
      readonly kind: "told";
      readonly call: number;
      readonly request: Request;
      readonly ok: boolean;
      readonly seen: StoredRecord | undefined;
    }
  /** A body was stored. */
  | { readonly kind: "bodyStored"; readonly call: number; readonly body: ResultBody }
  /** How a request about a body fares, as far as the call knows. */
  | {
      readonly kind: "body";
      readonly call: number;
      readonly request: BodyRequest;
      readonly fares: "sent" | "answered" | "failed";
      readonly localNow: number;
    }
  | { readonly kind: "failed"; readonly call: number; readonly request: Request; readonly error: StoreError }
  | { readonly kind: "ran"; readonly call: number; readonly terms: HandlerTerms; readonly localNow: number }
  | {
      readonly kind: "finished";
      readonly call: number;
      readonly outcome: HandlerOutcome;
      readonly localNow: number;
    }
  | { readonly kind: "said"; readonly call: number; readonly event: IdempotencyEvent; readonly localNow: number }
  | { readonly kind: "ended"; readonly call: number; readonly ending: SeenEnding; readonly localNow: number }
  | { readonly kind: "killed"; readonly call: number }
  /** TTL deleted the record. */
  | { readonly kind: "deleted"; readonly key: number; readonly record: StoredRecord }
  /** Time went on. `punctual`: the calls whose hosts have never been paused. */
  | { readonly kind: "moved"; readonly punctual: readonly number[] };
