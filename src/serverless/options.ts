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
  /** Default: "aws-owned". A key of your own by its ARN, also as CloudFormation gives it; the functions may then decrypt with it. */
  readonly encryption?: string | KeyReference;
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

/** Such as `{ "Fn::GetAtt": ["TableKey", "Arn"] }`, which is `!GetAtt TableKey.Arn`. */
export type KeyReference = Readonly<Record<string, unknown>>;

export interface OfflineOptions {
  /** A DynamoDB-compatible endpoint that runs already. Default: DYNAMODB_ENDPOINT or AWS_ENDPOINT_URL_DYNAMODB, if set. */
  readonly endpoint?: string;
  /** The embedded engine's port. Default: a free one. */
  readonly port?: number;
  /** Where the embedded engine keeps its data. Default: in memory. */
  readonly file?: string;
}

const kmsKey: readonly Schema[] = [
  { kind: "string", pattern: /^arn:aws[\w-]*:kms:[\w-]+:\d{12}:key\/[\w-]+$/, what: "the ARN of a KMS key" },
  { kind: "reference", by: ["Fn::GetAtt", "Fn::ImportValue", "Fn::Sub"], what: "an ARN" },
];

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
  const options = withoutEmpty(given);
  return [...(options.existingTable === undefined ? [] : existingTableProblems(options)), ...offlineProblems(options)];
}

function existingTableProblems(options: PluginOptions): string[] {
  const wrong = ONLY_FOR_A_NEW_TABLE.filter((name) => options[name] !== undefined).map(
    (name) =>
      `\`custom.lambdaOnce.${name}\` is for a table that the plugin makes; with \`existingTable\` none is made, so leave it out`,
  );
  if (options.encryption === undefined || ownKey(options) !== undefined) return wrong;
  return [
    ...wrong,
    `\`custom.lambdaOnce.encryption\` is "${String(options.encryption)}", which is for a table that the plugin makes; with ` +
      "`existingTable` it can only be the ARN of the KMS key that the table has",
  ];
}

function offlineProblems({ offline: given }: PluginOptions): string[] {
  const settings = typeof given === "object" ? withoutEmpty<OfflineOptions>(given) : {};
  if (settings.endpoint === undefined) return [];
  return (["port", "file"] as const)
    .filter((name) => settings[name] !== undefined)
    .map(
      (name) =>
        `\`custom.lambdaOnce.offline.${name}\` is for the embedded engine; with \`endpoint\` none is started, so leave it out`,
    );
}

/** The key that encrypts the table, where it is one of the caller's own. */
export function ownKey({ encryption }: PluginOptions): string | KeyReference | undefined {
  return encryption === "aws-owned" || encryption === "aws-managed" ? undefined : encryption;
}

/** Without YAML's empty values, which mean the default. */
export function withoutEmpty<T extends object = PluginOptions>(given: unknown): T {
  const options = Object.entries((given ?? {}) as object).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(options) as T;
}
