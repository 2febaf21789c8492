/** What a test asks of a CloudFormation template: does every reference resolve, what does IAM allow, is it well formed. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type CollectionTag, parse, Scalar, type ScalarTag, type YAMLSeq } from "yaml";

// biome-ignore lint/suspicious/noExplicitAny: a template is read, not modelled
export type Properties = any;

export interface Resource {
  readonly Type: string;
  readonly Properties: Properties;
  readonly Metadata?: Properties;
  readonly DependsOn?: string | readonly string[];
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface Template {
  readonly Parameters?: Readonly<Record<string, unknown>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
}

export interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

const SHORT_FORMS = [
  "Ref",
  "Condition",
  "GetAtt",
  "Sub",
  "If",
  "Not",
  "Equals",
  "And",
  "Or",
  "Join",
  "Select",
  "Split",
];

const customTags = SHORT_FORMS.flatMap((name): (ScalarTag | CollectionTag)[] => {
  const long = name === "Ref" || name === "Condition" ? name : `Fn::${name}`;
  const tag = `!${name}`;
  return [
    { tag, resolve: (text) => ({ [long]: name === "GetAtt" ? text.split(/\.(.*)/s).slice(0, 2) : text }) },
    { tag, collection: "seq", resolve: (seq) => new Scalar({ [long]: (seq as YAMLSeq).toJSON() }) },
  ];
});

export function readTemplate(file: string): Template {
  return parse(readFileSync(file, "utf8"), { customTags, merge: true }) as Template;
}

export function ofType(template: Template, type: string): [id: string, resource: Resource][] {
  return Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);
}

/** References to what the template does not have, with where they stand. */
export function danglingReferences(template: Template, implicit: readonly string[] = []): string[] {
  const known = new Set([...Object.keys(template.Resources), ...Object.keys(template.Parameters ?? {}), ...implicit]);
  const conditions = new Set(Object.keys(template.Conditions ?? {}));
  const dangling: string[] = [];
  const check = (name: unknown, where: string, names: Set<string> = known): void => {
    const id = String(name).split(".")[0] ?? "";
    if (!id.startsWith("AWS::") && !names.has(id)) dangling.push(`${where}: ${id}`);
  };
  const visit = (value: unknown, where: string): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === "Ref") check(inner, where);
      if (key === "Fn::GetAtt") check(Array.isArray(inner) ? inner[0] : inner, where);
      if (key === "Fn::If") check(inner[0], where, conditions);
      if (key === "DependsOn") for (const id of [inner].flat()) check(id, where);
      if (key === "Fn::Sub") {
        const [text, own] = (Array.isArray(inner) ? inner : [inner, {}]) as [string, object];
        for (const [, id] of text.matchAll(/\$\{([^!}][^}]*)\}/g)) if (!Object.hasOwn(own, id ?? "")) check(id, where);
      }
      visit(inner, `${where}.${key}`);
    }
  };
  visit({ Resources: template.Resources, Outputs: template.Outputs }, "template");
  return dangling;
}

/** Every statement of every role and policy. */
export function statements(template: Template): Statement[] {
  const found: Statement[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === "Statement") found.push(...([inner].flat() as Statement[]).filter((one) => one.Effect !== undefined));
      else visit(inner);
    }
  };
  visit(template.Resources);
  return found;
}

/** Wildcards in what statements allow. The name of a log group's streams is not known before: those may have one. */
export function wildcards(all: readonly Statement[]): string[] {
  return all.flatMap(({ Effect, Action, Resource }) => {
    if (Effect !== "Allow") return [];
    const logs = [Action].flat().every((action) => action.startsWith("logs:"));
    const actions = [Action].flat().filter((action) => action.includes("*"));
    return [...actions, ...(!logs && JSON.stringify(Resource ?? null).includes("*") ? [JSON.stringify(Resource)] : [])];
  });
}

interface Diagnostic {
  readonly severity: string;
  readonly ruleId: string;
  readonly message: string;
}

/** What AWS's own validator, which comes with the CDK, finds wrong with a template. It takes seconds to load. */
export function validationErrors(template: Template): string[] {
  const fromCdk = createRequire(createRequire(import.meta.filename).resolve("aws-cdk-lib/package.json"));
  const { CompositeEngine, TemplateContent } = fromCdk("@aws/cloudformation-validate");
  engine ??= new CompositeEngine() as typeof engine;
  const report = engine?.validateTemplate(new TemplateContent(JSON.stringify(template)));
  const harmless = ["DEBUG", "INFO", "WARN"];
  return (report?.diagnostics ?? [])
    .filter(({ severity }) => !harmless.includes(severity))
    .map(({ ruleId, message }) => `${ruleId}: ${message}`);
}

let engine: { validateTemplate(template: unknown): { readonly diagnostics: readonly Diagnostic[] } } | undefined;
