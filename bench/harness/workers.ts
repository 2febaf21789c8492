/** Worker processes, one for each variant, which do their jobs in turn while the others wait. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Job, Report } from "./jobs.ts";

export interface Variant {
  readonly name: string;
  readonly bundle: string;
  readonly env: NodeJS.ProcessEnv;
}

export interface Worker {
  readonly name: string;
  /** Rejects with what the worker says when the job fails. */
  readonly perform: <J extends Job>(job: J) => Promise<Report<J>>;
}

type Message = { readonly report: unknown } | { readonly error: string };

/** Starts a worker for each variant, for as long as `use` takes. */
export async function withWorkers<T>(
  variants: readonly Variant[],
  use: (workers: readonly Worker[]) => Promise<T>,
): Promise<T> {
  const children = variants.map((variant) => start(variant));
  try {
    const workers = children.map((child, i): Worker => {
      const name = variants[i]?.name ?? "";
      return {
        name,
        perform: async <J extends Job>(job: J) => {
          const report = answerOf(child, name);
          child.send(job);
          return (await report) as Report<J>;
        },
      };
    });
    await Promise.all(children.map((child, i) => answerOf(child, variants[i]?.name ?? "")));
    return await use(workers);
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
}

function start({ bundle, env }: Variant): ChildProcess {
  return fork(join(import.meta.dirname, "worker.ts"), [bundle], {
    env,
    execArgv: ["--expose-gc"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

function answerOf(child: ChildProcess, name: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const over = (code: number | null): void => reject(new Error(`the worker of ${name} ended with ${code}`));
    child.once("exit", over);
    child.once("message", (message: Message) => {
      child.off("exit", over);
      if ("report" in message) resolve(message.report);
      else reject(new Error(`${name}: ${message.error}`));
    });
  });
}
