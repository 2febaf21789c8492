/**
 * As much of the Serverless Framework's plugin API as is used here: the part that Serverless v3, osls 3 and osls 4 share.
 */

export interface FunctionConfig {
  readonly runtime?: string;
  readonly handler?: string;
  readonly timeout?: number;
  readonly role?: unknown;
  readonly events?: readonly Readonly<Record<string, unknown>>[];
  environment?: Record<string, unknown>;
  /** Of the plugin serverless-iam-roles-per-function: a role of the function's own. */
  iamRoleStatements?: Statement[];
  readonly iamRoleStatementsInherit?: boolean;
}

export interface Statement {
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface Provider {
  readonly timeout?: number;
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly apiGateway?: { readonly timeoutInMillis?: number };
  readonly role?: unknown;
  iam?: { role?: unknown };
  iamRoleStatements?: Statement[];
}

export interface Service {
  readonly service: string;
  readonly provider: Provider;
  readonly functions?: Readonly<Record<string, FunctionConfig>>;
  readonly custom?: Readonly<Record<string, unknown>>;
  resources?: { Resources?: Record<string, Resource> };
}

export interface Serverless {
  readonly service: Service;
  readonly serviceDir: string;
  readonly processedInput: { readonly commands: readonly string[] };
  readonly classes: { readonly Error: new (message: string, code?: string) => Error };
  getProvider(name: "aws"): AwsProvider;
}

export interface AwsProvider {
  readonly naming: { getStackName(): string };
  getStage(): string;
  getRegion(): string;
  /** The runtime that a function gets: its own, the provider's, or the framework's default. */
  getRuntime(own: string | undefined): string;
}

/** The third argument of a plugin. */
export interface PluginUtilities {
  readonly log: Readonly<Record<"notice" | "warning" | "info", (text: string) => void>>;
}
