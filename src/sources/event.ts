/**
 * Events that come without a response to give: SNS, EventBridge, S3, Scheduler, Step Functions. What their records are, and
 * what identifies a delivery, which is the same when the source delivers again.
 */
import type { Context } from "aws-lambda";
import { fields, recordsOf, text } from "./fields.ts";

export interface EventRecords {
  readonly records: readonly unknown[];
  /** The event holds a list, so what comes back is one too. */
  readonly many: boolean;
}

/** SNS, S3 and the array payload of EventBridge hold several records; all else is one. */
export function readEvent(event: unknown): EventRecords {
  if (Array.isArray(event)) return { records: event, many: true };
  const records = recordsOf<unknown>(event);
  return records === undefined ? { records: [event], many: false } : { records, many: true };
}

/** `undefined` when the source is not one of those known. */
export function deliveryKey(record: unknown): unknown {
  const given = fields(record);
  return sns(given) ?? s3(given) ?? scheduled(given) ?? eventBridge(given) ?? stepFunctions(given);
}

function sns({ Sns }: Record<string, unknown>): unknown {
  return text(fields(Sns)["MessageId"]);
}

/**
 * There is no message id: what happened to which object, and the sequencer, which orders what happens to one object. Where
 * there is none (it comes with creations and deletions alone), the request that caused it.
 */
function s3({ eventSource, eventName, s3: part, responseElements }: Record<string, unknown>): unknown {
  if (eventSource !== "aws:s3") return undefined;
  const { bucket, object } = fields(part);
  const { key, versionId, sequencer } = fields(object);
  return {
    bucket: fields(bucket)["name"],
    key,
    eventName,
    version: text(versionId) ?? "none",
    sequencer: sequencer ?? fields(responseElements)["x-amz-request-id"],
  };
}

/** The execution id is another for each attempt: the schedule and the time it was due are not. */
function scheduled(event: Record<string, unknown>): unknown {
  if (event["source"] !== "aws.scheduler") return undefined;
  const { resources, time } = event;
  return { schedule: Array.isArray(resources) ? resources[0] : undefined, time };
}

function eventBridge(event: Record<string, unknown>): unknown {
  return typeof event["detail-type"] === "string" ? text(event["id"]) : undefined;
}

/** The context object, handed on as `"Payload": { "Execution.$": "$$.Execution", "State.$": "$$.State", ... }`. */
function stepFunctions({ Execution, State, Map: map }: Record<string, unknown>): unknown {
  const execution = text(fields(Execution)["Id"]);
  const state = text(fields(State)["Name"]);
  if (execution === undefined || state === undefined) return undefined;
  const index = fields(fields(map)["Item"])["Index"];
  return { execution, state, ...(index === undefined ? {} : { item: index }) };
}

/**
 * What must not change under a delivery's key. A state of a loop, or of a Map that does not say which item it is on, has one
 * key for several pieces of work: that is found out, instead of all but one being taken for replays.
 */
export function deliveryFingerprint(record: unknown): unknown {
  const given = fields(record);
  if (sns(given) !== undefined || stepFunctions(given) === undefined) return undefined;
  return Object.fromEntries(Object.entries(given).filter(([name]) => !CONTEXT_OBJECT.has(name)));
}

/** Of Step Functions itself: retry counts and times are another for each attempt. */
const CONTEXT_OBJECT: ReadonlySet<string> = new Set(["Execution", "State", "StateMachine", "Task", "Map"]);

/** For `key`: the request id, which an asynchronous invocation keeps when Lambda tries again. A new invocation has another. */
export function invocationId(_event: unknown, context: Context): string {
  return context.awsRequestId;
}

/** What to do about an event whose source is not known. */
export function unknownSourceHint(record: unknown): string {
  const { eventSource, requestContext } = fields(record);
  if (eventSource === "aws:sqs") return "this is an SQS record: wrap the handler with `idempotentSqs`";
  if (eventSource === "aws:kinesis" || eventSource === "aws:dynamodb")
    return "this is a stream's record: wrap the handler with `idempotentStream`";
  if (requestContext !== undefined) return "this is an HTTP request: wrap the handler with `idempotentHttp`";
  return "the source of this event is not known: say what identifies it with the option `key`";
}

/** For `key` of `idempotentSqs`: the id of the SNS message that the body wraps. Without raw message delivery. */
export function snsMessageId(record: { readonly body: string }): string | undefined {
  return text(fields(json(record))["MessageId"]);
}

/** For `key` of `idempotentSqs`: the id of the EventBridge event that is the body. */
export function eventBridgeId(record: { readonly body: string }): string | undefined {
  return text(fields(json(record))["id"]);
}

function json(record: { readonly body: string }): unknown {
  try {
    return JSON.parse(String(fields(record)["body"]));
  } catch {
    return undefined;
  }
}
