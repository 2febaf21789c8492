// Why: what a producer sends is checked before anything happens. What is thrown here fails that record alone; it comes
// back until the redrive policy moves it to the dead letters, where a person reads why.

import type { SQSRecord } from "aws-lambda";
import { isTrouble, type Trouble, troubles } from "./simulate.ts";

/** To be shipped, once. */
export interface Order {
  readonly orderId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly simulate?: Trouble;
}

export const orderSteps = ["created", "paid", "packed", "shipped"] as const;
export type OrderStep = (typeof orderSteps)[number];

/** Happens to an order, in that order. The order's id is the message's group. */
export interface OrderEvent {
  readonly orderId: string;
  readonly step: OrderStep;
  readonly simulate?: Trouble;
}

export function parseOrder(record: SQSRecord): Order {
  const body = parseBody(record);
  const { sku, quantity } = body;
  if (typeof sku !== "string" || sku === "") throw new Error('"sku" has to be a string that is not empty.');
  if (typeof quantity !== "number" || !Number.isInteger(quantity) || quantity < 1) {
    throw new Error('"quantity" has to be a whole number above 0.');
  }
  return { orderId: orderIdOf(body), sku, quantity, ...troubleOf(body) };
}

export function parseOrderEvent(record: SQSRecord): OrderEvent {
  const body = parseBody(record);
  const step = orderSteps.find((known) => known === body["step"]);
  if (step === undefined) throw new Error(`"step" has to be one of ${orderSteps.join(", ")}.`);
  return { orderId: orderIdOf(body), step, ...troubleOf(body) };
}

function parseBody(record: SQSRecord): Record<string, unknown> {
  const body: unknown = JSON.parse(record.body);
  if (typeof body !== "object" || body === null) throw new Error("The body is not a JSON object.");
  return body as Record<string, unknown>;
}

function orderIdOf({ orderId }: Record<string, unknown>): string {
  if (typeof orderId === "string" && /^[\w-]{1,64}$/.test(orderId)) return orderId;
  throw new Error('"orderId" has to be 1 to 64 letters, digits, "-" or "_".');
}

function troubleOf({ simulate }: Record<string, unknown>): { simulate?: Trouble } {
  if (simulate === undefined) return {};
  if (isTrouble(simulate)) return { simulate };
  throw new Error(`"simulate" has to be one of ${troubles.join(", ")}, or absent.`);
}
