/** SQS events: what identifies a delivery, what keeps its order, and what goes back. */
import type { SQSRecord } from "aws-lambda";
import { fields, text } from "./fields.ts";

/** The records of an event, or `undefined` when it is none of SQS's. */
export function sqsRecords(event: unknown): readonly SQSRecord[] | undefined {
  const records = fields(event)["Records"];
  return Array.isArray(records) ? (records as readonly SQSRecord[]) : undefined;
}

/** The FIFO group whose order counts, or `undefined` for a standard queue's record (which may carry a group for fairness). */
export function fifoGroup(record: SQSRecord): string | undefined {
  if (text(fields(record)["eventSourceARN"])?.endsWith(".fifo") !== true) return undefined;
  return text(fields(fields(record)["attributes"])["MessageGroupId"]) ?? "";
}

/** Whether the record was delivered before: a stored outcome is then likely. */
export function isRedelivered(record: SQSRecord): boolean {
  return Number(fields(fields(record)["attributes"])["ApproximateReceiveCount"]) > 1;
}

export function messageIdOf(record: SQSRecord): string | undefined {
  return text(fields(record)["messageId"]);
}
