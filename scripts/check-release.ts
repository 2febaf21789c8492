/**
 * Whether a tag may be published: run by the publish workflow first of all, since npm would refuse the package only at the
 * end. Usage: GITHUB_REF_NAME=v1.2.3 GITHUB_REPOSITORY=owner/name node scripts/check-release.ts
 */
import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";

export interface Release {
  readonly tag: string;
  /** Of the workflow: owner/name. */
  readonly repository: string;
  readonly manifest: {
    readonly version: string;
    readonly repository?: string | { readonly type?: string; readonly url?: string };
  };
  readonly changelog: string;
  /** Names of changesets that no release has taken up. */
  readonly waiting: readonly string[];
}

export function releaseProblems({ tag, repository, manifest, changelog, waiting }: Release): string[] {
  const { version } = manifest;
  const named = typeof manifest.repository === "string" ? manifest.repository : manifest.repository?.url;
  const home = `https://github.com/${repository}`;
  const found = [
    tag !== `v${version}` && `The tag ${tag} does not name the version in package.json, ${version}.`,
    !changelog.split("\n").includes(`## ${version}`) &&
      `CHANGELOG.md has no section ${version}: run \`npx changeset version\`.`,
    waiting.length > 0 &&
      `Changes wait to be released (${waiting.map((name) => `.changeset/${name}`).join(", ")}): run \`npx changeset version\`.`,
    repositoryUrl(named) !== home &&
      `\`repository\` in package.json must be ${home}, the repository that publishes, or npm refuses the provenance; it is ${named ?? "missing"}.`,
  ];
  return found.filter((problem) => problem !== false);
}

function repositoryUrl(named: string | undefined): string | undefined {
  return named
    ?.replace(/^git\+/, "")
    .replace(/^github:/, "https://github.com/")
    .replace(/\.git$/, "");
}

if (import.meta.main) {
  const problems = releaseProblems({
    tag: process.env["GITHUB_REF_NAME"] ?? "",
    repository: process.env["GITHUB_REPOSITORY"] ?? "",
    manifest: JSON.parse(readFileSync("package.json", "utf8")) as Release["manifest"],
    changelog: readFileSync("CHANGELOG.md", "utf8"),
    waiting: globSync(".changeset/*.md")
      .map((path) => basename(path))
      .filter((name) => name !== "README.md"),
  });
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
