/** What a message says of what was thrown: of anything, without throwing, and never a page of it. */
import { describe, expect, test } from "vitest";
import { nameOfError, said, shortened } from "../../src/core/said.ts";

const unreadable = {
  toString: (): string => {
    throw new Error("no text");
  },
};

describe("what was thrown says", () => {
  test.each<[string, unknown, string]>([
    ["an error's message", new TypeError("no amount"), "no amount"],
    ["a text", "no amount", "no amount"],
    ["a number", 5, "5"],
    ["undefined", undefined, "undefined"],
    ["an object that no text can be had of", unreadable, "something that cannot be read"],
    ["an object without a prototype", Object.create(null), "something that cannot be read"],
  ])("%s", (_name, thrown, text) => {
    expect(said(thrown)).toBe(text);
  });

  test("500 characters in full, and of more the first 500", () => {
    expect(shortened(() => "x".repeat(500))).toBe("x".repeat(500));
    expect(shortened(() => `${"x".repeat(500)}y`)).toBe(`${"x".repeat(500)}...`);
  });
});

describe("the name of an error", () => {
  test.each<[string, unknown, string | undefined]>([
    ["an error", new RangeError("too far"), "RangeError"],
    ["an error with a name of its own", Object.assign(new Error("no"), { name: "CardDeclined" }), "CardDeclined"],
    ["an error with an empty name", Object.assign(new Error("no"), { name: "" }), undefined],
    ["an error with a name that is no text", Object.assign(new Error("no"), { name: 5 }), undefined],
    ["a text", "CardDeclined", undefined],
    ["an object with a name", { name: "CardDeclined" }, undefined],
    ["undefined", undefined, undefined],
  ])("of %s", (_name, thrown, name) => {
    expect(nameOfError(thrown)).toBe(name);
  });
});
