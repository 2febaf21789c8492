/** What is published can be imported by its names, and those names are these. What files it has: test/deploy. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("every subpath can be imported by name", async () => {
  const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as { exports: Record<string, unknown> };
  expect(Object.keys(exports)).toEqual([
    ".",
    "./dynamodb",
    "./lean",
    "./s3",
    "./memory",
    "./serverless",
    "./cdk",
    "./package.json",
  ]);
  expect(Object.keys(await import("lambda-once/dynamodb"))).toEqual(["dynamoDBStore"]);
  expect(Object.keys(await import("lambda-once/lean"))).toEqual(["leanDynamoDBStore"]);
  expect(Object.keys(await import("lambda-once/s3"))).toEqual(["s3Results"]);
  expect(Object.keys(await import("lambda-once/memory"))).toEqual(["memoryStore"]);
  expect(Object.keys(await import("lambda-once/serverless"))).toEqual(["default", "module.exports"]);
  expect(Object.keys(await import("lambda-once/cdk"))).toEqual(["IdempotencyTable"]);
  expect(Object.keys(await import("lambda-once")).sort()).toEqual([
    "AttemptsExhaustedError",
    "IdempotencyError",
    "InProgressError",
    "InvalidOptionsError",
    "KeyInvalidError",
    "KeyMissingError",
    "OwnershipLostError",
    "PayloadMismatchError",
    "ResultNotStorableError",
    "StoreUnavailableError",
    "currentExecution",
    "eventBridgeId",
    "everyOutcome",
    "executeOnce",
    "idempotencyKey",
    "idempotent",
    "idempotentEvent",
    "idempotentHttp",
    "idempotentSqs",
    "idempotentStream",
    "invocationId",
    "isAttemptsExhaustedError",
    "isIdempotencyError",
    "isInProgressError",
    "isInvalidOptionsError",
    "isKeyInvalidError",
    "isKeyMissingError",
    "isOwnershipLostError",
    "isPayloadMismatchError",
    "isResultNotStorableError",
    "isStoreUnavailableError",
    "snsMessageId",
    "successOnly",
  ]);
});

test("importing the core loads no AWS SDK", () => {
  const program = `
    import { registerHooks } from "node:module";
    registerHooks({ resolve(specifier, context, next) {
      if (specifier.startsWith("@aws-sdk/") || specifier.startsWith("@smithy/")) throw new Error("loads " + specifier);
      return next(specifier, context);
    } });
    await import("lambda-once");
    await import("lambda-once/memory");
    await import("lambda-once/lean");
    (await import("lambda-once/s3")).s3Results({ bucket: "results" });
    console.log("none");
  `;
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
  expect(printed.trim()).toBe("none");
});
