// Why: the whole of what a service writes to make a payment endpoint safe to retry. POST /payments sits behind an HTTP
// API and refuses while the same payment is being made; POST /v1/payments sits behind a REST API and waits for it.

import type { APIGatewayProxyHandler, APIGatewayProxyHandlerV2 } from "aws-lambda";
import { type Execution, idempotentHttp } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { readEntries, recordRun } from "./ledger.ts";
import { type PaymentEvent, parsePayment } from "./payment-request.ts";
import { createCharge } from "./provider.ts";
import { json, type Response } from "./responses.ts";
import { answerDelayMs, shouldFail } from "./simulate.ts";

const store = dynamoDBStore(); // the table that the environment variable IDEMPOTENCY_TABLE names

export const createPayment: APIGatewayProxyHandlerV2 = idempotentHttp(
  (event, _context, execution) => pay(event, execution),
  { store, operation: "payments.create", requireKey: true },
);

export const createPaymentRest: APIGatewayProxyHandler = idempotentHttp(
  (event, _context, execution) => pay(event, execution),
  { store, operation: "payments.create-v1", requireKey: true, whenInProgress: { waitMs: 5_000 } },
);

/** What really happened to an order: every run of the handler above, and every charge. */
export const readLedger: APIGatewayProxyHandlerV2 = async (event) =>
  json(200, await readEntries(event.pathParameters?.["orderId"] ?? ""));

async function pay(event: PaymentEvent, execution: Execution): Promise<Response> {
  const { payment, problem } = parsePayment(event);
  if (payment === undefined) return json(problem.status, problem, "application/problem+json");
  await recordRun(payment.orderId, execution.attempt);

  // The same key on every attempt: should this one die after the charge, the next does not charge again.
  const charge = await createCharge(payment, {
    idempotencyKey: execution.keyFor("charge"),
    answerDelayMs: answerDelayMs(payment.simulate),
  });

  if (shouldFail(payment.simulate, execution.attempt)) return json(500, { message: "Simulated failure." });
  return json(201, charge);
}
