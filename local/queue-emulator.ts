// Why: suites and the demo need an SQS that starts in a moment and speaks the real API over HTTP. It runs in a process of
// its own, so that polling, sending and its timers do not share an event loop with what is measured.

import { join } from "node:path";
import { startChild, untilReady } from "./child-process.ts";
import { freePort } from "./free-ports.ts";

/** An SQS-compatible endpoint. */
export interface QueueEmulator {
  readonly name: string;
  readonly endpoint: string;
  readonly stop: () => Promise<void>;
}

export async function startQueueEmulator(): Promise<QueueEmulator> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = startChild(process.execPath, [join(import.meta.dirname, "queue-emulator-process.ts"), String(port)]);
  await untilReady(child, () => fetch(`${endpoint}/health`).then((answer) => answer.ok), "The queue emulator", 20_000);
  return { name: "fauxqs", endpoint, stop: child.kill };
}
