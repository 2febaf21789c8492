/**
 * A way around a fault of V8 in Node.js 24 (nodejs/node#63785): `JSON.parse` misreads an escaped property name, by what it
 * parsed before. Neither a fingerprint (G7) nor a replay (G6) may depend on that, so nothing here parses an escaped name.
 */

/** Whether JSON has to escape something in it, or would have to for UTF-8's sake. */
export function needsEscape(text: string): boolean {
  return ESCAPED.test(text);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what JSON escapes
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

/** `JSON.parse`, for text that others wrote. Objects come without a prototype where the text has escapes. */
export function parseJson(
  text: string,
  reviver?: (name: string, value: unknown, context?: { source?: string }) => unknown,
): unknown {
  if (!text.includes("\\")) return JSON.parse(text, reviver);
  JSON.parse(text); // The way through the strings below is a straight one only where all of it is valid.
  const spelled = text.replace(STRING, (string) => `"${respell(JSON.parse(string) as string)}"`);
  return restore(JSON.parse(spelled, reviver));
}

const STRING = /"(?:[^"\\]|\\.)*"/g;

/** A private character stands before the code of what is spelled out; itself is spelled out too. */
const MARK = "\ue000";

function respell(text: string): string {
  return text.replace(SPELLED_OUT, (unit) => MARK + unit.charCodeAt(0).toString(16).padStart(4, "0"));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what JSON escapes
const SPELLED_OUT = /["\\\u0000-\u001f\ue000\ud800-\udfff]/g;

function unspell(text: string): string {
  return text.replace(/\ue000([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

function restore(value: unknown): unknown {
  if (typeof value === "string") return unspell(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(restore);
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const restored: Record<string, unknown> = Object.create(null);
  for (const [name, member] of Object.entries(value)) restored[unspell(name)] = restore(member);
  return restored;
}
