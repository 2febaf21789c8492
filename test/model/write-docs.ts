/** Renders the table of mutants, with the trace that each produced, into docs/proof.md. */
import { readFileSync, writeFileSync } from "node:fs";
import type { Caught } from "./mutants.ts";

const PAGE = new URL("../../docs/proof.md", import.meta.url);
const BEGIN = "<!-- mutants: begin -->";
const END = "<!-- mutants: end -->";

export function writeDocs(caught: readonly Caught[]): void {
  const page = readFileSync(PAGE, "utf8");
  const [head, rest] = page.split(BEGIN);
  const tail = rest?.split(END)[1];
  if (head === undefined || tail === undefined)
    throw new Error(`docs/proof.md must have the lines ${BEGIN} and ${END}`);
  writeFileSync(PAGE, `${head}${BEGIN}\n\n${caught.map(entry).join("\n")}\n${END}${tail}`);
}

function entry({ mutant, broken, faults, trace }: Caught): string {
  const need = faults === 0 ? "no fault" : faults === 1 ? "one fault" : `${faults} faults`;
  const story = [...trace, `-> ${broken ?? "NOT CAUGHT"}`].join("\n");
  return `<details><summary>${mutant.breaks}: ${code(mutant.name)} (${need}, ${trace.filter((line) => line.startsWith("t=")).length} steps)</summary>

In \`src/${mutant.file}\`, scenario "${mutant.scenario}":

\`\`\`
${story}
\`\`\`

</details>
`;
}

/** Summaries are HTML. */
function code(text: string): string {
  return text.replace(/`([^`]*)`/g, "<code>$1</code>").replace(/ < /g, " &lt; ");
}
