/** What a handler's bundle weighs. */
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { bundle, NAMES, type Peer } from "../harness/bundles.ts";
import { createTally, type Section } from "../harness/section.ts";

const SDK = ["@aws-sdk/*", "@smithy/*"];
export const EXTERNAL = ", SDK external";

const BUNDLES: readonly (readonly [name: string, peer: Peer, external: readonly string[]])[] = [
  [NAMES.floor, "floor", []],
  [NAMES.lean, "lean", []],
  [NAMES.sdk + EXTERNAL, "sdk", SDK],
  [NAMES.powertools + EXTERNAL, "powertools", SDK],
  [NAMES.byHand, "by-hand", []],
  [NAMES.sdk, "sdk", []],
  [NAMES.powertools, "powertools", []],
  [`${NAMES.lean}, SQS`, "lean-sqs", []],
  [`${NAMES.lean}, SQS${EXTERNAL}`, "lean-sqs", SDK],
];

export const size: Section = {
  name: "size",
  title: "Bundle size",
  method:
    "esbuild, minified, ES modules for Node.js 24, with `mainFields: module, main`, so that the SDK's ES modules are taken: the HTTP handler, " +
    "with the benchmark's own handler in it (`floor` shows how little that is). gzip at level 9, brotli at 11.",

  async measure() {
    const tally = createTally();
    for (const [name, peer, external] of BUNDLES) {
      const { code } = await bundle(peer, "esm", external);
      tally.add("minified", name, code.length);
      tally.add("gzip", name, gzipSync(code, { level: 9 }).length);
      const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
      tally.add("brotli", name, brotliCompressSync(code, { params }).length);
    }
    const metrics = ["minified", "gzip", "brotli"].map((name) => ({
      name,
      unit: "bytes" as const,
      values: tally.values(name),
      baseline: NAMES.powertools,
    }));
    return { metrics, notes: [] };
  },
};
