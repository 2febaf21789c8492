/**
 * A DynamoDB client whose faults lie *below* the SDK's own retries: an answer that is lost here is of a write that was
 * applied, and the SDK sends it again by itself.
 */
import type { DynamoDBClient, DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { engineClient } from "./dynamodb.ts";
import { type Fault, type FaultPlan, faultPlan, type Step, stepOf } from "./faults.ts";

export function faultyClient(config: DynamoDBClientConfig = {}): { client: DynamoDBClient; faults: FaultPlan } {
  const client = engineClient({ maxAttempts: 3, ...config });
  const faults = faultPlan();
  client.middlewareStack.add(
    (next) => async (args) => {
      const step = stepOfInput(args.input as Input);
      return step === undefined ? await next(args) : await faults.meet(step, () => next(args));
    },
    { step: "deserialize", name: "injectFaults", priority: "low" },
  );
  return { client, faults };
}

interface Input {
  readonly Item?: { readonly status?: { readonly S?: "IN_PROGRESS" | "COMPLETED" | "RELEASED" } };
  readonly ConditionExpression?: string;
  readonly Key?: unknown;
}

function stepOfInput(input: Input): Step | undefined {
  const status = input.Item?.status?.S;
  if (status !== undefined)
    return input.ConditionExpression?.startsWith("attribute_not_exists") ? "insert" : stepOf(status);
  return input.Key === undefined ? undefined : "read";
}

/** The connection breaks after the write was applied. */
export const breakConnection: Fault = async (send) => {
  await send();
  throw Object.assign(new Error("socket hang up"), { name: "TimeoutError", code: "ECONNRESET" });
};

/** DynamoDB answers with this error, and has done nothing. */
export const answerWith =
  (name: string, httpStatusCode: number, message = `injected ${name}`): Fault =>
  async () => {
    throw Object.assign(new Error(message), {
      name,
      $fault: httpStatusCode < 500 ? "client" : "server",
      $metadata: { httpStatusCode },
    });
  };

export const throttle: Fault = answerWith("ProvisionedThroughputExceededException", 400);
export const serverError: Fault = answerWith("InternalServerError", 500);
export const accessDenied: Fault = answerWith("AccessDeniedException", 400, "not authorized to perform this");
