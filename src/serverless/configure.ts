/**
 * Adds to a service what a person would have to write by hand: the table, its name in the functions' environment and the
 * permission to use it. What cannot be added, since somebody else owns it, is said.
 */
import { tableVariable } from "../deploy/table-definition.ts";
import { checkService, isNode } from "./checks.ts";
import type { AwsProvider, FunctionConfig, Serverless, Service, Statement } from "./framework.ts";
import { optionProblems, type PluginOptions, withoutEmpty } from "./options.ts";
import { meant } from "./schema.ts";
import { tableLogicalId, tableResource, tableStatements } from "./table.ts";
import type { Warning } from "./warning.ts";

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
  const given = service.custom?.["lambdaOnce"];
  const options = withoutEmpty(given);
  const wrong = [...optionProblems(given), ...unknownFunctions(service, options)];
  if (wrong.length > 0) throw optionsError(serverless, wrong);

  const table = options.existingTable ?? options.tableName ?? `${service.service}-${aws.getStage()}-idempotency`;
  if (options.existingTable === undefined) addTable(serverless, table, options);
  const functions = functionsOf(service, aws, options);
  const warnings = [
    ...addVariable(service, functions, table),
    ...addPermission(service, functions, tableStatements(options)),
    ...checkService(service, aws, functions),
  ];
  return { options, table, warnings: warnings.filter(({ id }) => options.ignoreWarnings?.includes(id) !== true) };
}

function optionsError(serverless: Serverless, wrong: readonly string[]): Error {
  const list = wrong.length === 1 ? ` ${wrong[0]}.` : `\n${wrong.map((problem) => `  - ${problem}.`).join("\n")}`;
  return new serverless.classes.Error(`lambda-once:${list}`, "LAMBDA_ONCE_INVALID_OPTIONS");
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

/** To the role that the framework makes for all functions, and to functions that bring statements of their own. */
function addPermission(
  service: Service,
  functions: Readonly<Record<string, FunctionConfig>>,
  statements: readonly Statement[],
): Warning[] {
  const { provider } = service;
  const warnings: Warning[] = [];
  let shared = false;
  for (const [name, config] of Object.entries(functions)) {
    const foreign = config.role ?? provider.role ?? (isRole(provider.iam?.role) ? provider.iam?.role : undefined);
    if (Array.isArray(config.iamRoleStatements) && config.iamRoleStatementsInherit !== true) {
      config.iamRoleStatements = [...statements, ...config.iamRoleStatements];
    } else if (foreign === undefined) shared = true;
    else warnings.push(roleOfTheirOwn(name, statements));
  }
  if (shared) addToSharedRole(service, statements);
  return warnings;
}

function addToSharedRole(service: Service, statements: readonly Statement[]): void {
  const { provider } = service;
  const role = (provider.iam?.role ?? {}) as { statements?: Statement[] };
  if (role.statements === undefined && provider.iamRoleStatements !== undefined) {
    provider.iamRoleStatements = [...statements, ...provider.iamRoleStatements];
    return;
  }
  provider.iam = { ...provider.iam, role: { ...role, statements: [...statements, ...(role.statements ?? [])] } };
}

/** A role that is there already: an ARN, or a reference to one. */
function isRole(role: unknown): boolean {
  if (typeof role === "string") return true;
  return typeof role === "object" && role !== null && Object.keys(role).some((key) => key.includes("::"));
}

function roleOfTheirOwn(name: string, statements: readonly Statement[]): Warning {
  const message =
    `function ${name} has a role that this service does not make, so the permission to use the table could not be added. Give ` +
    `that role the statement ${JSON.stringify(statements[0])}.`;
  return { id: "permissions", message };
}
