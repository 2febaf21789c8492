/**
 * The permission to use the table goes to the role that the framework makes for all functions, and to functions that bring
 * statements of their own. A role that somebody else wrote is left as it is: what it lacks is said.
 */
import { resourcesOf } from "./checks.ts";
import type { FunctionConfig, Resource, Service, Statement } from "./framework.ts";
import { tableLogicalId } from "./table.ts";
import type { Warning } from "./warning.ts";

/** @param table its name, or its ARN. */
export function addPermission(
  service: Service,
  functions: Readonly<Record<string, FunctionConfig>>,
  statements: readonly Statement[],
  table: string,
): Warning[] {
  const { provider } = service;
  const warnings: Warning[] = [];
  let shared = false;
  for (const [name, config] of Object.entries(functions)) {
    const foreign = config.role ?? provider.role ?? (isRole(provider.iam?.role) ? provider.iam?.role : undefined);
    if (Array.isArray(config.iamRoleStatements) && config.iamRoleStatementsInherit !== true) {
      config.iamRoleStatements = [...statements, ...config.iamRoleStatements];
    } else if (foreign === undefined) shared = true;
    else warnings.push(...roleOfTheirOwn(name, lacking(service, foreign, statements, table)));
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

function roleOfTheirOwn(name: string, missing: readonly Statement[]): Warning[] {
  if (missing.length === 0) return [];
  const message =
    `function ${name} has a role to which the plugin adds nothing. Give that role the permission to use the table: ` +
    `${missing.map((statement) => JSON.stringify(statement)).join(", ")}.`;
  return [{ id: "permissions", message }];
}

/** What a role does not allow, as far as the service says what it allows. */
function lacking(service: Service, role: unknown, statements: readonly Statement[], table: string): Statement[] {
  const allowed = statementsOf(service, logicalId(role));
  return statements.filter(({ Action, Resource }) => {
    const names = ['"*"', ...namesOf(Resource, table)];
    const actions = allowed.filter((one) => names.some((name) => JSON.stringify(one.Resource ?? "").includes(name)));
    return !Action.every((action) => actions.some((one) => listOf(one.Action).some((given) => covers(given, action))));
  });
}

/** As IAM compares actions: in any letter case, `*` for any letters and `?` for one. */
function covers(given: unknown, action: string): boolean {
  const pattern = String(given)
    .replaceAll(/[^\w:*?]/g, "")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${pattern}$`, "i").test(action);
}

/** By what a statement may mean the same resource: the table's name, or how it or the key is referred to. */
function namesOf(resource: unknown, table: string): string[] {
  const reference = JSON.stringify(resource);
  const byName = `table/${table.split("/").at(-1)}"`;
  return [reference, byName, ...(reference.includes(tableLogicalId) ? [tableLogicalId] : [])];
}

interface PolicyStatement {
  readonly Effect?: string;
  readonly Action?: string | readonly string[];
  readonly Resource?: unknown;
}

/** What a role of this service allows: by its own policies, and by those that are resources and name it. */
function statementsOf(service: Service, id: string | undefined): PolicyStatement[] {
  if (id === undefined) return [];
  const role = resourcesOf(service, "AWS::IAM::Role")[id];
  const inline = listOf(role?.Properties?.["Policies"]);
  const attached = ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"]
    .flatMap((type) => Object.entries(resourcesOf(service, type)))
    .filter(([policy, resource]) => isAttached(policy, resource, id, role))
    .map(([, { Properties }]) => Properties);
  return [...inline, ...attached]
    .flatMap((policy) => listOf((policy as { PolicyDocument?: { Statement?: unknown } }).PolicyDocument?.Statement))
    .filter((statement) => (statement as PolicyStatement).Effect === "Allow") as PolicyStatement[];
}

function isAttached(policy: string, { Properties }: Resource, id: string, role: Resource | undefined): boolean {
  const refersTo = (wanted: string) => (value: unknown) => (value as { Ref?: unknown } | null)?.Ref === wanted;
  return (
    listOf(Properties?.["Roles"]).some(refersTo(id)) ||
    listOf(role?.Properties?.["ManagedPolicyArns"]).some(refersTo(policy))
  );
}

/** The framework takes a role's logical id as well as a reference to its ARN. */
function logicalId(role: unknown): string | undefined {
  if (typeof role === "string") return role;
  const attribute = (role as { "Fn::GetAtt"?: unknown } | null)?.["Fn::GetAtt"];
  return Array.isArray(attribute) ? String(attribute[0]) : undefined;
}

function listOf(value: unknown): unknown[] {
  return value === undefined || value === null ? [] : [value].flat();
}
