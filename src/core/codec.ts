/**
 * The codec: an outcome as text that is JSON, stays readable in the table, and comes back as what it was.
 *
 * A value JSON has no word for is written as an object with one property whose name starts with `$`, such as
 * `{"$date":"2026-11-24T00:00:00.000Z"}`; an object of the caller's own that looks like one is wrapped in `$object`.
 * What cannot be written is found out here, before any write (G13). Decoding always makes new objects (G6).
 */
import { types as is } from "node:util";
import { isPlainObject, nameOf } from "./canonical-json.ts";
import { needsEscape } from "./escapes.ts";
import { said, shortened } from "./said.ts";

/** How one class is stored and revived. */
export interface StoredType<T = unknown, J = unknown> {
  /** Stands in the table, and must not change while records live. */
  readonly name: string;
  /** Whether a value is of this class. */
  readonly is: (value: unknown) => boolean;
  /** To anything that can be stored. */
  readonly encode: (value: T) => J;
  /** Back from what `encode` gave. */
  readonly decode: (stored: J) => T;
}

export type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

export type Encoded = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

/** `unstorable`: the record says that there was an outcome which could not be stored, and why. */
export type Decoded = Outcome | { readonly unstorable: string };

const MAX_DEPTH = 500;
/** Values that hold each other more than once are written more than once: this bounds the work, well above any store. */
const MAX_PARTS = 1_000_000;

class NotStorable extends Error {}

interface Writing {
  readonly types: readonly StoredType[];
  readonly path: (string | number)[];
  parts: number;
}

export function encodeOutcome(outcome: Outcome, types: readonly StoredType[]): Encoded {
  const writing: Writing = { types, path: [], parts: 0 };
  try {
    const written = outcome.ok ? write(outcome.value, writing) : { $thrown: write(outcome.error, writing) };
    return { ok: true, text: JSON.stringify(written) };
  } catch (error) {
    const reason = error instanceof NotStorable ? shortened(() => error.message) : `it cannot be read: ${said(error)}`;
    return { ok: false, reason };
  }
}

/** The text of a record whose outcome could not be stored. */
export function encodeUnstorable(reason: string): string {
  return JSON.stringify({ $unstorable: reason });
}

/** Throws when the text is not one that this codec wrote. */
export function decodeOutcome(text: string, types: readonly StoredType[]): Decoded {
  const read: unknown = JSON.parse(text);
  const tag = tagOf(read);
  if (tag === "$unstorable") return { unstorable: String((read as { $unstorable: unknown }).$unstorable) };
  if (tag === "$thrown") return { ok: false, error: revive((read as { $thrown: unknown }).$thrown, types) };
  return { ok: true, value: revive(read, types) };
}

function write(value: unknown, w: Writing): unknown {
  if (++w.parts > MAX_PARTS) throw new NotStorable("it has too many parts");
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? "-0" : `${value}` };
    case "undefined":
      return { $undefined: true };
    case "bigint":
      return { $bigint: value.toString() };
    case "object":
      return value === null ? null : writeObject(value, w);
    default:
      throw notStorable(w, nameOf(value));
  }
}

function writeObject(value: object, w: Writing): unknown {
  if (w.path.length >= MAX_DEPTH) throw new NotStorable(`it is circular, or nested more than ${MAX_DEPTH} levels deep`);
  const type = w.types.find((candidate) => candidate.is(value));
  if (type !== undefined) return { $type: type.name, value: inside("$type", type.encode(value), w) };
  if (Array.isArray(value)) return writeItems(value, w);
  if (isPlainObject(value)) return writeMembers(value, w);
  if (is.isDate(value)) return { $date: Number.isNaN(value.getTime()) ? null : value.toISOString() };
  if (is.isMap(value)) return { $map: [...value].map(([k, v], i) => [inside(i, k, w), inside(i, v, w)]) };
  if (is.isSet(value)) return { $set: [...value].map((item, i) => inside(i, item, w)) };
  if (ArrayBuffer.isView(value)) return writeBytes(value);
  if (is.isAnyArrayBuffer(value)) return { $bytes: base64(new Uint8Array(value)), of: "ArrayBuffer" };
  if (is.isRegExp(value)) return { $regexp: [value.source, value.flags] };
  if (is.isNativeError(value) || value instanceof Error) return writeError(value, w);
  if (isOpaque(value)) throw notStorable(w, nameOf(value));
  if (is.isBoxedPrimitive(value)) return write(value.valueOf(), w);
  return writeMembers(value as Record<string, unknown>, w);
}

