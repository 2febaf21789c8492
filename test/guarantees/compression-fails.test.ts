/** What compresses or expands a result fails: what the handler did counts all the same, and nothing is run again. G11, G13. */
import type * as Zlib from "node:zlib";
import { beforeEach, expect, test, vi } from "vitest";
import { isResultNotStorableError } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { errorOf, payment, protect, recorder } from "../support/payments.ts";

const faults: { compress?: Error; expanded?: Buffer } = {};
vi.mock("node:zlib", async (importOriginal) => {
  const zlib = await importOriginal<typeof Zlib>();
  type Callback = (error: Error | null, bytes: Buffer) => void;
  return {
    ...zlib,
    zstdCompress: (data: Buffer, done: Callback) =>
      faults.compress === undefined
        ? zlib.zstdCompress(data, done)
        : setImmediate(done, faults.compress, Buffer.alloc(0)),
    zstdDecompress: (data: Buffer, done: Callback) =>
      faults.expanded === undefined ? zlib.zstdDecompress(data, done) : setImmediate(done, null, faults.expanded),
  };
});

const WORDY = "shipped ".repeat(1_000);

beforeEach(() => {
  delete faults.compress;
  delete faults.expanded;
});

test("a result that cannot be compressed is stored as text", async () => {
  faults.compress = new Error("Allocation failed");
  const [event, handler, told] = [payment(), vi.fn(() => WORDY), recorder()];
  const pay = protect(memoryStore(), handler, { onEvent: told.onEvent });
  expect(await pay(event)).toBe(WORDY);
  expect(await pay(event)).toBe(WORDY);
  expect(handler).toHaveBeenCalledTimes(1);
  expect(told.types()).toEqual(["claimed", "completed", "replayed"]);
});

test("bytes that are more than a string holds are a clear error, and not the end of the process", async () => {
  const [event, handler] = [payment(), vi.fn(() => WORDY)];
  const pay = protect(memoryStore(), handler);
  await pay(event);
  faults.expanded = Object.assign(Buffer.alloc(0), {
    toString() {
      throw new RangeError("Cannot create a string longer than 0x1fffffe8 characters");
    },
  });
  const replay = await errorOf(pay(event));
  expect(replay).toSatisfy(isResultNotStorableError);
  expect(String(replay)).toContain("Cannot create a string longer than 0x1fffffe8 characters");
  expect(handler).toHaveBeenCalledTimes(1);
});
