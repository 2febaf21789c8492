/** `custom.lambdaOnce` of a serverless.yml: what may be asked for, and its check when the service is loaded. */
import { problems, type Schema } from "./schema.ts";
import { warningIds } from "./warning.ts";

export interface PluginOptions {
  /** Name of the table that is made. Default: SERVICE-STAGE-idempotency. */
  readonly tableName?: string;
  /** Name or ARN of a table that is there already: none is made. */
  readonly existingTable?: string;
  /** Default: false. */
  readonly pointInTimeRecovery?: boolean;
  /** Default: "aws-owned". A key of your own by its ARN; the functions may then decrypt with it. */
  readonly encryption?: string;
  /** What becomes of the table when the stack is removed or the table replaced. Default: "Delete". */
  readonly deletionPolicy?: "Delete" | "Retain" | "RetainExceptOnCreate";
  /** Whether DynamoDB refuses to delete the table. Default: false. */
  readonly deletionProtection?: boolean;
  /** The functions that use the table. Default: every Node.js function of the service. */
  readonly functions?: readonly string[];
  /** Warnings not to give. */
  readonly ignoreWarnings?: readonly string[];
  /** `false`: `serverless offline` is left alone. */
  readonly offline?: boolean | OfflineOptions;
}

export interface OfflineOptions {
  /** A DynamoDB-compatible endpoint that runs already. Default: DYNAMODB_ENDPOINT or AWS_ENDPOINT_URL_DYNAMODB, if set. */
  readonly endpoint?: string;
  /** The embedded engine's port. Default: a free one. */
  readonly port?: number;
  /** Where the embedded engine keeps its data. Default: in memory. */
  readonly file?: string;
}

const kmsKey = {
  kind: "string",
  pattern: /^arn:aws[\w-]*:kms:[\w-]+:\d{12}:key\/[\w-]+$/,
  what: "the ARN of a KMS key",
} as const;

const offline: Schema = {
  kind: "object",
  properties: {
    endpoint: { kind: "string", pattern: /^https?:\/\/\S+$/, what: "a URL such as http://127.0.0.1:8000" },
    port: { kind: "integer", min: 1, max: 65_535 },
    file: { kind: "string", pattern: /\S/, what: "the path of a file" },
  },
};

const schema: Schema = {
  kind: "object",
  properties: {
    tableName: {
      kind: "string",
      pattern: /^[\w.-]{3,255}$/,
      what: 'a table name (3 to 255 letters, digits, "_", "-", ".")',
    },
    existingTable: {
      kind: "string",
      pattern: /^([\w.-]{3,255}|arn:aws[\w-]*:dynamodb:[\w-]+:\d{12}:table\/[\w.-]{3,255})$/,
      what: "the name or ARN of a table",
    },
    pointInTimeRecovery: { kind: "boolean" },
    encryption: { kind: "choice", of: ["aws-owned", "aws-managed"], or: kmsKey },
    deletionPolicy: { kind: "choice", of: ["Delete", "Retain", "RetainExceptOnCreate"] },
    deletionProtection: { kind: "boolean" },
    functions: { kind: "list", of: { kind: "string", pattern: /^[\w-]+$/, what: "the name of a function" } },
    ignoreWarnings: { kind: "list", of: { kind: "choice", of: warningIds } },
    offline: { kind: "either", of: [{ kind: "boolean" }, offline] },
  },
};

const ONLY_FOR_A_NEW_TABLE = ["tableName", "pointInTimeRecovery", "deletionPolicy", "deletionProtection"] as const;

/** What is wrong with `custom.lambdaOnce`, in words; nothing when it is right. */
export function optionProblems(given: unknown): string[] {
  const wrong = problems(given, schema, "custom.lambdaOnce");
  if (wrong.length > 0) return wrong;
  const options = (given ?? {}) as PluginOptions;
  if (options.existingTable === undefined) return [];
  return ONLY_FOR_A_NEW_TABLE.filter((name) => options[name] !== undefined).map(
    (name) =>
      `\`custom.lambdaOnce.${name}\` is for a table that the plugin makes; with \`existingTable\` none is made, so leave it out`,
  );
}

/** Without YAML's empty values, which mean the default. */
export function withoutEmpty(given: unknown): PluginOptions {
  const options = Object.entries((given ?? {}) as object).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(options) as PluginOptions;
}
