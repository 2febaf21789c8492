/** Bounds are judged by the median, in the faster module format of each side, and a missing figure is no success. */
import { expect, test } from "vitest";
import type { Results } from "../../bench/harness/results.ts";
import { judge, verdictOf } from "../../bench/report/bounds.ts";

const environment = {} as Results["environment"];

function cold(figures: Readonly<Record<string, readonly [esm: number, cjs: number]>>): Results {
  const metric = (name: string, column: 0 | 1) => ({
    name,
    unit: "ms" as const,
    values: Object.fromEntries(Object.entries(figures).map(([variant, pair]) => [variant, [pair[column]]])),
  });
  const metrics = [metric("wall, ESM", 0), metric("wall, CommonJS", 1)];
  return { environment, sections: { cold: { metrics, notes: [] } } };
}

const verdicts = (results: Results): Record<string, string> =>
  Object.fromEntries(judge(results).map(({ text, verdict }) => [text, verdict]));

test("each side is taken in the format in which it is faster", () => {
  const results = cold({ "lambda-once/lean": [90, 40], Powertools: [80, 100] });
  const [lean] = judge(results);
  expect(lean).toMatchObject({ text: "cold start, lean, against Powertools", limit: 0.5, verdict: "met" });
  expect(lean?.measured?.median).toBe(0.5);
});

test("a bound that is missed says by how much", () => {
  const results = cold({ "lambda-once/lean": [60, 70], Powertools: [80, 100] });
  expect(verdicts(results)["cold start, lean, against Powertools"]).toBe("**missed** by 50 %");
});

test("what was not measured is missed", () => {
  const all = judge({ environment, sections: {} });
  expect(all.filter(({ limit }) => limit !== undefined).map(({ verdict }) => verdict)).toEqual(
    Array(15).fill("**missed**: not measured"),
  );
});

test("a bound of none is missed by any, not by a share of none", () => {
  expect(verdictOf(0, 0)).toBe("met");
  expect(verdictOf(1, 0)).toBe("**missed** by 1");
});
