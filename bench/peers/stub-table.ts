/**
 * What an AWS SDK client sends to, when only the wrapper's own work is to be measured: answers at once, with what a table
 * would say. A claim of a key that was completed in the calls before is refused with the item that is there. What the SDK
 * would make of an answer is made before the clock runs.
 */
import { type AttributeValue, ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { observed } from "./work.ts";

export interface Write {
  readonly Item?: object | undefined;
  readonly Key?: object | undefined;
  readonly UpdateExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: object | undefined;
}

type Attributes = Record<string, AttributeValue>;

let writes: Write[] = [];
const refusals = new Map<string, ConditionalCheckFailedException>();

const DONE = Promise.resolve({});

/** Rejects, as the SDK does, where the key is taken. */
export function answer(write: Write): Promise<object> {
  if (refusals.size > 0) return Promise.reject(refusals.get(idOf(write.Item)));
  writes.push(write);
  return DONE;
}

observed.before = (replay) => {
  if (replay) refuse();
  else refusals.clear();
  writes = [];
};

function refuse(): void {
  const items = new Map<string, Attributes>();
  for (const write of writes) {
    const id = idOf(write.Item ?? write.Key);
    items.set(
      id,
      write.UpdateExpression === undefined
        ? ((write.Item ?? {}) as Attributes)
        : { ...items.get(id), ...updated(write) },
    );
  }
  for (const [id, Item] of items) {
    refusals.set(id, new ConditionalCheckFailedException({ $metadata: {}, message: "refused", Item }));
  }
}

function idOf(item: object | undefined): string {
  return ((item ?? {}) as { readonly id?: AttributeValue }).id?.S ?? "";
}

/** `SET #a = :a, #b = :b` and no more. */
function updated(write: Write): Attributes {
  const values = (write.ExpressionAttributeValues ?? {}) as Attributes;
  const pairs = [...(write.UpdateExpression ?? "").matchAll(/(#\w+) = (:\w+)/g)];
  return Object.fromEntries(
    pairs.map(([, name = "", value = ""]) => [
      write.ExpressionAttributeNames?.[name] ?? name,
      values[value] ?? { NULL: true },
    ]),
  );
}
