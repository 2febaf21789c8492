/** What is published: the built library with its types, documents and nothing else, and importable by its three names. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

interface Packed {
  readonly files: readonly { readonly path: string }[];
}

function pack(destination: string): readonly string[] {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", destination];
  const printed: unknown = JSON.parse(
    execFileSync("npm", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
  );
  const packed = (Array.isArray(printed) ? printed : Object.values(printed as object)) as Packed[];
  return packed.flatMap(({ files }) => files.map((file) => file.path));
}

test("the tarball holds the build, the licence and the README, and no more", () => {
  const folder = mkdtempSync(join(tmpdir(), "pack-"));
  try {
    const files = pack(folder);
    expect(files.filter((file) => !file.startsWith("dist/")).sort()).toEqual(["LICENSE", "README.md", "package.json"]);
    expect(files.filter((file) => !/\.(js|d\.ts)$/.test(file)).sort()).toEqual([
      "LICENSE",
      "README.md",
      "package.json",
    ]);
    expect(files).toContain("dist/index.js");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("every subpath can be imported by name", async () => {
  const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as { exports: Record<string, unknown> };
  expect(Object.keys(exports)).toEqual([".", "./dynamodb", "./lean", "./memory", "./package.json"]);
  expect(Object.keys(await import("lambda-once/dynamodb"))).toEqual(["dynamoDBStore"]);
  expect(Object.keys(await import("lambda-once/lean"))).toEqual(["leanDynamoDBStore"]);
  expect(Object.keys(await import("lambda-once/memory"))).toEqual(["memoryStore"]);
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
    console.log("none");
  `;
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
  expect(printed.trim()).toBe("none");
});
