// Why: the handler of the esbuild example: a schedule's event, which EventBridge may deliver more than once.

import type { EventBridgeEvent } from "aws-lambda";
import { idempotentEvent } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";

type Schedule = EventBridgeEvent<"Scheduled Event", object>;
type Sent = { readonly day: string; readonly run: string };

export const sendInvoices: (event: Schedule) => Promise<Sent> = idempotentEvent(
  async (event: Schedule) => ({ day: event.time.slice(0, 10), run: crypto.randomUUID() }),
  { store: dynamoDBStore(), operation: "send-invoices" },
);
