// Why: the example is the first code that strangers read, and what it does with bad input is part of the lesson.

import { describe, expect, it } from "vitest";
import { parsePayment } from "../../examples/payments/payment-request.ts";

const good = { orderId: "order-1", amount: 1_999, currency: "EUR" };

describe("a payment request", () => {
  it("is taken as JSON or as base64 of JSON", () => {
    const body = JSON.stringify(good);
    const payment = { ...good, simulate: undefined };
    expect(parsePayment({ body })).toEqual({ payment });
    expect(parsePayment({ body: Buffer.from(body).toString("base64"), isBase64Encoded: true })).toEqual({ payment });
  });

  it.for([[undefined], [null], [""], ["{"], ["[]"], ["1"], ["null"]] as const)(
    "is refused with 400 when its body is %j",
    ([body]) => {
      expect(parsePayment(body === undefined ? {} : { body }).problem).toMatchObject({ status: 400 });
    },
  );

  it.for([
    ["orderId", undefined],
    ["orderId", "a b"],
    ["orderId", "x".repeat(65)],
    ["amount", "1999"],
    ["amount", 0],
    ["amount", 19.99],
    ["amount", 10_000_001],
    ["currency", "eur"],
    ["simulate", "earthquake"],
  ] as const)("is refused with 422, naming the field, when %s is %j", ([field, value]) => {
    const { problem } = parsePayment({ body: JSON.stringify({ ...good, [field]: value }) });
    expect(problem).toMatchObject({ status: 422 });
    expect(problem?.detail).toContain(field);
  });
});
