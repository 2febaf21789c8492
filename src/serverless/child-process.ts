// Why: a server started here must never outlive the program that started it, however that program ends. Each child
// leads a process group of its own, which is killed as a whole; a watcher inside the group waits for the end of a pipe
// that only the parent holds, so a parent that is SIGKILLed takes its children along as well.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

const windows = process.platform === "win32";
const linesKept = 60;
const children = new Set<ChildProcess>();

// One listener for all of them: Node.js takes many listeners for a leak.
process.on("exit", () => children.forEach(signalTree));

// The watcher closes its own copies of standard output, or a reader would wait for it; "kill 0" means its whole group.
const guard = 'exec 3<&0; { read -r _ <&3; kill -9 0; } >/dev/null 2>&1 & exec 3<&- "$0" "$@" </dev/null';

export interface Child {
  readonly pid: number;
  /** The last lines that it printed. */
  readonly output: () => string;
  readonly running: () => boolean;
  /** Resolves when it has ended, with the exit code or the signal's name. */
  readonly ended: Promise<string>;
  /** SIGKILL to the child and everything that it started. */
  readonly kill: () => Promise<void>;
}

export interface ChildOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Whether the child keeps its parent's event loop alive (default: no). */
  readonly keepsParentAlive?: boolean;
  readonly onLine?: (line: string) => void;
}

export function startChild(command: string, args: readonly string[], options: ChildOptions = {}): Child {
  const [file, argv] = windows ? [command, [...args]] : ["/bin/sh", ["-c", guard, command, ...args]];
  const child = spawn(file, argv, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    detached: !windows,
    windowsHide: true,
    stdio: ["pipe", "pipe", "pipe"],
  });

  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    const take = (line: string): void => {
      if (lines.push(line) > linesKept) lines.shift();
      options.onLine?.(line);
    };
    stream.setEncoding("utf8").on("data", (text: string) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      parts.forEach(take);
    });
    stream.once("end", () => {
      if (rest !== "") take(rest);
    });
  }

  let running = true;
  const ended = new Promise<string>((resolve) => {
    const over = (): void => {
      running = false;
      children.delete(child);
      signalTree(child);
    };
    child.once("exit", over);
    child.once("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once("error", (error) => {
      over();
      resolve(error.message);
    });
  });
  children.add(child);
  if (options.keepsParentAlive !== true) holdEventLoop(child, false);

  return {
    pid: child.pid ?? -1,
    output: () => lines.join("\n"),
    running: () => running,
    ended,
    async kill() {
      if (!running) return;
      holdEventLoop(child, true);
      signalTree(child);
      await ended;
    },
  };
}

/** Calls `probe` until it gives true. Fails with what the child printed when it ends first, or when time is up. */
export async function untilReady(
  child: Child,
  probe: () => Promise<boolean>,
  name: string,
  limitMs: number,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await probe().catch(() => false))) {
    if (!child.running()) {
      throw new Error(`${name} ended (${await child.ended}) before it was ready:\n${child.output()}`);
    }
    if (performance.now() > deadline) {
      await child.kill();
      throw new Error(`${name} was not ready within ${limitMs / 1000} s:\n${child.output()}`);
    }
    await sleep(20);
  }
}

/** Runs a command to its end and gives what it printed. */
export async function run(command: string, args: readonly string[], options: ChildOptions = {}): Promise<string> {
  const child = startChild(command, args, { ...options, keepsParentAlive: true });
  const how = await child.ended;
  if (how !== "exit code 0") throw new Error(`${command} ${args.join(" ")} failed (${how}):\n${child.output()}`);
  return child.output();
}

function signalTree(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (windows) execFileSync("taskkill", ["/pid", String(child.pid), "/T", "/F"], { stdio: "ignore" });
    else process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nothing of the group is left.
  }
}

function holdEventLoop(child: ChildProcess, hold: boolean): void {
  for (const handle of [child, child.stdin, child.stdout, child.stderr] as (Partial<NodeJS.RefCounted> | null)[]) {
    if (hold) handle?.ref?.();
    else handle?.unref?.();
  }
}
