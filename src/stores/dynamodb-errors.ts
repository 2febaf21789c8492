/** What DynamoDB's refusals mean for the person who has to do something about them: which table, and what. */
import { type IdempotencyError, isIdempotencyError, ResultNotStorableError, StoreUnavailableError } from "../errors.ts";
import type { Table } from "./dynamodb-item.ts";

/** The SDK's error as one of this library's. The outcome of the request is unknown unless it was refused. */
export function explain(error: unknown, table: Table, action: string): IdempotencyError {
  if (isIdempotencyError(error)) return error;
  const { name, message } = error instanceof Error ? error : { name: "", message: String(error) };
  const fatal = (what: string): StoreUnavailableError =>
    new StoreUnavailableError(`Idempotency table \`${table.name}\`: ${what} DynamoDB said: ${name}: ${message}`, {
      cause: error,
      transient: false,
    });

  if (name === "ResourceNotFoundException") {
    return fatal(
      `it does not exist in this account, Region or endpoint. Create it with the partition key \`${table.names.id}\` (string), or correct \`tableName\`, IDEMPOTENCY_TABLE or the Region.`,
    );
  }
  if (name === "AccessDeniedException") {
    return fatal(
      `access is denied. Allow the function's role dynamodb:PutItem and dynamodb:GetItem on this table (this was ${action}).`,
    );
  }
  if (name === "ValidationException" && /size.{0,20} exceeded|exceeded the maximum allowed size/i.test(message)) {
    return new ResultNotStorableError(`it is too large for an item of table \`${table.name}\` (${message})`, {
      cause: error,
    });
  }
  if (name === "ValidationException" && /\bkeys?\b/i.test(message)) {
    return fatal(
      `it does not have the right key schema. It needs the partition key \`${table.names.id}\` (string) and no sort key; other names go into \`attributeNames\`.`,
    );
  }
  if (name === "ValidationException") return fatal("the request is not valid there.");
  if (CREDENTIALS.has(name))
    return fatal(
      "there are no valid credentials for it. Check the function's role, or the environment's AWS credentials.",
    );
  if (/region is missing/i.test(message))
    return fatal("there is no Region. Set AWS_REGION, or give a `client` that has one.");
  return new StoreUnavailableError(`Idempotency table \`${table.name}\`: ${action} failed. ${name}: ${message}`, {
    cause: error,
  });
}

const CREDENTIALS: ReadonlySet<string> = new Set([
  "CredentialsProviderError",
  "UnrecognizedClientException",
  "InvalidSignatureException",
  "ExpiredTokenException",
  "MissingAuthenticationTokenException",
  "IncompleteSignatureException",
]);

export function withoutOldItem(table: Table): StoreUnavailableError {
  return new StoreUnavailableError(
    `Idempotency table \`${table.name}\`: the endpoint refused a write without saying what is there. It must support ReturnValuesOnConditionCheckFailure, as DynamoDB and DynamoDB Local 2 do.`,
    { transient: false, occupied: true },
  );
}
