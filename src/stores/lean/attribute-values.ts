/** DynamoDB's JSON for the three types of attributes that a record has, and back. */
import type { Item } from "../dynamodb-item.ts";

type AttributeValue = { readonly S: string } | { readonly N: string } | { readonly B: string };

export function marshal(item: Item): Record<string, AttributeValue> {
  const marshalled: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(item)) {
    if (typeof value === "string") marshalled[name] = { S: value };
    else if (typeof value === "number") marshalled[name] = { N: String(value) };
    else marshalled[name] = { B: Buffer.from(value as Uint8Array).toString("base64") };
  }
  return marshalled;
}

/** Other types, which no record has, come back as `undefined`. */
export function unmarshal(item: Readonly<Record<string, { S?: string; N?: string; B?: string }>>): Item {
  return Object.fromEntries(
    Object.entries(item).map(([name, { S, N, B }]) => [
      name,
      S ??
        (N === undefined ? undefined : Number(N)) ??
        (B === undefined ? undefined : new Uint8Array(Buffer.from(B, "base64"))),
    ]),
  );
}
