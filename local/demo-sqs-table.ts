// Why: the end of the demo is one table that a person takes in at a glance, a column a queue, and it says what was not as told.

import type { Finding } from "./demo-sqs-findings.ts";
import { bold, dim, green, print, red } from "./demo-table.ts";

const columns = { what: 36, found: 20, told: 4 } as const;

/** Whether what was found is what was told; a `|` in what was told means either. */
export function asTold({ found, told }: Finding): boolean {
  return told === undefined || told.split("|").includes(found);
}

/** Prints the findings of all queues beside each other. */
export function printFindings(queues: Readonly<Record<string, readonly Finding[]>>): void {
  const names = Object.keys(queues);
  const lists = Object.values(queues);
  print(bold(line("", names, "Told")));
  print(dim("─".repeat(columns.what + names.length * (columns.found + 2) + columns.told + 2)));
  for (const [row, { what }] of (lists[0] ?? []).entries()) {
    const findings = lists.flatMap((list) => list[row] ?? []);
    const found = findings.map((finding) => finding.found);
    const told = findings.some((finding) => finding.told !== undefined);
    const good = findings.every(asTold);
    print(`${line(what, found, "")}${told ? (good ? green("yes") : red("NO")) : ""}`);
    if (good) continue;
    print(
      red(
        line(
          "  was told",
          findings.map((finding) => finding.told ?? ""),
          "",
        ),
      ),
    );
    for (const detail of findings.flatMap(({ details = [] }) => details).slice(0, 10)) print(red(`    ${detail}`));
  }
}

function line(what: string, found: readonly string[], told: string): string {
  return [what.padEnd(columns.what), ...found.map((text) => text.padEnd(columns.found)), told].join("  ");
}
