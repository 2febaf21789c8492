/** What every figure of the benchmark rests on. */
import { expect, test } from "vitest";
import { quantile, ratios, seeded, shuffled, summarize } from "../../bench/harness/statistics.ts";

test("the median of an even count lies between the two in the middle", () => {
  expect(summarize([4, 1, 3, 2])).toEqual({ median: 2.5, q1: 1.75, q3: 3.25, count: 4 });
});

test("one round is its own median and spread", () => {
  expect(summarize([7])).toEqual({ median: 7, q1: 7, q3: 7, count: 1 });
});

test("a quantile is of the sorted values, and leaves the values as they are", () => {
  const values = [100, 9, 10];
  expect(quantile(values, 1)).toBe(100);
  expect(quantile(values, 0)).toBe(9);
  expect(values).toEqual([100, 9, 10]);
});

test("a ratio is taken round by round, so that a slow round changes nothing", () => {
  expect(ratios([10, 100, 20], [20, 200, 40])).toEqual([0.5, 0.5, 0.5]);
});

test("a ratio can leave out what both sides have in common in that round", () => {
  expect(ratios([30, 60], [50, 110], [20, 10])).toEqual([1 / 3, 0.5]);
});

test("a ratio of unequal rounds is refused", () => {
  expect(() => ratios([1, 2], [1])).toThrow("not 2 and 1");
});

test("the order changes from round to round, holds every item once, and is the same in every run", () => {
  const orders = (): string[] => {
    const random = seeded(1);
    return [1, 2, 3].map(() => shuffled(["a", "b", "c", "d"], random).join(""));
  };
  expect(new Set(orders()).size).toBeGreaterThan(1);
  for (const order of orders()) expect([...order].sort().join("")).toBe("abcd");
  expect(orders()).toEqual(orders());
});
