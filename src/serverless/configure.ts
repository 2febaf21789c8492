/**
 * Adds to a service what a person would have to write by hand: the table, its name in the functions' environment and the
 * permission to use it. What cannot be added, since somebody else owns it, is said.
 */
import { tableVariable } from "../deploy/table-definition.ts";
import { checkService, isNode } from "./checks.ts";
import type { AwsProvider, FunctionConfig, Serverless, Service } from "./framework.ts";
import { optionProblems, type PluginOptions, withoutEmpty } from "./options.ts";
import { addPermission } from "./permissions.ts";
import { distance, meant } from "./schema.ts";
import { regionOf, tableLogicalId, tableResource, tableStatements } from "./table.ts";
import type { Warning } from "./warning.ts";

const SECTION = "lambdaOnce";

export interface Configured {
  readonly options: PluginOptions;
  /** What the functions are told: the table's name, or its ARN. */
  readonly table: string;
  readonly warnings: readonly Warning[];
}

/** @throws the framework's own error, with every problem of `custom.lambdaOnce` named. */
export function configure(serverless: Serverless): Configured {
  const { service } = serverless;
  const aws = serverless.getProvider("aws");
  const given = service.custom?.[SECTION];
  const options = withoutEmpty(given);
  const wrong = [...misspeltSections(service), ...optionProblems(given), ...unknownFunctions(service, options)];
  if (wrong.length > 0) throw optionsError(serverless, wrong);

  const table = options.existingTable ?? options.tableName ?? `${service.service}-${aws.getStage()}-idempotency`;
  if (options.existingTable === undefined) addTable(serverless, table, options);
  const functions = functionsOf(service, aws, options);
  const warnings = [
    ...addVariable(service, functions, table),
    ...addPermission(service, functions, tableStatements(options), table),
    ...checkRegion(table, aws),
    ...checkService(service, aws, functions),
  ];
  return { options, table, warnings: warnings.filter(({ id }) => options.ignoreWarnings?.includes(id) !== true) };
}

function optionsError(serverless: Serverless, wrong: readonly string[]): Error {
  const list = wrong.length === 1 ? ` ${wrong[0]}.` : `\n${wrong.map((problem) => `  - ${problem}.`).join("\n")}`;
  return new serverless.classes.Error(`lambda-once:${list}`, "LAMBDA_ONCE_INVALID_OPTIONS");
}

/** A section that the plugin would not read: everything in it would be silently ignored. */
function misspeltSections(service: Service): string[] {
  const near = (name: string): boolean => distance(name.toLowerCase().replaceAll(/[^a-z]/g, ""), "lambdaonce") <= 1;
  return Object.keys(service.custom ?? {})
    .filter((name) => name !== SECTION && near(name))
    .map((name) => `\`custom.${name}\` is not read: the plugin's options are under \`custom.${SECTION}\``);
}

function unknownFunctions(service: Service, options: PluginOptions): string[] {
  const there = Object.keys(service.functions ?? {});
  const wanted = Array.isArray(options.functions) ? options.functions : [];
  return wanted
    .filter((name) => typeof name === "string" && !there.includes(name))
    .map(
      (name) =>
        `\`custom.lambdaOnce.functions\` names ${name}, which the service does not have${meant(name, there)}; it has ${there.join(", ") || "none"}`,
    );
}

function functionsOf(service: Service, aws: AwsProvider, options: PluginOptions): Record<string, FunctionConfig> {
  const all = Object.entries(service.functions ?? {}).filter(([, config]) => config !== null && config !== undefined);
  const uses = ([name, config]: [string, FunctionConfig]): boolean =>
    options.functions?.includes(name) ?? (config.handler === undefined || isNode(aws.getRuntime(config.runtime)));
  return Object.fromEntries(all.filter(uses));
}

function addTable(serverless: Serverless, name: string, options: PluginOptions): void {
  const { service } = serverless;
  const { Resources = {}, ...others } = service.resources ?? {};
  if (Resources[tableLogicalId] !== undefined) {
    throw optionsError(serverless, [
      `\`resources\` has an ${tableLogicalId} already. Take it out, and the plugin makes the table (\`custom.lambdaOnce.tableName\` ` +
        "keeps its name); or keep it, and name it in `custom.lambdaOnce.existingTable`",
    ]);
  }
  service.resources = { ...others, Resources: { [tableLogicalId]: tableResource(name, options), ...Resources } };
}

function addVariable(service: Service, functions: Readonly<Record<string, FunctionConfig>>, table: string): Warning[] {
  const warnings: Warning[] = [];
  for (const [name, config] of Object.entries(functions)) {
    const own = config.environment?.[tableVariable] ?? service.provider.environment?.[tableVariable];
    if (own === undefined) config.environment = { ...config.environment, [tableVariable]: table };
    else if (own !== table) {
      const message =
        `function ${name} sets ${tableVariable} to ${JSON.stringify(own)}, but the table and the permission are for ${table}. ` +
        `Take the variable out, or name that table in \`custom.lambdaOnce.${typeof own === "string" ? "tableName` or `existingTable" : "existingTable"}\`.`;
      warnings.push({ id: "table-variable", message });
    }
  }
  return warnings;
}

/** An ARN names a Region, but a client goes to its own. */
function checkRegion(table: string, aws: AwsProvider): Warning[] {
  const region = regionOf(table);
  if (region === undefined || region === aws.getRegion()) return [];
  const message =
    `the table ${table} is in ${region}, and the functions in ${aws.getRegion()}, where the store would look for it. Give the store a ` +
    `client of that Region: \`dynamoDBStore({ client: new DynamoDBClient({ region: "${region}" }) })\`.`;
  return [{ id: "table-region", message }];
}
