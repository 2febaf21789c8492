/**
 * Canonical JSON: one text for all JSON values that are equal, whatever the order of their properties.
 *
 * Keys and fingerprints are made of it, so two values that differ must never give the same text (G8), and anything
 * that is not JSON is refused instead of being guessed at.
 */
import { needsEscape, parseJson } from "./escapes.ts";

/** Says which part of a value is not JSON. `path` is empty for the value itself, else like `items[0].at`. */
export class NotJsonError extends Error {
  readonly path: string;
  readonly found: string;

  constructor(path: string, found: string) {
    super(`${path === "" ? "the value" : `\`${path}\``} is ${found}, which is not a JSON value`);
    this.path = path;
    this.found = found;
  }
}

/** Deeper than any document a person writes; keeps the recursion off the end of the stack. */
const MAX_DEPTH = 500;

/**
 * Properties in code unit order, no white space; `undefined` as `JSON.stringify` has it (left out of objects, `null`
 * elsewhere). Throws {@link NotJsonError} for everything else that is not JSON, also for circular structures.
 */
export function canonicalJson(value: unknown): string {
  return typeof value === "string" ? quoted(value) : write(value, []);
}

/** `path`: the steps to the value. Where something is thrown, they stay as they are: it is told where that was. */
function write(value: unknown, path: (string | number)[]): string {
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "number":
      if (!Number.isFinite(value)) throw new NotJsonError(textOf(path), String(value));
      return Object.is(value, -0) ? "0" : `${value}`;
    case "boolean":
      return value ? "true" : "false";
    case "undefined":
      return "null";
    case "object":
      break;
    default:
      throw new NotJsonError(textOf(path), nameOf(value));
  }
  if (value === null) return "null";
  if (value instanceof ExactNumber) return value.text;
  if (path.length >= MAX_DEPTH) throw new NotJsonError("", `nested more than ${MAX_DEPTH} levels deep (or circular)`);
  if (Array.isArray(value)) return writeItems(value, path);
  if (!isPlainObject(value)) throw new NotJsonError(textOf(path), nameOf(value));
  return writeMembers(value, path);
}

function writeItems(items: readonly unknown[], path: (string | number)[]): string {
  let text = "[";
  for (let i = 0; i < items.length; i++) {
    path.push(i);
    text += (i === 0 ? "" : ",") + write(items[i], path);
    path.pop();
  }
  return `${text}]`;
}

function writeMembers(members: Record<string, unknown>, path: (string | number)[]): string {
  let text = "";
  for (const name of Object.keys(members).sort()) {
    const member = members[name];
    if (member === undefined) continue;
    path.push(name);
    text += `${text === "" ? "" : ","}${quoted(name)}:${write(member, path)}`;
    path.pop();
  }
  return `{${text}}`;
}

/** As `JSON.stringify` has it, which most texts need no help of. */
function quoted(text: string): string {
  return needsEscape(text) ? JSON.stringify(text) : `"${text}"`;
}

function textOf(path: readonly (string | number)[]): string {
  return path.reduce<string>(
    (at, step) => (typeof step === "number" ? `${at}[${step}]` : at === "" ? step : `${at}.${step}`),
    "",
  );
}

/** An object literal, from this realm or another (`vm` contexts, test runners), or one without a prototype. */
export function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "isPrototypeOf");
}

/** How a person would call what is neither `null` nor `undefined`: `a Date`, `a function`, `a bigint`. */
export function nameOf(value: unknown): string {
  if (typeof value !== "object") return `a ${typeof value}`;
  const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === "string" && name !== "" ? `a ${name}` : "an object of no known class";
}

/**
 * The canonical text of a JSON document, number by number as written: `10.00` and `1e1` are the same, and
 * 9007199254740993 is not 9007199254740992 although both are the same double. `undefined` when it is not JSON.
 */
export function canonicalJsonText(text: string): string | undefined {
  try {
    if (!MAY_LOSE_DIGITS.test(text)) return canonicalJson(parseJson(text));
    return canonicalJson(
      parseJson(text, (_name, value, context) =>
        typeof value === "number" ? exactNumber(value, context?.source ?? String(value)) : value,
      ),
    );
  } catch {
    return undefined;
  }
}

/** Doubles tell all decimals of up to 15 digits apart; with more digits, or an exponent, they may not. */
const MAY_LOSE_DIGITS = /[\d.]{16}|\d[eE]/;

/** A number that no double holds, as its decimal digits. Its text is never the text of a double. */
class ExactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The number itself where it says all that was written, else its digits. */
function exactNumber(value: number, source: string): number | ExactNumber {
  const written = decimal(source);
  return decimal(String(value)) === written ? value : new ExactNumber(written);
}

/** One text for one decimal value: sign, digits without outer zeros, power of ten. In one pass: bodies may be hostile. */
function decimal(source: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = NUMBER.exec(source) ?? [];
  if (whole === "" || exponent.length > LONGEST_EXPONENT) return source;
  const digits = whole + fraction;
  let start = 0;
  let end = digits.length;
  while (digits[start] === "0") start++;
  if (start === end) return "0";
  while (digits[end - 1] === "0") end--;
  return `${sign}${digits.slice(start, end)}e${Number(exponent) - fraction.length + (digits.length - end)}`;
}

/** An exponent of more digits is compared as it is written. */
const LONGEST_EXPONENT = 12;

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]\+?(-?\d+))?$/;
