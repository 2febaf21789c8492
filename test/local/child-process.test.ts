// Why: a suite, a demo or a service that ends in whatever way must leave no server behind.

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { run, startChild, untilReady } from "../../local/child-process.ts";

const node = process.execPath;
const helper = fileURLToPath(new URL("../../local/child-process.ts", import.meta.url));
const forever = "setInterval(() => {}, 1000)";

describe("a child process", () => {
  it("is killed together with what it started", async () => {
    const child = startChild(node, [
      "-e",
      `console.log(require("child_process").spawn(process.execPath, ["-e", "${forever}"]).pid); ${forever}`,
    ]);
    await untilReady(child, async () => /^\d+$/.test(child.output()), "The child", 10_000);
    const grandchild = Number(child.output());

    await child.kill();

    expect(child.running()).toBe(false);
    await expect.poll(() => alive(grandchild)).toBe(false);
  });

  // Windows has no signals, and no process groups to end a tree by.
  it.skipIf(process.platform === "win32").for(["SIGKILL", "SIGTERM"] as const)(
    "does not outlive a parent that gets %s",
    async (signal) => {
      const parent = startChild(node, [
        "--input-type=module",
        "-e",
        `import { startChild } from ${JSON.stringify(helper)};
         const child = startChild(process.execPath, ["-e", "${forever}"]);
         console.log(child.pid);
         ${forever};`,
      ]);
      await untilReady(parent, async () => /^\d+$/.test(parent.output()), "The parent", 10_000);
      const child = Number(parent.output());
      expect(alive(child)).toBe(true);

      process.kill(parent.pid, signal);

      await expect.poll(() => alive(child), { timeout: 5_000 }).toBe(false);
    },
  );

  it("fails to become ready with what it printed, when it ends first", async () => {
    const child = startChild(node, ["-e", 'console.error("no such table"); process.exit(3)']);
    const ready = untilReady(child, () => sleep(10, false), "The engine", 10_000);
    await expect(ready).rejects.toThrow(/The engine ended \(exit code 3\) before it was ready:\nno such table/);
  });

  it("gives the output of a command that ends well and fails on one that does not", async () => {
    expect(await run(node, ["-e", 'process.stdout.write("one\\ntwo")'])).toBe("one\ntwo");
    await expect(run(node, ["-e", "process.exit(2)"])).rejects.toThrow(/exit code 2/);
    await expect(run("no-such-command-here", [])).rejects.toThrow(/no-such-command-here/);
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !isZombie(pid);
}

/** Killed, but not yet collected by the system's first process: some containers never do. */
function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
