// Why: one wrong character in a batch response fails the whole batch, and a wrong reading of it here would hide that.

import { describe, expect, it } from "vitest";
import { readBatchResponse } from "../../local/batch-response.ts";

const batch = ["m1", "m2", "m3"];

describe("a batch response", () => {
  it.for([[""], ["null"], ["{}"], ['{"batchItemFailures":null}'], ['{"batchItemFailures":[]}']] as const)(
    "means that everything succeeded when it is %j",
    ([payload]) => {
      expect(readBatchResponse(payload, batch)).toEqual({ kind: "partial", failed: new Set() });
    },
  );

  it("names the messages that failed", () => {
    const payload = '{"batchItemFailures":[{"itemIdentifier":"m3"},{"itemIdentifier":"m1"}]}';
    expect(readBatchResponse(payload, batch)).toEqual({ kind: "partial", failed: new Set(["m1", "m3"]) });
  });

  it.for([
    ["no JSON", "{"],
    ["a string", '"done"'],
    ["failures that are no list", '{"batchItemFailures":"m1"}'],
    ["an empty identifier", '{"batchItemFailures":[{"itemIdentifier":""}]}'],
    ["an identifier that is null", '{"batchItemFailures":[{"itemIdentifier":null}]}'],
    ["an identifier under another name", '{"batchItemFailures":[{"messageId":"m1"}]}'],
    [
      "a message that the batch does not have",
      '{"batchItemFailures":[{"itemIdentifier":"m1"},{"itemIdentifier":"m4"}]}',
    ],
    ["a bare identifier", '{"batchItemFailures":["m1"]}'],
    ["an item that is null", '{"batchItemFailures":[null]}'],
  ] as const)("fails the whole batch when it has %s", ([, payload]) => {
    expect(readBatchResponse(payload, batch)).toMatchObject({ kind: "failed" });
  });
});