function writeItems(value: readonly unknown[], w: Writing): unknown[] {
  if (w.parts + value.length > MAX_PARTS) throw new NotStorable("it has too many parts");
  return Array.from(value, (item, i) => (i in value ? inside(i, item, w) : { $hole: true }));
}

function writeMembers(value: Record<string, unknown>, w: Writing): unknown {
  const json = viaToJson(value, w);
  if (json !== undefined) return json.written;
  const plain = isPlainObject(value);
  if (Object.keys(value).some(needsEscape)) return writeEntries(value, plain, w);
  const written: Record<string, unknown> = Object.create(null);
  for (const name of Object.keys(value)) {
    const member = value[name];
    if (plain || !isLeftOut(member)) written[name] = inside(name, member, w);
  }
  return tagOf(written) === undefined ? written : { $object: written };
}

/** Names that JSON escapes are written as strings, not as names. See `escapes.ts`. */
function writeEntries(value: Record<string, unknown>, plain: boolean, w: Writing): unknown {
  const kept = Object.entries(value).filter(([, member]) => plain || !isLeftOut(member));
  return { $entries: kept.map(([name, member]) => [name, inside(name, member, w)]) };
}

/** As `JSON.stringify` asks an object for what stands for it. */
function viaToJson(value: Record<string, unknown>, w: Writing): { readonly written: unknown } | undefined {
  const toJson = value["toJSON"];
  if (typeof toJson !== "function") return undefined;
  const json: unknown = toJson.call(value, String(w.path.at(-1) ?? ""));
  return json === value ? undefined : { written: inside("toJSON()", json, w) };
}

/** What `JSON.stringify` leaves out. A class may have methods that are properties; a plain object's function is data lost. */
function isLeftOut(member: unknown): boolean {
  return member === undefined || typeof member === "function" || typeof member === "symbol";
}

/** The name of the tag where an object is one, or could be taken for one. */
function tagOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const first = Object.keys(value)[0];
  return first?.startsWith("$") ? first : undefined;
}

