// Why: which messages of a batch come back is decided by Lambda's reading of the response, and that has sharp corners: a
// response that names a message wrongly fails the whole batch.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting

/** What Lambda makes of the response to a batch: the messages that failed, or why all of them did. */
export type BatchVerdict =
  | { readonly kind: "partial"; readonly failed: ReadonlySet<string> }
  | { readonly kind: "failed"; readonly why: string };

/** Reads the response of a function whose event source mapping has `ReportBatchItemFailures`. */
export function readBatchResponse(payload: string, messageIds: readonly string[]): BatchVerdict {
  let response: unknown;
  try {
    response = payload === "" ? null : JSON.parse(payload);
  } catch {
    return { kind: "failed", why: "the response is not JSON" };
  }
  if (response === null) return none;
  if (typeof response !== "object") return { kind: "failed", why: "the response is not an object" };
  const { batchItemFailures: items = null } = response as { readonly batchItemFailures?: unknown };
  if (items === null) return none;
  if (!Array.isArray(items)) return { kind: "failed", why: "batchItemFailures is not a list" };

  const failed = new Set<string>();
  for (const item of items) {
    const id: unknown = (item as { readonly itemIdentifier?: unknown } | null)?.itemIdentifier;
    if (id === undefined) return { kind: "failed", why: "an item of batchItemFailures has no itemIdentifier" };
    if (typeof id !== "string" || id === "") return { kind: "failed", why: "an itemIdentifier is null or empty" };
    if (!messageIds.includes(id)) return { kind: "failed", why: `the batch has no message ${id}` };
    failed.add(id);
  }
  return { kind: "partial", failed };
}

const none: BatchVerdict = { kind: "partial", failed: new Set() };
