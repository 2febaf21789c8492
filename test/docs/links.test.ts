/** Every link of a document to another, or to a heading of one, leads somewhere. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, normalize } from "node:path";
import { expect, it } from "vitest";

const documents = globSync(["*.md", "docs/**/*.md", ".changeset/*.md"]);

const prose = (file: string): string => readFileSync(file, "utf8").replaceAll(/^```[\s\S]*?^```/gm, "");

/** As GitHub makes the anchor of a heading. */
function anchors(file: string): string[] {
  const headings = [...prose(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

function problem(from: string, link: string): string | undefined {
  const [path = "", anchor] = link.split("#");
  const file = path === "" ? from : normalize(`${dirname(from)}/${path}`);
  if (!existsSync(file)) return `${from}: ${link}: no such file`;
  return anchor === undefined || anchors(file).includes(anchor) ? undefined : `${from}: ${link}: no such heading`;
}

it("leads somewhere", () => {
  expect(documents.length).toBeGreaterThan(20);
  const broken = documents.flatMap((from) =>
    [...prose(from).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = ""]) => link)
      .filter((link) => !/^[a-z]+:/.test(link))
      .flatMap((link) => problem(from, link) ?? []),
  );
  expect(broken).toEqual([]);
});
