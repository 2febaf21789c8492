import { currentExecution, executeOnce, idempotencyKey } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";

const store = dynamoDBStore({ tableName: "payments-idempotency" });

export async function shipOrder(orderId: string, address: string): Promise<string> {
  const key = idempotencyKey({ entityId: orderId, action: "ship", params: { address } });
  const { value, replayed } = await executeOnce(key, () => bookParcel(address), { store, operation: "ship-order" });
  return replayed ? `${value} (booked before)` : value;
}

async function bookParcel(address: string): Promise<string> {
  const label = currentExecution()?.keyFor("label"); // the same on every attempt
  return `parcel to ${address}, label ${label?.length} characters`;
}
