/** The wrappers that take the common options, called alike: each option is tested on every one of them. */
import type { Context } from "aws-lambda";
import { type CommonOptions, type Execution, executeOnce, idempotent, idempotentHttp } from "../../src/index.ts";
import { eventOf, type Json, shapeNamed } from "../support/http-events.ts";
import { lambdaContext } from "../support/lambda-context.ts";

export type Options = Partial<CommonOptions<Json>> & Pick<CommonOptions<Json>, "store">;

/** What a call came to: what the work gave, or the name of the error of this library. */
export type Came = { readonly value: unknown } | { readonly refused: string };

export interface Request {
  readonly key?: unknown;
  readonly payload?: unknown;
  readonly context?: Context;
}

export interface Wrapper {
  readonly name: "idempotent" | "idempotentHttp" | "executeOnce";
  /** Whether it has a fingerprint by default. */
  readonly requiresKey: boolean;
  /** The work's own errors reject. */
  readonly wrap: (
    options: Options,
    work: (execution: Execution, payload: Json) => unknown,
  ) => (request?: Request) => Promise<Came>;
}

const PROBLEMS: Readonly<Record<string, string>> = {
  "key-missing": "KeyMissingError",
  "key-invalid": "KeyInvalidError",
  "payload-mismatch": "PayloadMismatchError",
  "in-progress": "InProgressError",
  "ownership-lost": "OwnershipLostError",
  "result-not-storable": "ResultNotStorableError",
  "store-unavailable": "StoreUnavailableError",
};

const OPERATION = { operation: "pay" };
const OWN = new Set(Object.values(PROBLEMS));

async function came(call: Promise<unknown>): Promise<Came> {
  try {
    return { value: await call };
  } catch (error) {
    if (error instanceof Error && OWN.has(error.name)) return { refused: error.name };
    throw error;
  }
}

export const WRAPPERS: readonly Wrapper[] = [
  {
    name: "idempotent",
    requiresKey: true,
    wrap(options, work) {
      const wrapped = idempotent(
        async (event: Json, _context: Context, execution) => await work(execution, event.payload),
        {
          ...OPERATION,
          key: (event: Json) => event.key,
          ...options,
        },
      );
      return ({ key = "k1", payload, context = lambdaContext() } = {}) => came(wrapped({ key, payload }, context));
    },
  },
  {
    name: "idempotentHttp",
    requiresKey: false,
    wrap(options, work) {
      const handler = async (event: Json, _context: Context, execution: Execution): Promise<Json> => ({
        statusCode: 200,
        value: await work(execution, event.payload),
      });
      const wrapped = idempotentHttp(handler, {
        ...OPERATION,
        fingerprint: false,
        key: (event: Json) => event.key,
        ...options,
      }) as (event: Json, context: Context) => Promise<Json>;
      return async ({ key = "k1", payload, context = lambdaContext() } = {}) => {
        const event = { ...eventOf(shapeNamed("HTTP API")), key, payload };
        const response = await wrapped(event, context);
        if (response.statusCode === 200) return { value: response.value };
        return { refused: PROBLEMS[JSON.parse(response.body).type.split(":").at(-1)] ?? "unknown" };
      };
    },
  },
  {
    name: "executeOnce",
    requiresKey: true,
    wrap(options, work) {
      return ({ key = "k1", payload, context = lambdaContext() } = {}) => {
        const { fingerprint, tenant } = options;
        const bound = {
          ...OPERATION,
          ...options,
          ...(typeof fingerprint === "function" ? { fingerprint: () => fingerprint({ key, payload }, context) } : {}),
          ...(tenant === undefined ? {} : { tenant: () => tenant({ key, payload }, context) }),
          context,
        };
        return came(executeOnce(key, (execution) => work(execution, payload), bound).then(({ value }) => value));
      };
    },
  },
];
