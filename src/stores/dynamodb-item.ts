/** A record as a DynamoDB item and back. Knows attribute names and types, nothing of requests. */
import type { CompletedRecord, ResultData, StoredRecord } from "../core/record.ts";
import { InvalidOptionsError, StoreUnavailableError } from "../errors.ts";
import type { ResultBody } from "../store.ts";

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

/** As DynamoDB's API has it. Of the types of attributes a record has three; others are somebody else's. */
export interface AttributeValue {
  readonly S?: string;
  readonly N?: string;
  readonly B?: Uint8Array;
}

export type Item = Readonly<Record<string, AttributeValue | undefined>>;

export function toItem(record: StoredRecord, names: AttributeNames): Item {
  const item: Record<string, AttributeValue> = {
    [names.id]: { S: record.id },
    [names.status]: { S: record.status },
    [names.owner]: { S: record.owner },
    [names.fence]: { N: `${record.fence}` },
    [names.attempts]: { N: `${record.attempts}` },
    [names.lease_until]: { N: `${record.leaseUntil}` },
    [names.expires_at]: { N: `${record.expiresAt}` },
    [names.created_at]: { N: `${record.createdAt}` },
  };
  if (record.payloadHash !== undefined) item[names.payload_hash] = { S: record.payloadHash };
  if (record.status === "COMPLETED") {
    const { result } = record;
    if (typeof result === "string" || result instanceof Uint8Array) item[names.result] = dataValue(result);
    else item[names.result_ref] = { S: result.ref };
    item[names.completed_at] = { N: `${record.completedAt}` };
  }
  if ("errorName" in record && record.errorName !== undefined) item[names.error_name] = { S: record.errorName };
  return item;
}

/** A body, beside its record. */
export function toBodyItem(id: string, body: ResultBody, names: AttributeNames): Item {
  return {
    [names.id]: { S: id },
    [names.result]: dataValue(body.data),
    [names.expires_at]: { N: `${body.expiresAt}` },
  };
}

function dataValue(data: ResultData): AttributeValue {
  return typeof data === "string" ? { S: data } : { B: data };
}

/** Throws a `StoreUnavailableError` for an item that this library did not write. */
export function fromItem(item: Item, table: Table): StoredRecord {
  const { names } = table;
  const text = (name: string): string => {
    const value = item[name]?.S;
    if (value === undefined) throw foreignItem(table, item, name);
    return value;
  };
  const number = (name: string): number => {
    const value = Number(item[name]?.N ?? Number.NaN);
    if (!Number.isFinite(value)) throw foreignItem(table, item, name);
    return value;
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
      throw foreignItem(table, item, names.status);
  }
}

function resultOf(item: Item, table: Table): CompletedRecord["result"] {
  const ref = item[table.names.result_ref]?.S;
  return ref === undefined ? resultData(item, table) : { ref };
}

/** A result that stands in an item: a record's own, or a body. */
export function resultData(item: Item, table: Table): ResultData {
  const value = item[table.names.result];
  const data = value?.S ?? value?.B;
  if (data === undefined) throw foreignItem(table, item, table.names.result);
  return data;
}

/** The table is shared with something else, or was written to by hand. */
function foreignItem(table: Table, item: Item, attribute: string): StoreUnavailableError {
  const { S: id, N: number } = item[table.names.id] ?? {};
  return new StoreUnavailableError(
    `Idempotency table \`${table.name}\`: the item \`${id ?? number ?? "without an id"}\` is not a record that this version of lambda-once knows (see its attribute \`${attribute}\`). Use a table of its own, and not a version older than the one that wrote it.`,
    { transient: false, occupied: true },
  );
}
