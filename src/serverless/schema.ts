/**
 * A schema for options and its check. Every problem is named, with what is allowed and, for a typo, what was probably
 * meant: an option that is silently ignored would be a table without the protection that somebody asked for.
 */

export type Schema =
  | { readonly kind: "boolean" }
  | { readonly kind: "integer"; readonly min: number; readonly max: number }
  | { readonly kind: "string"; readonly pattern: RegExp; readonly what: string }
  | { readonly kind: "choice"; readonly of: readonly string[]; readonly or?: readonly Schema[] }
  /** What CloudFormation puts in when it deploys, by one of these functions. */
  | { readonly kind: "reference"; readonly by: readonly string[]; readonly what: string }
  | { readonly kind: "list"; readonly of: Schema }
  | { readonly kind: "object"; readonly properties: Readonly<Record<string, Schema>> }
  | { readonly kind: "either"; readonly of: readonly [Schema, Schema] };

/** What is wrong with a value, in words; nothing when it is right. Absent values (also YAML's empty ones) are right. */
export function problems(value: unknown, schema: Schema, path: string): string[] {
  if (value === undefined || value === null) return [];
  const wrong = (allowed: string): string[] => [`\`${path}\` must be ${allowed}, not ${shown(value)}`];
  switch (schema.kind) {
    case "boolean":
      return typeof value === "boolean" ? [] : wrong(allowedBy(schema) + textHint(value));
    case "integer":
      return Number.isInteger(value) && Number(value) >= schema.min && Number(value) <= schema.max
        ? []
        : wrong(allowedBy(schema));
    case "string":
      return typeof value === "string" && schema.pattern.test(value)
        ? []
        : wrong(allowedBy(schema) + referenceHint(value));
    case "reference":
      return schema.by.some((name) => isReference(value, name)) ? [] : wrong(allowedBy(schema));
    case "choice": {
      if (typeof value === "string" && schema.of.includes(value)) return [];
      if (schema.or?.some((other) => problems(value, other, path).length === 0) === true) return [];
      return wrong(`${allowedBy(schema)}${typeof value === "string" ? meant(value, schema.of) : ""}`);
    }
    case "list":
      return Array.isArray(value)
        ? value.flatMap((item, i) => problems(item, schema.of, `${path}[${i}]`))
        : wrong(allowedBy(schema));
    case "object":
      return isObject(value) ? propertyProblems(value, schema.properties, path) : wrong(allowedBy(schema));
    case "either": {
      const fits = schema.of.find((option) => (option.kind === "object") === isObject(value));
      return fits === undefined ? wrong(schema.of.map(allowedBy).join(", or ")) : eitherProblems(value, schema, path);
    }
  }
}

function eitherProblems(value: unknown, schema: Schema & { kind: "either" }, path: string): string[] {
  const [object, other] = schema.of[0].kind === "object" ? schema.of : [schema.of[1], schema.of[0]];
  if (isObject(value)) return problems(value, object, path);
  return problems(value, other, path).map((text) => text.replace(", not ", `, or ${allowedBy(object)}, not `));
}

function propertyProblems(
  value: Readonly<Record<string, unknown>>,
  properties: Readonly<Record<string, Schema>>,
  path: string,
): string[] {
  const allowed = Object.keys(properties);
  return Object.entries(value).flatMap(([name, given]) => {
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return schema === undefined
      ? [`\`${path}.${name}\` is not an option${meant(name, allowed)}; allowed are ${allowed.join(", ")}`]
      : problems(given, schema, `${path}.${name}`);
  });
}

function allowedBy(schema: Schema): string {
  switch (schema.kind) {
    case "boolean":
      return "true or false";
    case "integer":
      return `a whole number from ${schema.min} to ${schema.max}`;
    case "string":
      return schema.what;
    case "choice":
      return [...schema.of.map((name) => `"${name}"`), ...(schema.or ?? []).map(allowedBy)].join(" or ");
    case "reference":
      return `${schema.what} by ${schema.by.map((name) => name.replace("Fn::", "!")).join(" or ")}`;
    case "list":
      return `a list, each ${allowedBy(schema.of)}`;
    case "object":
      return `an object with ${Object.keys(schema.properties).join(", ")}`;
    case "either":
      return schema.of.map(allowedBy).join(", or ");
  }
}

/** A variable that gives text, such as a parameter of the command line, is a usual cause. */
function textHint(value: unknown): string {
  return value === "true" || value === "false" ? ` (\`\${strToBool(...)}\` makes one of text)` : "";
}

function referenceHint(value: unknown): string {
  const isOne = isObject(value) && Object.keys(value).some((key) => key === "Ref" || key.startsWith("Fn::"));
  return isOne ? `, known when the service is packaged (\`\${cf:STACK.OUTPUT}\` and \`\${ssm:NAME}\` give one)` : "";
}

function isReference(value: unknown, name: string): boolean {
  return isObject(value) && Object.keys(value).length === 1 && Object.hasOwn(value, name);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** ` (did you mean ...?)`, when a name is close to one that is allowed. */
export function meant(name: string, allowed: readonly string[]): string {
  const near = allowed
    .map((candidate) => ({ candidate, far: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, far }) => far <= Math.max(2, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.far - b.far)[0];
  return near === undefined ? "" : ` (did you mean \`${near.candidate}\`?)`;
}

/** Levenshtein's: how many letters are to be changed, added or dropped. */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const change = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
