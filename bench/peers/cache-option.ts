/** The in-process cache, when the benchmark asks for it. A version that has none refuses it by its name. */

interface CacheOption {
  readonly cache?: { readonly maxItems: number; readonly maxBytes: number };
}

export function cacheOption(): CacheOption {
  return process.env["BENCH_CACHE"] === "on" ? { cache: { maxItems: 1_000, maxBytes: 50_000_000 } } : {};
}
