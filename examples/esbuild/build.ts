// Why: bundling with esbuild alone, for those whose pipeline does the rest: `node build.ts FOLDER` writes one file to zip.

import { build } from "esbuild";

const [folder = "dist"] = process.argv.slice(2);

await build({
  entryPoints: [`${import.meta.dirname}/invoices.ts`],
  outdir: folder,
  outExtension: { ".js": ".mjs" }, // so that Lambda takes it as an ES module without a package.json
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  mainFields: ["module", "main"], // else esbuild takes the AWS SDK's larger CommonJS build
  minify: true,
  sourcemap: "external",
});
