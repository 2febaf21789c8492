/** SQS events: what identifies a delivery, and what keeps its order. */
import type { SQSRecord } from "aws-lambda";
import { fields, text } from "./fields.ts";

/** The FIFO group whose order counts; `undefined` for a standard queue's record, which may carry a group for fairness. */
export function fifoGroup(record: SQSRecord): string | undefined {
  if (text(fields(record)["eventSourceARN"])?.endsWith(".fifo") !== true) return undefined;
  return text(fields(fields(record)["attributes"])["MessageGroupId"]) ?? "";
}

export function isRedelivered(record: SQSRecord): boolean {
  const count = fields(fields(record)["attributes"])["ApproximateReceiveCount"];
  return (typeof count === "string" || typeof count === "number") && Number(count) > 1;
}

export function messageIdOf(record: SQSRecord): string | undefined {
  return text(fields(record)["messageId"]);
}
