/** The documents hold the figures of the results that lie beside them, and nobody has touched up one. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readResults } from "../../bench/harness/results.ts";
import { BEGIN, END, withGenerated } from "../../bench/report/page.ts";
import { documents } from "../../bench/report/write.ts";
import { SECTIONS } from "../../bench/sections/index.ts";

test("docs/benchmarks.md, its charts and the README are what `npm run bench -- --docs` makes of bench/results.json", () => {
  for (const [path, text] of documents(readResults(), SECTIONS)) {
    expect(readFileSync(path, "utf8"), path).toBe(text);
  }
});

test("the results are of every section", () => {
  expect(Object.keys(readResults().sections)).toEqual(SECTIONS.map(({ name }) => name));
});

test("what people wrote around the generated part stays", () => {
  const page = `before\n${BEGIN}\n\nold\n\n${END}\nafter\n`;
  expect(withGenerated(page, "page.md", "new")).toBe(`before\n${BEGIN}\n\nnew\n\n${END}\nafter\n`);
});

test("a page without the marks is an error that names them", () => {
  expect(() => withGenerated("nothing", "page.md", "new")).toThrow("page.md must have the lines <!-- benchmarks");
});
