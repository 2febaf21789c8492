/**
 * The `Idempotency-Key` header. The IETF draft makes it a structured-field string, in quotes; real clients send bare
 * tokens: `"8e03"` and `8e03` are the same key.
 */
import { KeyInvalidError } from "../errors.ts";
import { type HttpRequest, headerValues } from "./http-event.ts";

/** Counted without the quotes. Stripe's limit. */
const MAX_KEY_LENGTH = 255;

/** No key is this long, not with every character escaped and some white space around it. */
const LONGEST_FIELD = 1_000;

/** `undefined` when there is none, or it is empty. Throws a {@link KeyInvalidError} that names what is wrong. */
export function headerKey(request: HttpRequest, headerName: string): string | undefined {
  const values = headerValues(request, headerName);
  const [value] = values;
  if (value === undefined) return undefined;
  const invalid = (what: string): KeyInvalidError => {
    const detail = `The \`${headerName}\` header ${what}.`;
    return new KeyInvalidError(detail, { detail });
  };
  if (values.length > 1) throw invalid("is there more than once: send one key");
  if (typeof value !== "string") throw invalid("is not text");
  if (value.length > LONGEST_FIELD) throw invalid(`is longer than ${MAX_KEY_LENGTH} characters`);
  const trimmed = value.replace(/^[ \t]+|[ \t]+$/g, "");
  if (trimmed === "") return undefined;
  if (!/^[\x20-\x7e]+$/.test(trimmed)) throw invalid("holds characters that are not printable ASCII");
  const key = trimmed.startsWith('"') ? unquoted(trimmed) : trimmed.includes(",") ? undefined : trimmed;
  if (key === undefined) {
    throw invalid(
      'must be one key, bare or as one quoted string (`"..."`, with `\\"` and `\\\\` for `"` and `\\`; a comma only inside the quotes)',
    );
  }
  if (key.length > MAX_KEY_LENGTH) throw invalid(`is longer than ${MAX_KEY_LENGTH} characters`);
  return key === "" ? undefined : key;
}

/** RFC 9651, section 3.3.3: a quote or a backslash inside is escaped, nothing else is. */
function unquoted(value: string): string | undefined {
  const inner = /^"((?:[^"\\]|\\["\\])*)"$/.exec(value)?.[1];
  return inner?.replace(/\\(["\\])/g, "$1");
}
