/** Reading what may be there: no part of an event is trusted to exist or to be of its type. */

export type Fields = Readonly<Record<string, unknown>>;

const NONE: Fields = {};

/** The properties of an object; none where it is not one. */
export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : NONE;
}

/** Text that is not empty. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The `Records` of an event, or `undefined` where it has none. */
export function recordsOf<R>(event: unknown): readonly R[] | undefined {
  const records = fields(event)["Records"];
  return Array.isArray(records) ? (records as readonly R[]) : undefined;
}
