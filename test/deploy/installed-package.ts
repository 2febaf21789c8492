/**
 * Packs the library, unpacks it into an empty project outside the repository, and loads every subpath that it exports, from
 * an ES module and from CommonJS, in the Node that runs this. Usage: node test/deploy/installed-package.ts, after a build.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const repository = resolve(import.meta.dirname, "../..");
const project = mkdtempSync(join(tmpdir(), "installed-"));
const modules = join(project, "node_modules");

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

try {
  run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", project], repository);
  const [tarball = ""] = readdirSync(project).filter((name) => name.endsWith(".tgz"));
  mkdirSync(join(modules, "lambda-once"), { recursive: true });
  run("tar", ["-xzf", tarball, "-C", join(modules, "lambda-once"), "--strip-components=1"], project);
  for (const peer of ["@aws-sdk", "aws-cdk-lib", "constructs"]) {
    symlinkSync(join(repository, "node_modules", peer), join(modules, peer), "junction");
  }

  const { exports } = JSON.parse(readFileSync(join(modules, "lambda-once", "package.json"), "utf8"));
  const names = Object.keys(exports)
    .filter((subpath) => !subpath.endsWith(".json"))
    .map((subpath) => `lambda-once${subpath.slice(1)}`);
  const list = JSON.stringify(names);
  writeFileSync(
    join(project, "from-esm.mjs"),
    `for (const name of ${list}) console.log(name, Object.keys(await import(name)).length > 0);`,
  );
  writeFileSync(
    join(project, "from-commonjs.cjs"),
    `for (const name of ${list}) { const it = require(name); console.log(name, typeof it === "function" || Object.keys(it).length > 0); }`,
  );
  for (const file of ["from-esm.mjs", "from-commonjs.cjs"]) {
    const printed = run(process.execPath, [file], project).trim();
    const expected = names.map((name) => `${name} true`).join("\n");
    if (printed !== expected) throw new Error(`${file} printed\n${printed}\ninstead of\n${expected}`);
    console.log(`Node ${process.versions.node}, ${file}: ${names.join(", ")}`);
  }
} finally {
  rmSync(project, { recursive: true, force: true });
}
