import { subscribe } from "node:diagnostics_channel";
import type { IdempotencyEvent } from "lambda-once";

const counted: readonly string[] = [
  "replayed",
  "rejected",
  "mismatch",
  "takenOver",
  "parked",
  "ownershipLost",
  "completionFailed",
  "unprotected",
];

/** Makes CloudWatch metrics of what lambda-once tells: one line of embedded metric format for each event that counts. */
export function emitMetrics(service: string): void {
  subscribe("lambda-once", (message) => {
    const event = message as IdempotencyEvent;
    if (!counted.includes(event.type)) return;
    const metrics = {
      Namespace: "LambdaOnce",
      Dimensions: [["service"]],
      Metrics: [{ Name: event.type, Unit: "Count" }],
    };
    const line = {
      _aws: { Timestamp: Date.now(), CloudWatchMetrics: [metrics] },
      service,
      operation: event.operation,
      id: event.id,
      error: "error" in event ? String(event.error) : undefined,
      [event.type]: 1,
    };
    process.stdout.write(`${JSON.stringify(line)}\n`); // not console.log, which puts a prefix before it
  });
}
