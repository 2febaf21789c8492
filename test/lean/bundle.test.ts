/** A bundle with the lean store holds nothing of the AWS SDK. */
import { build } from "esbuild";
import { expect, test } from "vitest";

test("a bundled handler on the lean store has no SDK in it", async () => {
  const contents = `
    import { idempotentHttp } from "./src/index.ts";
    import { leanDynamoDBStore } from "./src/stores/lean.ts";
    export const handler = idempotentHttp(async () => ({ statusCode: 200, body: "" }), { store: leanDynamoDBStore() });
  `;
  const { metafile } = await build({
    stdin: { contents, resolveDir: ".", loader: "ts" },
    bundle: true,
    minify: true,
    platform: "node",
    format: "esm",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
  expect(inputs).toContain("src/stores/lean.ts");
  expect(inputs.filter((file) => file.includes("node_modules"))).toEqual([]);
});
