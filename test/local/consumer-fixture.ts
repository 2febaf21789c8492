// Why: a consumer that does what the messages' bodies tell it and writes down what it saw, for the tests of what calls it.
// On an exit or a time-out nothing else of it would be left.

import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context, SQSEvent } from "aws-lambda";

/** One line of the file that the environment variable SEEN_FILE names, for each batch. */
export interface Seen {
  readonly event: SQSEvent;
  readonly context: Partial<Context>;
  readonly remainingMs: number;
  readonly pid: number;
}

/**
 * Bodies: `throw`, `exit` and `hang` go for the batch, and so does `answer` with the JSON to return; `hold` keeps it, when it
 * is delivered first, until the file GATE_FILE is there. `fail` fails its record, `fail-once` does so on its first delivery;
 * in a FIFO queue the rest of the group fails with it.
 */
export async function consume(event: SQSEvent, context: Context): Promise<unknown> {
  const remainingMs = context.getRemainingTimeInMillis();
  const seen: Seen = { event, context, remainingMs, pid: process.pid };
  appendFileSync(process.env["SEEN_FILE"] ?? "", `${JSON.stringify(seen)}\n`);

  const bodies = event.Records.map((record) => record.body);
  if (bodies.includes("throw")) throw new TypeError("told to throw");
  if (bodies.includes("exit")) process.exit(7);
  if (bodies.includes("hang")) await sleep(60_000);
  if (event.Records.some((record) => record.body === "hold" && record.attributes.ApproximateReceiveCount === "1")) {
    while (!existsSync(process.env["GATE_FILE"] ?? "")) await sleep(10);
  }
  const answer = bodies.find((body) => body.startsWith("answer "))?.slice("answer ".length);
  if (answer !== undefined) return answer === "undefined" ? undefined : JSON.parse(answer);

  const failedGroups = new Set<string>();
  const failed = event.Records.filter(({ body, attributes: { ApproximateReceiveCount, MessageGroupId } }) => {
    const fails = /^fail( |$)/.test(body) || (body.startsWith("fail-once") && ApproximateReceiveCount === "1");
    if (fails && MessageGroupId !== undefined) failedGroups.add(MessageGroupId);
    return fails || failedGroups.has(MessageGroupId ?? "");
  });
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}
