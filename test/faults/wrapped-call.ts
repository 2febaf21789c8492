/** One call through a public wrapper, whichever it is, with its answer read as its caller would read it. */
import type { Context } from "aws-lambda";
import {
  type CommonOptions,
  type Execution,
  executeOnce,
  type HttpEvent,
  idempotent,
  idempotentHttp,
  idempotentSqs,
  isIdempotencyError,
} from "../../src/index.ts";
import { eventOf, headersOf, shapeNamed } from "../support/http-events.ts";
import type { Answer } from "./history.ts";

export const WRAPPERS = ["executeOnce", "idempotent", "idempotentHttp", "idempotentSqs"] as const;

export type Wrapper = (typeof WRAPPERS)[number];

export interface CallTerms {
  readonly key: string;
  readonly payload: string;
  readonly context: Context | undefined;
  /** Gives the value, or throws. */
  readonly work: (execution: Execution) => Promise<unknown>;
  /** Who made a value, for the wrapper that does not say whether it replays. */
  readonly isOwn: (value: string) => boolean;
  readonly options: SharedOptions & { readonly operation: string };
}

/** Those that do not depend on the event. */
type SharedOptions = Pick<
  CommonOptions<never>,
  | "store"
  | "clockToleranceMs"
  | "ttlSeconds"
  | "leaseMs"
  | "whenInProgress"
  | "whenCompletionFails"
  | "shouldStore"
  | "onEvent"
>;

export async function callThrough(wrapper: Wrapper, terms: CallTerms): Promise<Answer> {
  try {
    return await CALLS[wrapper](terms);
  } catch (error) {
    return refusedOrThrew(error, terms);
  }
}

function refusedOrThrew(error: unknown, { isOwn }: CallTerms): Answer {
  if (isIdempotencyError(error)) return { kind: "refused", name: error.name };
  const { message } = error as Error;
  if (!message.includes(" by ")) throw error;
  return { kind: "threw", value: message, replayed: !isOwn(message) };
}

const CALLS: Readonly<Record<Wrapper, (terms: CallTerms) => Promise<Answer>>> = {
  async executeOnce({ key, payload, context, work, options }) {
    const once = await executeOnce(key, work, {
      ...options,
      fingerprint: () => payload,
      ...(context === undefined ? {} : { context }),
    });
    return { kind: "value", value: text(once.value), replayed: once.replayed };
  },

  async idempotent({ key, payload, context, work, isOwn, options }) {
    const wrapped = idempotent((_event: object, _context, execution) => work(execution), {
      ...options,
      key: () => key,
      fingerprint: () => payload,
    });
    const value = text(await wrapped({}, context));
    return { kind: "value", value, replayed: !isOwn(value) };
  },

  async idempotentHttp({ key, payload, context, work, options }) {
    const wrapped = idempotentHttp(async (_event: HttpEvent, _context, execution) => {
      const value = await work(execution);
      // What cannot be stored rides along in a part of the response that nobody reads.
      const { of: body = value, ...rest } = typeof value === "object" ? (value as { of: unknown }) : {};
      return { statusCode: 201, headers: { "X-Made": "yes" }, body: String(body), ...rest };
    }, options);
    const response = (await wrapped(
      eventOf(shapeNamed("HTTP API"), { key, body: JSON.stringify({ payload }) }),
      context,
    )) as {
      statusCode: number;
      body: string;
    };
    if (response.statusCode === 201)
      return { kind: "value", value: response.body, replayed: headersOf(response)["idempotent-replayed"] === "true" };
    const problem = String(JSON.parse(response.body).type).replace("urn:lambda-once:problem:", "");
    return { kind: "refused", name: PROBLEMS[problem] ?? problem };
  },

  async idempotentSqs({ key, payload, context, work, options }) {
    const errors: unknown[] = [];
    const wrapped = idempotentSqs((_record, _context, execution) => work(execution), {
      ...options,
      key: () => key,
      fingerprint: () => payload,
      storeResult: true,
      onRecordError: (error) => void errors.push(error),
    });
    const { batchItemFailures } = await wrapped({ Records: [sqsRecord(key)] }, context);
    if (batchItemFailures.length === 0) return { kind: "done" };
    if (errors.length > 0) throw errors[0];
    return { kind: "refused", name: "InProgressError" };
  },
};

const PROBLEMS: Readonly<Record<string, string>> = {
  "payload-mismatch": "PayloadMismatchError",
  "in-progress": "InProgressError",
  "ownership-lost": "OwnershipLostError",
  "result-not-storable": "ResultNotStorableError",
  "store-unavailable": "StoreUnavailableError",
};

/** Also of a value that cannot be stored, which holds its text beside what makes it so. */
function text(value: unknown): string {
  return typeof value === "object" && value !== null && "of" in value ? String(value.of) : String(value);
}

function sqsRecord(messageId: string): Parameters<ReturnType<typeof idempotentSqs>>[0]["Records"][number] {
  return {
    messageId,
    receiptHandle: "receipt",
    body: "{}",
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: "1795000000000",
      SenderId: "AIDAIENQZJOLO23YVJ4VO",
      ApproximateFirstReceiveTimestamp: "1795000000001",
    },
    messageAttributes: {},
    md5OfBody: "99914b932bd37a50b983c5e7c90ae93b",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-1:123456789012:orders",
    awsRegion: "us-east-1",
  };
}
