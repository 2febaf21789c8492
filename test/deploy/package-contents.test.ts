/** What is published: the build, the templates, and nothing of how they came about. Every subpath loads where it is installed. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

interface Packed {
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as {
  exports: Record<string, string | { types: string; default: string }>;
};
const args = ["pack", "--dry-run", "--json", "--ignore-scripts"];
const printed: unknown = JSON.parse(
  execFileSync("npm", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
);
const packed = (Array.isArray(printed) ? printed : Object.values(printed as object)) as Packed[];
const files = packed.flatMap((one) => one.files);
const paths = files.map(({ path }) => path);

it("holds the build, the templates, the licence, the README and no more", () => {
  expect(paths.filter((path) => !path.startsWith("dist/")).toSorted()).toEqual([
    "LICENSE",
    "README.md",
    "infra/iam-policy.json",
    "infra/idempotency-table.yml",
    "infra/idempotency.template.yml",
    "infra/results-bucket.yml",
    "infra/terraform/main.tf",
    "infra/terraform/monitoring.tf",
    "infra/terraform/outputs.tf",
    "infra/terraform/variables.tf",
    "infra/terraform/versions.tf",
    "package.json",
  ]);
});

it("holds of the build only modules and their types, in pairs", () => {
  const built = paths.filter((path) => path.startsWith("dist/"));
  expect(built.filter((path) => !/^dist\/[\w/-]+(\.js|\.d\.ts)$/.test(path))).toEqual([]);
  expect(built.filter((path) => /test|spec|fixture|mock/i.test(path))).toEqual([]);
  const modules = built.filter((path) => path.endsWith(".js")).map((path) => path.slice(0, -3));
  const types = built.filter((path) => path.endsWith(".d.ts")).map((path) => path.slice(0, -5));
  expect(types.toSorted()).toEqual(modules.toSorted());
});

it("holds every file that a subpath names", () => {
  const targets = Object.values(exports).flatMap((target) =>
    typeof target === "string" ? [target] : Object.values(target),
  );
  for (const target of targets) expect(paths).toContain(target.replace("./", ""));
});

it("holds no path of the machine that built it", () => {
  const here = process.cwd();
  expect(paths.filter((path) => readFileSync(path, "utf8").includes(here))).toEqual([]);
});

it("loads in an empty project, by import and by require", { timeout: 60_000 }, () => {
  const script = join(import.meta.dirname, "installed-package.ts");
  const output = execFileSync(process.execPath, [script], { encoding: "utf8" });
  for (const subpath of [".", "./dynamodb", "./serverless", "./cdk"]) {
    expect(output.match(new RegExp(`lambda-once${subpath.slice(1)}\\b`, "g"))).not.toBeNull();
  }
  expect(output.trim().split("\n")).toHaveLength(2);
});
