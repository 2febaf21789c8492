import { idempotent, isInProgressError, isPayloadMismatchError } from "lambda-once";
import { memoryStore } from "lambda-once/memory";

interface Transfer {
  readonly id: string;
  readonly cents: number;
}

const transfer = idempotent(async (event: Transfer) => ({ moved: event.cents }), {
  store: memoryStore(),
  operation: "transfer",
  key: (event) => event.id,
  fingerprint: (event) => event.cents,
});

export async function tryTransfer(event: Transfer): Promise<string> {
  try {
    return `moved ${(await transfer(event)).moved}`;
  } catch (error) {
    if (isPayloadMismatchError(error)) return "that id was used for another transfer";
    if (isInProgressError(error)) return `still running: ask again in ${error.retryAfterMs} ms`;
    throw error;
  }
}
