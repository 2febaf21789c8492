/**
 * Long texts in fewer bytes: a unit of DynamoDB is paid for each KB of a record, on every write and refused write.
 *
 * Zstandard at its default level: a fifth of gzip's processor time for the same size (docs/benchmarks.md). It runs beside
 * the event loop, and node:zlib is loaded by the first text that needs it.
 */
import type { ResultData } from "../core/record.ts";

/** A saving below a tenth is not worth reading compressed text in the table. */
const WORTH = 0.9;

/**
 * The text, or its compressed UTF-8 where that is worth it. Where it cannot be had it is the text: compressing saves
 * money, and is no reason to lose an outcome (G11). Node.js before 22.15 has no Zstandard.
 */
export async function compressed(text: string): Promise<ResultData> {
  const { zstdCompress } = await import("node:zlib");
  if (zstdCompress === undefined) return text;
  const bytes = Buffer.from(text);
  return await new Promise<ResultData>((resolve) => {
    zstdCompress(bytes, (error, shorter) =>
      resolve(error === null && shorter.length <= bytes.length * WORTH ? shorter : text),
    );
  });
}

/** The text again. Rejects for bytes that are not compressed text, or more of it than a string holds. */
export async function decompressed(data: ResultData): Promise<string> {
  if (typeof data === "string") return data;
  const { zstdDecompress } = await import("node:zlib");
  if (zstdDecompress === undefined) throw new Error("it is compressed, which needs Node.js 22.15 or later to read");
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    zstdDecompress(data, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
  return bytes.toString("utf8");
}
