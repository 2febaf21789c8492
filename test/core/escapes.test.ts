/** `parseJson` reads what `JSON.parse` would, were it not for the fault of V8 that `src/core/escapes.ts` goes around (G6, G7). */
import { describe, expect, test } from "vitest";
import { needsEscape, parseJson } from "../../src/core/escapes.ts";

describe("JSON with escapes is read as it is meant", () => {
  test.each<[string, string, unknown]>([
    ["a quotation mark", String.raw`"a\"b"`, 'a"b'],
    ["a backslash", String.raw`"a\\b"`, "a\\b"],
    ["a line break", String.raw`"a\nb"`, "a\nb"],
    ["a letter", String.raw`"\u0041"`, "A"],
    ["a lone surrogate", String.raw`"\ud800"`, "\ud800"],
    ["a pair of surrogates", String.raw`"\ud83d\ude00"`, "\u{1f600}"],
    ["the last character that JSON escapes", String.raw`"\u001f"`, "\u001f"],
    ["the character that marks what is spelled out", `"\ue0000022${String.raw`\n`}"`, "\ue0000022\n"],
    ["elements", String.raw`["\n", 1, true, null, ["\""]]`, ["\n", 1, true, null, ['"']]],
  ])("%s", (_name, text, value) => {
    expect(parseJson(text)).toStrictEqual(value);
  });

  test("in names and in what stands under them", () => {
    const text = String.raw`{"a\"b": {"\n": "\t", "n": null}, "list": [{"\\": "\\"}], "amount": 5}`;
    expect(parseJson(text)).toEqual({ 'a"b': { "\n": "\t", n: null }, list: [{ "\\": "\\" }], amount: 5 });
  });

  test("and a reviver is given every value", () => {
    const doubled = parseJson(String.raw`{"a\n": 2, "b": [3]}`, (_name, value) =>
      typeof value === "number" ? value * 2 : value,
    );
    expect(doubled).toEqual({ "a\n": 4, b: [6] });
  });

  test("and what a reviver made of a value is left alone", () => {
    const made = new Date(0);
    const read = parseJson(String.raw`["\n", 5]`, (_name, value) => (value === 5 ? made : value)) as unknown[];
    expect(read[1]).toBe(made);
  });
});

test("without escapes objects are ordinary ones, with escapes they have no prototype", () => {
  expect(Object.getPrototypeOf(parseJson('{"a":1}'))).toBe(Object.prototype);
  expect(Object.getPrototypeOf(parseJson(String.raw`{"a":"\n"}`))).toBeNull();
});

test.each([String.raw`"\q"`, String.raw`{"a":"\n"`, String.raw`"\n" "x"`, String.raw`\n`, '"\\\n"'])(
  "%j is no JSON, and is refused as such",
  (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  },
);

test("a text of very many escapes that has no end is refused at once: whoever sends it cannot hang the function", () => {
  expect(() => parseJson(`"${String.raw`\"`.repeat(400_000)}`)).toThrow(SyntaxError);
});

describe("what JSON has to escape", () => {
  test.each(['"', "\\", "\0", "\n", "\u001f", "\ud800", "\udfff", "a\ud83d\ude00"])("%j does", (text) => {
    expect(needsEscape(text)).toBe(true);
  });

  test.each(["", "amount", "$", "/", " ", "\u007f", "é", "年", "\ud7ff", "\ue000"])("%j does not", (text) => {
    expect(needsEscape(text)).toBe(false);
  });
});
