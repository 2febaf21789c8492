// Why: stands for Stripe, Adyen and the like. Like them it honours an idempotency key: one key, one charge. That, and
// not the wrapper alone, is what keeps a charge single when a process dies between the charge and its record.

import { setTimeout as sleep } from "node:timers/promises";
import { recordCharge } from "./ledger.ts";

export interface ChargeRequest {
  readonly orderId: string;
  readonly amount: number;
  readonly currency: string;
}

export interface Charge extends ChargeRequest {
  readonly chargeId: string;
}

export interface ChargeOptions {
  readonly idempotencyKey: string;
  /** How late the answer comes, once the charge is made. */
  readonly answerDelayMs?: number;
}

export async function createCharge(request: ChargeRequest, options: ChargeOptions): Promise<Charge> {
  const { orderId, amount, currency } = request;
  const charge = { chargeId: `ch_${options.idempotencyKey.slice(0, 16)}`, orderId, amount, currency };
  await recordCharge(charge, options.idempotencyKey);
  if (options.answerDelayMs) await sleep(options.answerDelayMs);
  return charge;
}
