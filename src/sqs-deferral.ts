/**
 * Hides a record until the attempt that is on it elsewhere must have ended, so that it does not come back, and count as
 * received, just to be refused again.
 */
import type { SQSRecord } from "aws-lambda";
import { warn } from "./events.ts";

/** What is needed of an `SQSClient` of `@aws-sdk/client-sqs`. */
export interface VisibilityClient {
  // biome-ignore lint/suspicious/noExplicitAny: the SDK's commands are its own
  readonly send: (command: any) => Promise<unknown>;
}

/** SQS's limit of 12 hours from the first receive, less an hour for what has passed of it. */
const LONGEST_SECONDS = 39_600;

/** A record whose visibility cannot be moved comes back after the queue's own time-out: that is a warning. */
export function deferrer(client: VisibilityClient): (record: SQSRecord, ms: number) => Promise<void> {
  return async (record, ms) => {
    try {
      const { ChangeMessageVisibilityCommand } = await import("@aws-sdk/client-sqs");
      const VisibilityTimeout = Math.min(Math.ceil(ms / 1_000), LONGEST_SECONDS);
      const QueueUrl = queueUrl(record.eventSourceARN);
      const { receiptHandle: ReceiptHandle } = record;
      await client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }));
    } catch (error) {
      warn("`deferWith` could not hide a record that runs elsewhere", error);
    }
  };
}

/**
 * Asking for it would take a request and a permission more. The SDK sends a request to its queue's URL unless the client was
 * made with an endpoint, so an endpoint that the environment names has to stand in it.
 */
function queueUrl(arn: string): string {
  const [, partition = "aws", , region, account, name] = arn.split(":");
  const { AWS_ENDPOINT_URL_SQS, AWS_ENDPOINT_URL } = process.env;
  const regional = `https://sqs.${region}.${DNS_SUFFIXES.get(partition) ?? "amazonaws.com"}`;
  const origin = AWS_ENDPOINT_URL_SQS || AWS_ENDPOINT_URL || regional;
  return `${origin.replace(/\/$/, "")}/${account}/${name}`;
}

const DNS_SUFFIXES: ReadonlyMap<string, string> = new Map([
  ["aws-cn", "amazonaws.com.cn"],
  ["aws-eusc", "amazonaws.eu"],
  ["aws-iso", "c2s.ic.gov"],
  ["aws-iso-e", "cloud.adc-e.uk"],
  ["aws-iso-f", "csp.hci.ic.gov"],
  ["aws-iso-b", "sc2s.sgov.gov"],
]);
