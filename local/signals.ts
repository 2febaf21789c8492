// Why: Ctrl-C has to end everything that was started, at once. Leaving by `process.exit` runs the exit listeners with
// which each child process is killed.

import { constants } from "node:os";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Leaves with the status that a shell expects of a signal, or with the one given. */
export function exitOnSignals(status?: number): void {
  for (const signal of signals) {
    process.once(signal, () => process.exit(status ?? 128 + constants.signals[signal]));
  }
}
