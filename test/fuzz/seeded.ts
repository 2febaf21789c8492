/** How the fuzzers run: 10 000 cases each, with a seed that fast-check prints where one fails. `FUZZ_SEED` runs it again. */
import fc from "fast-check";

/** Shrinking a case can take minutes: with the seed that was printed, `FUZZ_SHRINK=1` does it. */
const shrinks = process.env["FUZZ_SHRINK"] !== undefined;

export function cases(numRuns = 10_000): fc.Parameters<unknown> {
  return { numRuns, endOnFailure: !shrinks };
}

/** 10 000 cases take a second or two; a machine that is busy with other things is slower. */
export const TIME: { readonly timeout: number } = { timeout: 120_000 };

/** Text that meets every kind of character a careless reader trips over. */
export const roughText: fc.Arbitrary<string> = fc.oneof(
  fc.string({
    unit: fc.constantFrom(
      "a",
      "B",
      "0",
      "-",
      "#",
      "|",
      ":",
      "/",
      '"',
      "\\",
      ",",
      ";",
      " ",
      "\t",
      "\0",
      "\n",
      "é",
      "\u0301",
      "\ud83d\ude00",
      "\ud800",
      "\u2028",
      "{",
      "[",
      "$",
      "_",
    ),
    maxLength: 8,
  }),
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.constantFrom(
    "",
    "null",
    "undefined",
    "true",
    "0",
    "[]",
    "{}",
    "__proto__",
    "constructor",
    "toString",
    "\u00e9",
    "e\u0301",
    "NaN",
  ),
);
