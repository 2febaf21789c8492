/** Builds `dist/` from `src/`: ES modules and their types, nothing else. What is there is replaced whole, at once. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

mkdirSync(".build", { recursive: true });
const work = mkdtempSync(join(".build", "dist-"));
try {
  execFileSync("tsc", ["-p", "tsconfig.build.json", "--outDir", join(work, "new")], { stdio: "inherit" });
  rmSync("dist", { recursive: true, force: true });
  renameSync(join(work, "new"), "dist");
} finally {
  rmSync(work, { recursive: true, force: true });
}
