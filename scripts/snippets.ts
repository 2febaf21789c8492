/**
 * Puts the snippets of the documents where they are named: `<!-- snippet: FILE -->` before a code block. The files are
 * type-checked and run by tests, so the documents cannot drift. With `--check`, changes nothing and fails on a difference.
 */
import { globSync, readFileSync, writeFileSync } from "node:fs";

const BLOCK = /<!-- snippet: (\S+) -->\n```(\w+)\n[\s\S]*?```/g;
const check = process.argv.includes("--check");
let stale = 0;

for (const file of globSync(["*.md", "docs/**/*.md"])) {
  const text = readFileSync(file, "utf8");
  const fresh = text.replace(BLOCK, (_block, source: string, language: string) => {
    return `<!-- snippet: ${source} -->\n\`\`\`${language}\n${readFileSync(source, "utf8")}\`\`\``;
  });
  if (fresh === text) continue;
  if (check) {
    console.error(`${file} shows an old snippet: run \`npm run snippets\`.`);
    stale++;
  } else {
    writeFileSync(file, fresh);
    console.log(`${file}: snippets renewed`);
  }
}
process.exitCode = stale === 0 ? 0 : 1;