function writeBytes(value: ArrayBufferView): unknown {
  const bytes = base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  const of = Buffer.isBuffer(value) ? "Buffer" : value.constructor.name;
  return of === "Uint8Array" ? { $bytes: bytes } : { $bytes: bytes, of };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** Name, message, cause and own properties. The stack stays behind: it is large, and says how this process is built. */
function writeError(error: Error, w: Writing): unknown {
  const errors: readonly unknown[] | undefined = error instanceof AggregateError ? error.errors : undefined;
  const own: Record<string, unknown> = {};
  for (const name of Object.keys(error)) {
    const apart = ERROR_FIELDS.has(name) || (errors !== undefined && name === "errors");
    if (!apart) own[name] = inside(name, (error as never)[name], w);
  }
  return {
    $error: String(error.name),
    message: String(error.message),
    ...(Object.hasOwn(error, "cause") ? { cause: inside("cause", error.cause, w) } : {}),
    ...(errors === undefined ? {} : { errors: inside("errors", errors, w) }),
    ...(Object.keys(own).length === 0 ? {} : { own }),
  };
}

const ERROR_FIELDS: ReadonlySet<string> = new Set(["message", "stack", "cause"]);

/** What has a state that no text holds: storing its properties would be storing nothing. */
function isOpaque(value: object): boolean {
  if (is.isPromise(value) || is.isWeakMap(value) || is.isWeakSet(value) || value instanceof WeakRef) return true;
  const v = value as Record<PropertyKey, unknown>;
  const isFunction = (name: PropertyKey): boolean => typeof v[name] === "function";
  if (isFunction("next") && isFunction(Symbol.iterator)) return true;
  return ["then", "pipe", "getReader", "arrayBuffer", Symbol.asyncIterator].some(isFunction);
}

function inside(step: string | number, value: unknown, w: Writing): unknown {
  w.path.push(step);
  const written = write(value, w);
  w.path.pop();
  return written;
}

function notStorable(w: Writing, found: string): NotStorable {
  const path = w.path.reduce<string>((at, step) => (typeof step === "number" ? `${at}[${step}]` : `${at}.${step}`), "");
  return new NotStorable(`${path === "" ? "it" : `\`${path.replace(/^\./, "")}\``} is ${found}`);
}

type Tagged = Record<string, unknown>;

function revive(read: unknown, types: readonly StoredType[]): unknown {
  if (typeof read !== "object" || read === null) return read;
  if (Array.isArray(read)) {
    for (let i = 0; i < read.length; i++) {
      if (tagOf(read[i]) === "$hole") delete read[i];
      else read[i] = revive(read[i], types);
    }
    return read;
  }
  const tag = tagOf(read);
  return tag === undefined ? reviveMembers(read as Tagged, types) : reviveTagged(tag, read as Tagged, types);
}

/** In place: `JSON.parse` made `__proto__` an own property, so assigning to it is harmless. */
function reviveMembers(read: Tagged, types: readonly StoredType[]): Tagged {
  for (const name of Object.keys(read)) read[name] = revive(read[name], types);
  return read;
}

function reviveTagged(tag: string, read: Tagged, types: readonly StoredType[]): unknown {
  const held = read[tag];
  switch (tag) {
    case "$object":
      return reviveMembers(held as Tagged, types);
    case "$entries":
      return reviveEntries(held as [string, unknown][], types);
    case "$undefined":
      return undefined;
    case "$number":
      return Number(held);
    case "$bigint":
      return BigInt(held as string);
    case "$date":
      return new Date((held as string | null) ?? Number.NaN);
    case "$map":
      return new Map(revive(held, types) as [unknown, unknown][]);
    case "$set":
      return new Set(revive(held, types) as unknown[]);
    case "$regexp":
      return new RegExp(...(held as [source: string, flags: string]));
    case "$bytes":
      return reviveBytes(held as string, read["of"] as string | undefined);
    case "$error":
      return reviveError(read, types);
    case "$type":
      return reviveType(held as string, read["value"], types);
    default:
      throw new Error(`the stored result has the unknown tag \`${tag}\``);
  }
}

function reviveEntries(entries: readonly [string, unknown][], types: readonly StoredType[]): Tagged {
  const revived: Tagged = {};
  for (const [name, stored] of entries) {
    const value = revive(stored, types);
    Object.defineProperty(revived, name, { value, configurable: true, enumerable: true, writable: true });
  }
  return revived;
}

function reviveType(name: string, stored: unknown, types: readonly StoredType[]): unknown {
  const type = types.find((candidate) => candidate.name === name);
  if (type === undefined) {
    throw new Error(`the stored result holds a \`${name}\`: register it in the option \`types\` to have it back`);
  }
  return type.decode(revive(stored, types));
}

const VIEWS: ReadonlyMap<string, new (buffer: ArrayBuffer) => ArrayBufferView> = new Map(
  [
    Int8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    DataView,
    ...(typeof Float16Array === "undefined" ? [] : [Float16Array]),
  ].map((View) => [View.name, View]),
);

function reviveBytes(text: string, of: string | undefined): unknown {
  const bytes = Buffer.from(text, "base64");
  if (of === "Buffer") return bytes;
  const copy = new Uint8Array(bytes);
  if (of === "ArrayBuffer") return copy.buffer;
  const View = VIEWS.get(of ?? "");
  return View === undefined ? copy : new View(copy.buffer);
}

const ERRORS: ReadonlyMap<string, ErrorConstructor> = new Map(
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((kind) => [kind.name, kind]),
);

function reviveError(read: Tagged, types: readonly StoredType[]): Error {
  const name = String(read["$error"]);
  const message = String(read["message"]);
  const options = "cause" in read ? { cause: revive(read["cause"], types) } : undefined;
  const error =
    "errors" in read
      ? new AggregateError(revive(read["errors"], types) as unknown[], message, options)
      : new (ERRORS.get(name) ?? Error)(message, options);
  if (error.name !== name) Object.defineProperty(error, "name", { value: name, configurable: true, writable: true });
  error.stack = `${name}: ${message}\n    at a first call whose outcome is replayed here`;
  const own = "own" in read ? reviveMembers(read["own"] as Tagged, types) : {};
  return Object.defineProperties(error, Object.getOwnPropertyDescriptors(own));
}
