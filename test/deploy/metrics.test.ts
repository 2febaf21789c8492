/** The metrics that alarms watch are really emitted by the code that the documents show, for calls of the real library. */
import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import * as definition from "../../src/deploy/table-definition.ts";

const program = `
  import { emitMetrics } from "./examples/snippets/metrics.ts";
  import { idempotent } from "lambda-once";
  import { memoryStore } from "lambda-once/memory";
  emitMetrics("payments");
  const inner = memoryStore();
  const options = { operation: "pay", key: (event) => event.id, fingerprint: (event) => event.cents };
  const pay = idempotent(async () => "paid", { ...options, store: inner });
  await pay({ id: "a", cents: 1 });
  await pay({ id: "a", cents: 1 });
  await pay({ id: "a", cents: 2 }).catch(() => {});
  const failing = { ...inner, swap: async () => { throw new Error("the table is gone"); } };
  const context = { getRemainingTimeInMillis: () => 600 };
  await idempotent(async () => "paid", { ...options, store: failing })({ id: "b", cents: 1 }, context);
`;

it("one line of embedded metric format for each event that counts, with nothing before it", () => {
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
  const lines = printed
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map((line) => line._aws.CloudWatchMetrics[0].Metrics[0].Name)).toEqual([
    "replayed",
    "mismatch",
    "completionFailed",
  ]);
  for (const line of lines) {
    const [metrics] = line._aws.CloudWatchMetrics;
    const [{ Name, Unit }] = metrics.Metrics;
    expect(metrics.Namespace).toBe(definition.metricNamespace);
    expect(metrics.Dimensions).toEqual([[definition.metricDimension]]);
    expect(definition.countedEvents).toContain(Name);
    expect({ Unit, value: line[Name], service: line.service, operation: line.operation }).toEqual({
      Unit: "Count",
      value: 1,
      service: "payments",
      operation: "pay",
    });
    expect(Math.abs(line._aws.Timestamp - Date.now())).toBeLessThan(60_000);
  }
});
