// Why: only the consumer's own process knows that a message had to wait for another one. This is loaded before the bundle,
// as an extension of Lambda's would be, and prints what the library says of it.

import { subscribe } from "node:diagnostics_channel";
import type { IdempotencyEvent } from "../src/events.ts";

export const waitLine = "demo: has to wait ";

subscribe("lambda-once", (message) => {
  const { type, key } = message as IdempotencyEvent;
  if (type === "rejected") console.log(waitLine + key);
});
