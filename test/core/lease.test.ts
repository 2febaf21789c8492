/** Lease and expiry, in literal values (G9, G14, G24). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deadlineFrom, inProgressExpiry, leaseEnd, settledExpiry } from "../../src/core/lease.ts";

describe("the end of the invocation", () => {
  test.each<[unknown, number | undefined]>([
    [30_000, 1_764_000_030_000],
    [1, 1_764_000_000_001],
    [900_000, 1_764_000_900_000],
    [86_400_000, 1_764_086_400_000],
    [86_400_001, undefined],
    [0, undefined],
    [-1, undefined],
    [-70_000, undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [Number.MAX_SAFE_INTEGER, undefined],
    [undefined, undefined],
    [null, undefined],
    ["30000", undefined],
    [30_000n, undefined],
  ])("with %s milliseconds left it is %s", (remaining, deadline) => {
    expect(deadlineFrom(1_764_000_000_000, remaining)).toBe(deadline);
  });
});

describe("the end of the lease", () => {
  test.each<[string, number | undefined, number | undefined, number]>([
    ["the deadline and 2 s", 1_764_000_030_000, undefined, 1_764_000_032_000],
    ["never shortened by leaseMs", 1_764_000_030_000, 5_000, 1_764_000_032_000],
    ["never shortened below the margin either", 1_764_000_030_000, 31_999, 1_764_000_032_000],
    ["lengthened by leaseMs", 1_764_000_030_000, 60_000, 1_764_000_060_000],
    ["15 minutes where the deadline is unknown", undefined, undefined, 1_764_000_900_000],
    ["leaseMs where the deadline is unknown", undefined, 5_000, 1_764_000_005_000],
    ["the margin for a deadline in the past", 1_763_999_990_000, undefined, 1_764_000_002_000],
    ["a whole millisecond", 1_764_000_030_000.4, undefined, 1_764_000_032_001],
  ])("%s", (_name, deadline, leaseMs, end) => {
    expect(leaseEnd(1_764_000_000_000, deadline, leaseMs)).toBe(end);
  });

  test("is finite and in the future, whatever the context says", () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.integer(), fc.anything()), (remaining) => {
        const now = 1_764_000_000_000;
        const end = leaseEnd(now, deadlineFrom(now, remaining), undefined);
        expect(Number.isSafeInteger(end)).toBe(true);
        expect(end).toBeGreaterThan(now);
        expect(end).toBeLessThan(now + 86_500_000);
      }),
    );
  });
});

describe("the expiry", () => {
  test.each([
    [1_764_000_032_000, 1_000, 86_400, 1_764_086_433],
    [1_764_000_032_001, 1_000, 86_400, 1_764_086_434],
    [1_764_000_032_000, 0, 1, 1_764_000_033],
    [1_764_000_031_999, 60_000, 1, 1_764_000_093],
  ])("of a claim with its lease to %d, tolerance %d, %d s to live is %d", (leaseUntil, tolerance, ttl, expiry) => {
    expect(inProgressExpiry(leaseUntil, tolerance, ttl)).toBe(expiry);
  });

  test.each([
    [1_764_000_000_000, 86_400, 1_764_086_400],
    [1_764_000_000_001, 86_400, 1_764_086_401],
    [1_764_000_000_999, 1, 1_764_000_002],
  ])("of an outcome stored at %d for %d s is %d: never sooner than promised", (now, ttl, expiry) => {
    expect(settledExpiry(now, ttl)).toBe(expiry);
  });
});
