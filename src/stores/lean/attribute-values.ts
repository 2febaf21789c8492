/** Items as DynamoDB's JSON has them: bytes, which JSON has no word for, in base64. */
import type { AttributeValue, Item } from "../dynamodb-item.ts";

type Json = Readonly<Record<string, object | undefined>>;

export function toJson(item: Item): Json {
  return mapBytes(item, (bytes) => Buffer.from(bytes as Uint8Array).toString("base64"));
}

export function fromJson(json: Json): Item {
  return mapBytes(json, (text) => new Uint8Array(Buffer.from(String(text), "base64"))) as Item;
}

function mapBytes(item: Json, map: (bytes: unknown) => unknown): Json {
  let mapped = item;
  for (const [name, value] of Object.entries(item)) {
    const { B } = value as AttributeValue;
    if (B !== undefined) mapped = { ...mapped, [name]: { B: map(B) } };
  }
  return mapped;
}
