/** Every promise of docs/guarantees.md has code that names it and a test that names it, and no test names another. */
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Promised {
  readonly number: string;
  readonly code: readonly string[];
  readonly tests: readonly string[];
}

const files = (cell: string): string[] => Array.from(cell.matchAll(/`([^`]+)`/g), ([, file]) => file ?? "");

const PROMISES: readonly Promised[] = Array.from(
  readFileSync("docs/guarantees.md", "utf8").matchAll(/^\| (G\d+) \| .+ \| (.+) \| (.+) \|$/gm),
  ([, number = "", code = "", tests = ""]) => ({ number, code: files(code), tests: files(tests) }),
);

const cites = (file: string): ReadonlySet<string> => new Set(readFileSync(file, "utf8").match(/\bG\d+\b/g) ?? []);

test("there are twenty-seven promises, each once", () => {
  const numbers = PROMISES.map(({ number }) => Number(number.slice(1))).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: 27 }, (_, i) => i + 1));
});

test.each(PROMISES)("$number has code that upholds it, and tests that name it", ({ number, code, tests }) => {
  expect(code.length).toBeGreaterThan(0);
  expect(tests.length).toBeGreaterThan(0);
  for (const file of tests) expect([file, ...cites(file)]).toContain(number);
  for (const file of code) expect(file).toMatch(/^src\//);
  expect(code.flatMap((file) => readFileSync(file, "utf8"))).toHaveLength(code.length);
});

test("no code and no test cites a number that is not promised", () => {
  const known = new Set(PROMISES.map(({ number }) => number));
  const strays = globSync(["src/**/*.ts", "test/**/*.ts"]).flatMap((file) =>
    [...cites(file)].filter((number) => !known.has(number)).map((number) => `${file}: ${number}`),
  );
  expect(strays).toEqual([]);
});
