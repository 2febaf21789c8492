/** A framework loads a plugin by `require()` or by `import()`; either must give it the class, under its subpath's name. */
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { expect, it } from "vitest";

const print = "console.log(typeof plugin, plugin.name, Object.isExtensible(plugin))";

it("is the class itself by require(), as Serverless v3 and osls take it", () => {
  const program = `const plugin = require("lambda-once/serverless"); ${print}`;
  expect(
    execFileSync(process.execPath, ["--input-type=commonjs", "--eval", program], { encoding: "utf8" }).trim(),
  ).toBe("function LambdaOncePlugin true");
});

it("is the default export by import(), as frameworks take it where require() cannot", async () => {
  const path = createRequire(import.meta.filename).resolve("lambda-once/serverless");
  const program = `const plugin = (await import(${JSON.stringify(path)})).default; ${print}`;
  expect(execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" }).trim()).toBe(
    "function LambdaOncePlugin true",
  );
});

it("loads no AWS SDK before it is needed", () => {
  const program = `
    const { registerHooks } = require("node:module");
    registerHooks({ resolve(specifier, context, next) {
      if (specifier.startsWith("@aws-sdk/") || specifier.startsWith("@smithy/")) throw new Error("loads " + specifier);
      return next(specifier, context);
    } });
    require("lambda-once/serverless");
    console.log("none");
  `;
  expect(
    execFileSync(process.execPath, ["--input-type=commonjs", "--eval", program], { encoding: "utf8" }).trim(),
  ).toBe("none");
});
