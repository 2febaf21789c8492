/** A record as a DynamoDB item and back. Knows attribute names and types, nothing of requests. */
import type { CompletedRecord, ResultData, StoredRecord } from "../core/record.ts";
import { InvalidOptionsError, StoreUnavailableError } from "../errors.ts";

/** The attributes of an item. The keys are the default names. */
export interface AttributeNames {
  /** The partition key, a string. */
  readonly id: string;
  readonly status: string;
  readonly owner: string;
  readonly fence: string;
  readonly attempts: string;
  /** Epoch milliseconds. */
  readonly lease_until: string;
  /** Epoch seconds: the table's TTL attribute. */
  readonly expires_at: string;
  readonly payload_hash: string;
  /** The outcome: text, or its compressed bytes. */
  readonly result: string;
  /** Where an outcome lies that is too long for the record. */
  readonly result_ref: string;
  /** Epoch milliseconds. */
  readonly created_at: string;
  /** Epoch milliseconds. */
  readonly completed_at: string;
  /** The error that ended an attempt whose outcome is not kept. */
  readonly error_name: string;
}

const DEFAULTS: AttributeNames = {
  id: "id",
  status: "status",
  owner: "owner",
  fence: "fence",
  attempts: "attempts",
  lease_until: "lease_until",
  expires_at: "expires_at",
  payload_hash: "payload_hash",
  result: "result",
  result_ref: "result_ref",
  created_at: "created_at",
  completed_at: "completed_at",
  error_name: "error_name",
};

/** The names in use. Throws an {@link InvalidOptionsError} for an unknown, empty or doubled one. */
export function attributeNames(renamed: Partial<AttributeNames> = {}): AttributeNames {
  if (typeof renamed !== "object" || renamed === null || Array.isArray(renamed)) {
    throw new InvalidOptionsError('dynamoDBStore: `attributeNames` must be an object such as `{ id: "pk" }`.');
  }
  for (const [name, value] of Object.entries(renamed)) {
    if (!Object.hasOwn(DEFAULTS, name)) {
      const allowed = Object.keys(DEFAULTS).join(", ");
      throw new InvalidOptionsError(
        `dynamoDBStore: \`attributeNames\` has the unknown name \`${name}\`; allowed are ${allowed}.`,
      );
    }
    if (typeof value !== "string" || value === "") {
      throw new InvalidOptionsError(
        `dynamoDBStore: \`attributeNames.${name}\` must be the name of an attribute, a string that is not empty.`,
      );
    }
  }
  const names = { ...DEFAULTS, ...renamed };
  const all = Object.values(names);
  const twice = all.find((name, i) => all.indexOf(name) !== i);
  if (twice !== undefined)
    throw new InvalidOptionsError(`dynamoDBStore: \`attributeNames\` gives the name \`${twice}\` to two attributes.`);
  return names;
}

/** A table, as conditions and errors speak of it. */
export interface Table {
  readonly name: string;
  readonly names: AttributeNames;
}

/** Attribute values as JavaScript has them: text, numbers, bytes. */
export type Item = Readonly<Record<string, unknown>>;

/** Without attributes that are absent: a client may be set to refuse `undefined`. */
export function toItem(record: StoredRecord, names: AttributeNames): Item {
  return {
    [names.id]: record.id,
    [names.status]: record.status,
    [names.owner]: record.owner,
    [names.fence]: record.fence,
    [names.attempts]: record.attempts,
    [names.lease_until]: record.leaseUntil,
    [names.expires_at]: record.expiresAt,
    [names.created_at]: record.createdAt,
    ...(record.payloadHash === undefined ? {} : { [names.payload_hash]: record.payloadHash }),
    ...(record.status === "COMPLETED"
      ? { ...resultItem(record.result, names), [names.completed_at]: record.completedAt }
      : {}),
    ...("errorName" in record && record.errorName !== undefined ? { [names.error_name]: record.errorName } : {}),
  };
}

function resultItem(result: CompletedRecord["result"], names: AttributeNames): Item {
  if (typeof result === "string" || result instanceof Uint8Array) return { [names.result]: result };
  return { [names.result_ref]: result.ref };
}

/** Throws a `StoreUnavailableError` for an item that this library did not write. */
export function fromItem(item: Item, table: Table): StoredRecord {
  const { names } = table;
  const text = (name: string): string => {
    const value = item[name];
    if (typeof value !== "string") throw foreignItem(table, item[names.id], name);
    return value;
  };
  const number = (name: string): number => {
    const value = item[name];
    const read = Number(
      typeof value === "object" && value !== null && "value" in value ? value.value : (value ?? Number.NaN),
    );
    if (!Number.isFinite(read)) throw foreignItem(table, item[names.id], name);
    return read;
  };
  const base = {
    id: text(names.id),
    owner: text(names.owner),
    fence: number(names.fence),
    attempts: number(names.attempts),
    leaseUntil: number(names.lease_until),
    expiresAt: number(names.expires_at),
    ...(item[names.payload_hash] === undefined ? {} : { payloadHash: text(names.payload_hash) }),
    createdAt: number(names.created_at),
  };
  const status = text(names.status);
  switch (status) {
    case "IN_PROGRESS":
      return { ...base, status };
    case "COMPLETED":
      return { ...base, status, result: resultOf(item, table), completedAt: number(names.completed_at) };
    case "RELEASED":
    case "FAILED":
      return {
        ...base,
        status,
        ...(item[names.error_name] === undefined ? {} : { errorName: text(names.error_name) }),
      };
    default:
      throw foreignItem(table, base.id, names.status);
  }
}

function resultOf(item: Item, table: Table): CompletedRecord["result"] {
  const { names } = table;
  const ref = item[names.result_ref];
  return typeof ref === "string" ? { ref } : resultData(item, table);
}

/** A result that stands in an item: a record's own, or a body. */
export function resultData(item: Item, table: Table): ResultData {
  const { names } = table;
  const result = item[names.result];
  if (typeof result === "string" || result instanceof Uint8Array) return result;
  throw foreignItem(table, item[names.id], names.result);
}

/** The table is shared with something else, or was written to by hand. */
function foreignItem(table: Table, id: unknown, attribute: string): StoreUnavailableError {
  return new StoreUnavailableError(
    `Idempotency table \`${table.name}\`: the item \`${String(id)}\` is not a record of lambda-once (see its attribute \`${attribute}\`). Use a table of its own, or delete the item.`,
    { transient: false },
  );
}
