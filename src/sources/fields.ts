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
