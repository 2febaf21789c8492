/** A bundle with the lean store holds nothing of the AWS SDK. */
import { execFileSync } from "node:child_process";
import { type BuildResult, build } from "esbuild";
import { expect, test } from "vitest";

async function bundled(): Promise<BuildResult<{ write: false; metafile: true }>> {
  const contents = `
    import { idempotentHttp } from "./src/index.ts";
    import { leanDynamoDBStore } from "./src/stores/lean.ts";
    export const handler = idempotentHttp(async () => ({ statusCode: 200, body: "" }), { store: leanDynamoDBStore() });
  `;
  return await build({
    stdin: { contents, resolveDir: ".", loader: "ts" },
    bundle: true,
    minify: true,
    platform: "node",
    format: "esm",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
}

test("a bundled handler on the lean store has no SDK in it", async () => {
  const { metafile } = await bundled();
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
  expect(inputs).toContain("src/stores/lean.ts");
  expect(inputs.filter((file) => file.includes("node_modules"))).toEqual([]);
});

test("an ES module with the lean store does not load undici, as an import of node:http would", async () => {
  const { outputFiles } = await bundled();
  const url = `data:text/javascript;base64,${Buffer.from(outputFiles[0]?.contents ?? "").toString("base64")}`;
  const program = `
    await import(${JSON.stringify(url)});
    console.log(process.moduleLoadList.filter((name) => name.includes("undici")).join());
  `;
  const env = {
    AWS_REGION: "us-east-1",
    AWS_LAMBDA_FUNCTION_NAME: "pay",
    _HANDLER: "index.handler",
    IDEMPOTENCY_TABLE: "table",
  };
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8", env });
  expect(printed.trim()).toBe("");
});
