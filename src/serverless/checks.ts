/**
 * Looks at how functions are called, for settings that undo some of the protection: a batch that fails as a whole, a
 * message that comes back while it is in work, a client that is gone before the answer. Pure: the service in, warnings out.
 */
import type { AwsProvider, FunctionConfig, Resource, Service } from "./framework.ts";
import type { Warning } from "./warning.ts";

const LAMBDA_TIMEOUT_DEFAULT_S = 6; // the framework's, not Lambda's 3
const QUEUE_VISIBILITY_DEFAULT_S = 30;
const VISIBILITY_FACTOR = 6;
const REST_LIMIT_MS = 29_000;
const HTTP_API_LIMIT_MS = 30_000;
const OLDEST_NODE = 22;

export function checkService(
  service: Service,
  aws: AwsProvider,
  functions: Readonly<Record<string, FunctionConfig>>,
): Warning[] {
  const queues = resourcesOf(service, "AWS::SQS::Queue");
  const warnings = Object.entries(functions).flatMap(([name, config]) => {
    const timeoutS = Number(config.timeout ?? service.provider.timeout ?? LAMBDA_TIMEOUT_DEFAULT_S);
    const events = config.events ?? [];
    return [
      ...(config.handler === undefined ? [] : checkRuntime(name, aws.getRuntime(config.runtime))),
      ...events.flatMap((event) => [
        ...checkBatch(name, event, queues, timeoutS),
        ...checkGateway(name, event, service, timeoutS),
      ]),
    ];
  });
  return [...new Map(warnings.map((warning) => [warning.message, warning])).values()];
}

/** Whether the library can run in it at all, whatever the version. */
export function isNode(runtime: string): boolean {
  return runtime.startsWith("nodejs");
}

function checkRuntime(name: string, runtime: string): Warning[] {
  const version = /^nodejs(\d+)/.exec(runtime)?.[1];
  if (runtime.startsWith("provided") || Number(version) >= OLDEST_NODE) return [];
  const fix = isNode(runtime) ? "Set `runtime: nodejs24.x`." : "Take it out of `custom.lambdaOnce.functions`.";
  const message = `function ${name} runs on ${runtime}, where lambda-once does not: it needs Node.js ${OLDEST_NODE} or later. ${fix}`;
  return [{ id: "runtime", message }];
}

type Event = Readonly<Record<string, unknown>>;
type Queues = Readonly<Record<string, Resource>>;

function checkBatch(name: string, event: Event, queues: Queues, timeoutS: number): Warning[] {
  const kind = event["sqs"] !== undefined ? "sqs" : event["stream"] !== undefined ? "stream" : undefined;
  if (kind === undefined) return [];
  const settings = objectOf(event[kind]);
  const arn = settings["arn"] ?? event[kind];
  const queue = kind === "sqs" ? queueOf(arn, queues) : undefined;
  const warnings: Warning[] = [];
  if (settings["functionResponseType"] !== "ReportBatchItemFailures") {
    const message =
      `function ${name} takes batches from ${queue?.id ?? (typeof arn === "string" ? arn : JSON.stringify(arn))} without \`ReportBatchItemFailures\`, so Lambda ignores ` +
      "which records the handler reports as failed, takes all for done, and they are lost. Under its " +
      `\`${kind}\` event set \`functionResponseType: ReportBatchItemFailures\`.`;
    warnings.push({ id: "batch-item-failures", message });
  }
  return queue === undefined ? warnings : [...warnings, ...checkQueue(name, queue, settings, timeoutS)];
}

interface Queue {
  readonly id: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

function checkQueue(name: string, queue: Queue, event: Event, timeoutS: number): Warning[] {
  const warnings: Warning[] = [];
  const visibilityS = queue.properties["VisibilityTimeout"] ?? QUEUE_VISIBILITY_DEFAULT_S;
  const window = Number(event["maximumBatchingWindow"] ?? 0);
  const neededS = VISIBILITY_FACTOR * timeoutS + window;
  if (typeof visibilityS !== "object" && Number(visibilityS) < neededS) {
    const sum = `${VISIBILITY_FACTOR} times the function's timeout of ${timeoutS} s${window > 0 ? `, plus the batching window of ${window} s` : ""}`;
    const message =
      `queue ${queue.id} of function ${name} has a visibility timeout of ${Number(visibilityS)} s, under ${neededS} s (${sum}): ` +
      "messages come back while they are in work, and each time count towards the dead-letter queue. Set " +
      `\`VisibilityTimeout: ${neededS}\` in its properties, or lower the function's \`timeout\`.`;
    warnings.push({ id: "visibility-timeout", message });
  }
  if (queue.properties["RedrivePolicy"] === undefined) {
    const message =
      `queue ${queue.id} of function ${name} has no dead-letter queue, so a message that always fails comes back until it is ` +
      `too old and is lost. Add \`RedrivePolicy: { deadLetterTargetArn: !GetAtt ${queue.id}DeadLetters.Arn, maxReceiveCount: 5 }\` ` +
      `to its properties, and that queue${isFifo(queue) ? ", with `FifoQueue: true`" : ""}.`;
    warnings.push({ id: "dead-letter-queue", message });
  }
  return warnings;
}

function isFifo({ properties }: Queue): boolean {
  return String(properties["FifoQueue"]) === "true";
}

/** The queue that an event names, if it is one of this service. */
function queueOf(arn: unknown, queues: Queues): Queue | undefined {
  const attribute = objectOf(arn)["Fn::GetAtt"];
  const id = Array.isArray(attribute)
    ? attribute[0]
    : typeof attribute === "string"
      ? attribute.split(".")[0]
      : undefined;
  const queueName = typeof arn === "string" ? arn.split(":").at(-1) : undefined;
  const found = Object.entries(queues).find(
    ([logicalId, { Properties }]) =>
      logicalId === id || (queueName !== undefined && Properties?.["QueueName"] === queueName),
  );
  return found === undefined ? undefined : { id: found[0], properties: found[1].Properties ?? {} };
}

function checkGateway(name: string, event: Event, service: Service, timeoutS: number): Warning[] {
  const rest = event["http"] !== undefined;
  if (!rest && event["httpApi"] === undefined) return [];
  if (objectOf(event["http"])["async"] === true) return []; // the gateway waits for nothing
  const ownMs = objectOf(event["http"])["timeoutInMillis"] ?? service.provider.apiGateway?.timeoutInMillis;
  const limitMs = rest ? Number(ownMs ?? REST_LIMIT_MS) : HTTP_API_LIMIT_MS;
  if (timeoutS * 1_000 <= limitMs) return [];
  const limitS = limitMs / 1_000;
  const message =
    `function ${name} may run ${timeoutS} s, but ${rest ? "a REST API" : "an HTTP API"} gives up after ${limitS} s: the client is told ` +
    "of a failure while the function runs on, and its retries are refused with 409 until that ends. Set " +
    `\`timeout: ${Math.min(29, Math.floor(limitS))}\`, or call the function through a queue.`;
  return [{ id: "gateway-timeout", message }];
}

export function resourcesOf(service: Service, type: string): Record<string, Resource> {
  const all = Object.entries(service.resources?.Resources ?? {});
  return Object.fromEntries(all.filter(([, resource]) => resource?.Type === type));
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
