// Why: what a client sends is checked before anything happens, and each refusal says what to change.

import { isTrouble, type Trouble, troubles } from "./simulate.ts";

export interface Payment {
  readonly orderId: string;
  /** In the currency's smallest unit, such as cents. */
  readonly amount: number;
  readonly currency: string;
  readonly simulate: Trouble | undefined;
}

/** A problem of RFC 9457. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: 400 | 422;
  readonly detail: string;
}

export type ParsedPayment =
  | { readonly payment: Payment; readonly problem?: never }
  | { readonly payment?: never; readonly problem: Problem };

const maxAmount = 10_000_000;

/** What the HTTP API's events and the REST API's have in common. */
export interface PaymentEvent {
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
}

export function parsePayment(event: PaymentEvent): ParsedPayment {
  const text = event.isBase64Encoded === true ? Buffer.from(event.body ?? "", "base64").toString() : event.body;
  let body: unknown;
  try {
    body = JSON.parse(text ?? "");
  } catch {
    return refuse(400, "The body is not JSON.");
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return refuse(400, "The body is not a JSON object.");
  }
  const { orderId, amount, currency, simulate } = body as Record<string, unknown>;
  if (typeof orderId !== "string" || !/^[\w-]{1,64}$/.test(orderId)) {
    return refuse(422, '"orderId" has to be 1 to 64 letters, digits, "-" or "_".');
  }
  if (typeof amount !== "number" || !Number.isInteger(amount) || amount < 1 || amount > maxAmount) {
    return refuse(422, `"amount" has to be a whole number from 1 to ${maxAmount}, in the currency's smallest unit.`);
  }
  if (typeof currency !== "string" || !/^[A-Z]{3}$/.test(currency)) {
    return refuse(422, '"currency" has to be a code of three capital letters, such as "EUR".');
  }
  if (simulate !== undefined && !isTrouble(simulate)) {
    return refuse(422, `"simulate" has to be one of ${troubles.join(", ")}, or absent.`);
  }
  return { payment: { orderId, amount, currency, simulate } };
}

function refuse(status: 400 | 422, detail: string): ParsedPayment {
  const title = status === 400 ? "Bad request" : "Invalid payment";
  return { problem: { type: "about:blank", title, status, detail } };
}
