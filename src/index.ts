/** The public names, listed by hand. */
export type { StoredType } from "./core/codec.ts";
export type {
  CompletedRecord,
  FailedRecord,
  InProgressRecord,
  RecordVersion,
  ReleasedRecord,
  StoredRecord,
} from "./core/record.ts";
export { currentExecution, type Execution } from "./engine/execution.ts";
export {
  AttemptsExhaustedError,
  IdempotencyError,
  InProgressError,
  InvalidOptionsError,
  isAttemptsExhaustedError,
  isIdempotencyError,
  isInProgressError,
  isInvalidOptionsError,
  isKeyInvalidError,
  isKeyMissingError,
  isOwnershipLostError,
  isPayloadMismatchError,
  isResultNotStorableError,
  isStoreUnavailableError,
  KeyInvalidError,
  KeyMissingError,
  OwnershipLostError,
  PayloadMismatchError,
  ResultNotStorableError,
  StoreUnavailableError,
} from "./errors.ts";
export type { EventListener, IdempotencyEvent } from "./events.ts";
export { type ExecuteOnceOptions, executeOnce, type Once } from "./execute-once.ts";
export type { HandlerResponse, HttpEvent, HttpResponse } from "./http-types.ts";
export { type IdempotencyKeyParts, idempotencyKey } from "./idempotency-key.ts";
export { type IdempotentOptions, idempotent } from "./idempotent.ts";
export {
  type EventOptions,
  type EventRecord,
  type EventResult,
  idempotentEvent,
} from "./idempotent-event.ts";
export { type HttpOptions, idempotentHttp } from "./idempotent-http.ts";
export { idempotentSqs, type SqsOptions } from "./idempotent-sqs.ts";
export {
  idempotentStream,
  type StreamBatchResponse,
  type StreamEvent,
  type StreamOptions,
} from "./idempotent-stream.ts";
export type { CommonOptions } from "./options.ts";
export type { Parsed, RecordOptions } from "./record-options.ts";
export { everyOutcome, type Outcome, type ShouldStore, successOnly } from "./should-store.ts";
export { eventBridgeId, invocationId, snsMessageId } from "./sources/event.ts";
export type { StreamItemIdentifier, StreamRecord } from "./sources/stream.ts";
export type { InsertResult, ResultBodies, ResultBody, Store, SwapResult } from "./store.ts";
