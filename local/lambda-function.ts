// Why: a function here is what it is in Lambda: the bundled handler in processes of their own, one event at a time in each,
// started when they are needed, kept for the next event, killed when time is up. So a consumer can be killed outright in
// the middle of a batch, and nothing of it goes on.

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type Child, startChild } from "./child-process.ts";
import { type Answer, type Assignment, type Process, startRuntimeApi } from "./runtime-api.ts";

export type Invocation =
  | Answer
  | { readonly kind: "timedOut" }
  /** The process ended: it was killed, or it crashed. */
  | { readonly kind: "died"; readonly how: string };

export interface FunctionSettings {
  readonly name: string;
  /** As Lambda knows it: the file's path below the folder, without its ending, a dot, and the export's name. */
  readonly handler: string;
  readonly folder: string;
  readonly timeoutSeconds: number;
  readonly environment: NodeJS.ProcessEnv;
  /** What the handler logs. */
  readonly onLine?: (line: string) => void;
}

/** A process that is at work on an event. */
export interface BusyProcess {
  readonly event: unknown;
  /** SIGKILL; gives what became of the event, which may have been answered just before. */
  readonly kill: () => Promise<Invocation>;
}

export interface LambdaFunction {
  readonly timeoutSeconds: number;
  /** Takes an idle process, or starts one. */
  readonly invoke: (event: unknown) => Promise<Invocation>;
  readonly busy: () => readonly BusyProcess[];
  /** Starts processes, so that the first events find them loaded. */
  readonly warmUp: (count: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

interface Work extends BusyProcess {
  readonly requestId: string;
  readonly end: (how: Invocation) => void;
}

interface Instance extends Process {
  readonly child: Child;
  readonly ready: Promise<void>;
  readonly run: (event: unknown) => Promise<Invocation>;
  readonly current: () => BusyProcess | undefined;
}

export async function startFunction(settings: FunctionSettings): Promise<LambdaFunction> {
  const instances = new Map<string, Instance>();
  const idle: Instance[] = [];
  const api = await startRuntimeApi((name) => instances.get(name));
  let stopped = false;

  function launch(): Instance {
    const id = randomUUID();
    const instance = startInstance(settings, api.addressOf(id));
    instances.set(id, instance);
    instance.child.ended.then(() => {
      instances.delete(id);
      const at = idle.indexOf(instance);
      if (at >= 0) idle.splice(at, 1);
    });
    return instance;
  }

  return {
    timeoutSeconds: settings.timeoutSeconds,
    busy: () => [...instances.values()].flatMap((instance) => instance.current() ?? []),
    async invoke(event) {
      if (stopped) throw new Error(`The function ${settings.name} is stopped.`);
      const instance = idle.pop() ?? launch();
      await instance.ready;
      const invocation = await instance.run(event);
      // One that ran out of time is being killed.
      if (invocation.kind !== "timedOut" && instance.child.running()) idle.push(instance);
      return invocation;
    },
    async warmUp(count) {
      const launched = Array.from({ length: count }, launch);
      await Promise.all(launched.map((instance) => instance.ready));
      idle.push(...launched);
    },
    async stop() {
      stopped = true;
      await Promise.all([...instances.values()].map((instance) => instance.child.kill()));
      await api.stop();
    },
  };
}

function startInstance(settings: FunctionSettings, runtimeApi: string): Instance {
  const child = startChild(process.execPath, [join(import.meta.dirname, "lambda-runtime.ts")], {
    env: {
      ...settings.environment,
      AWS_LAMBDA_FUNCTION_NAME: settings.name,
      AWS_LAMBDA_RUNTIME_API: runtimeApi,
      LAMBDA_TASK_ROOT: settings.folder,
      _HANDLER: settings.handler,
    },
    ...(settings.onLine === undefined ? {} : { onLine: settings.onLine }),
  });
  const became = Promise.withResolvers<void>();
  let waiting = Promise.withResolvers<Assignment>();
  let work: Work | undefined;

  child.ended.then((how) => {
    became.reject(new Error(`The function ${settings.name} ended (${how}) before it was ready:\n${child.output()}`));
    work?.end({ kind: "died", how });
  });
  became.promise.catch(() => {});

  return {
    child,
    ready: became.promise,
    async next() {
      became.resolve();
      // What is to be done may be known before the process asks: it stays until it is taken.
      const assignment = await waiting.promise;
      waiting = Promise.withResolvers();
      return assignment;
    },
    answer(requestId, answer) {
      if (work?.requestId === requestId) work.end(answer);
    },
    initFailed: (error) => became.reject(new Error(`The function ${settings.name} could not be loaded: ${error}`)),
    current: () => work,
    run(event) {
      const requestId = randomUUID();
      const timeoutMs = settings.timeoutSeconds * 1_000;
      const over = Promise.withResolvers<Invocation>();
      const timer = setTimeout(() => {
        end({ kind: "timedOut" });
        child.kill();
      }, timeoutMs);
      const end = (how: Invocation): void => {
        clearTimeout(timer);
        work = undefined;
        over.resolve(how);
      };
      const kill = (): Promise<Invocation> => child.kill().then(() => over.promise);
      work = { requestId, event, end, kill };
      if (child.running()) {
        waiting.resolve({ requestId, deadline: Date.now() + timeoutMs, payload: JSON.stringify(event) });
      } else {
        end({ kind: "died", how: "before it began" });
      }
      return over.promise;
    },
  };
}
