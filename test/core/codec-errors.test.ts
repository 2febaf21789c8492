/** Errors as outcomes: stored with what matters of them, and thrown again as what they were (G6, G13). */
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { decodeOutcome, encodeOutcome, encodeUnstorable } from "../../src/core/codec.ts";

type Revived = Error & Record<string, unknown>;

function thrown(error: unknown): Revived {
  const written = encodeOutcome({ ok: false, error }, []);
  if (!written.ok) throw new Error(`not storable: ${written.reason}`);
  const outcome = decodeOutcome(written.text, []);
  if (!("ok" in outcome) || outcome.ok) throw new Error("did not come back as an error");
  return outcome.error as Revived;
}

class CardDeclined extends Error {
  override readonly name = "CardDeclined";
  readonly code: string;
  readonly at: Date;
  constructor(code: string) {
    super(`declined: ${code}`, { cause: new RangeError("limit", { cause: "bank" }) });
    this.code = code;
    this.at = new Date(0);
  }
}

describe("an error comes back", () => {
  test.each([Error, TypeError, RangeError, SyntaxError, ReferenceError, URIError, EvalError])("as a %o", (Kind) => {
    const error = thrown(new Kind("no"));
    expect(error).toBeInstanceOf(Kind);
    expect(error.constructor).toBe(Kind);
    expect(error.message).toBe("no");
    expect(Object.keys(error)).toEqual([]);
  });

  test("with its name, message and properties, where its class is not known", () => {
    const error = thrown(new CardDeclined("51"));
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "CardDeclined", message: "declined: 51", code: "51", at: new Date(0) });
    expect(String(error)).toBe("CardDeclined: declined: 51");
  });

  test("with its chain of causes", () => {
    const error = thrown(new CardDeclined("51"));
    expect(error.cause).toBeInstanceOf(RangeError);
    expect(error.cause).toMatchObject({ message: "limit", cause: "bank" });
  });

  test("with a cause of undefined where there is one, and none where there is none", () => {
    expect(Object.hasOwn(thrown(new Error("x", { cause: undefined })), "cause")).toBe(true);
    expect(Object.hasOwn(thrown(new Error("x")), "cause")).toBe(false);
  });

  test("with the errors of an AggregateError", () => {
    const error = thrown(new AggregateError([new TypeError("a"), "b"], "both", { cause: 1 }));
    expect(error).toBeInstanceOf(AggregateError);
    expect(error).toMatchObject({ name: "AggregateError", message: "both", cause: 1 });
    expect(error["errors"]).toEqual([new TypeError("a"), "b"]);
  });

  test("with a property `errors` of its own, such as that of a validation error", () => {
    const invalid = Object.assign(new Error("invalid"), { errors: [{ path: "amount", message: "must be positive" }] });
    expect(thrown(invalid)["errors"]).toEqual([{ path: "amount", message: "must be positive" }]);
  });

  test("with an empty name or message", () => {
    expect(thrown(Object.assign(new Error(""), { name: "" }))).toMatchObject({ name: "", message: "" });
  });

  test("with a stack that does not show the process that threw it, and says that it is a replay", () => {
    const error = thrown(new Error("x"));
    expect(error.stack).toMatch(/^Error: x\n/);
    expect(error.stack).toMatch(/replay/);
    expect(error.stack).not.toContain("codec-errors.test");
  });

  test("also as a value that was returned", () => {
    const written = encodeOutcome({ ok: true, value: { failed: [new TypeError("a")] } }, []);
    expect(written.ok && decodeOutcome(written.text, [])).toEqual({
      ok: true,
      value: { failed: [new TypeError("a")] },
    });
  });

  test("with a name that is not its own, and that the caller may set", () => {
    expect(Object.hasOwn(thrown(new TypeError("no")), "name")).toBe(false);
    const error = thrown(new CardDeclined("51"));
    error.name = "Refused";
    expect(String(error)).toBe("Refused: declined: 51");
    const aborted = thrown(new DOMException("stopped", "AbortError"));
    aborted.name = "Stopped";
    expect(String(aborted)).toBe("Stopped: stopped");
  });

  test("from another realm, and of the kind that is made without `new Error`", () => {
    const foreign = thrown(runInNewContext('new RangeError("too far")'));
    expect(foreign).toBeInstanceOf(RangeError);
    expect(foreign.message).toBe("too far");
    const old = Object.assign(Object.create(Error.prototype), { name: "Old", message: "style", code: 7 });
    expect(thrown(old)).toMatchObject({ name: "Old", message: "style", code: 7 });
  });

  test("as a DOMException by name and message", () => {
    expect(thrown(new DOMException("stopped", "AbortError"))).toMatchObject({ name: "AbortError", message: "stopped" });
  });
});

describe("what was thrown and is no error comes back too", () => {
  test.each([["a text"], [undefined], [null], [0], [{ statusCode: 500 }], [new Map([["a", 1n]])]])("%o", (value) => {
    const written = encodeOutcome({ ok: false, error: value }, []);
    expect(written.ok && decodeOutcome(written.text, [])).toStrictEqual({ ok: false, error: value });
  });
});

describe("the stored text of an error", () => {
  const text = (error: unknown): string => {
    const written = encodeOutcome({ ok: false, error }, []);
    return written.ok ? written.text : written.reason;
  };

  test("is its name and message, and no more where there is no more", () => {
    expect(text(new TypeError("no"))).toBe('{"$thrown":{"$error":"TypeError","message":"no"}}');
  });

  test("has neither stack nor twice the same where those are ordinary properties", () => {
    const error = Object.assign(Object.create(Error.prototype), { message: "m", stack: "/srv/app.js", cause: "c" });
    expect(text(error)).toBe('{"$thrown":{"$error":"Error","message":"m","cause":"c"}}');
  });

  test("has the errors of an AggregateError once, and its other properties", () => {
    const error = Object.assign(new AggregateError([], "both"), { code: 7 });
    Object.defineProperty(error, "errors", { value: ["a"], enumerable: true });
    expect(text(error)).toBe(
      '{"$thrown":{"$error":"AggregateError","message":"both","errors":["a"],"own":{"code":7}}}',
    );
  });
});

describe("an error that cannot be stored", () => {
  test.each<[string, Error]>([
    ["`cause` is a function", new Error("x", { cause: () => 1 })],
    ["`errors[1]` is a function", new AggregateError(["a", () => 1])],
  ])("says that %s", (reason, error) => {
    expect(encodeOutcome({ ok: false, error }, [])).toEqual({ ok: false, reason });
  });

  test("is found out, naming the property", () => {
    const error = Object.assign(new Error("x"), { response: { config: { adapter: () => 1 } } });
    expect(encodeOutcome({ ok: false, error }, [])).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/response\.config\.adapter.*function/),
    });
  });

  test("that is its own cause is found out", () => {
    const error = new Error("x");
    error.cause = error;
    expect(encodeOutcome({ ok: false, error }, [])).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/circular/),
    });
  });
});

test("the marker of an outcome that could not be stored reads back with its reason", () => {
  expect(decodeOutcome(encodeUnstorable("it is a function"), [])).toEqual({ unstorable: "it is a function" });
});
