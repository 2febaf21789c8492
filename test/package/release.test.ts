/** What the publish workflow checks before it spends an hour on tests: that npm could accept what it is about to send. */
import { expect, it } from "vitest";
import { type Release, releaseProblems } from "../../scripts/check-release.ts";

const ready: Release = {
  tag: "v1.2.3",
  repository: "owner/lambda-once",
  manifest: { version: "1.2.3", repository: { type: "git", url: "git+https://github.com/owner/lambda-once.git" } },
  changelog: "# lambda-once\n\n## 1.2.3\n\n- Something.\n",
  waiting: [],
};

it("finds nothing wrong with a release that is ready", () => {
  expect(releaseProblems(ready)).toEqual([]);
  const short = { version: "1.2.3", repository: "github:owner/lambda-once" };
  expect(releaseProblems({ ...ready, manifest: short })).toEqual([]);
});

it.for([
  [{ tag: "v1.2.4" }, "The tag v1.2.4 does not name the version in package.json, 1.2.3."],
  [{ changelog: "## 1.2.30\n" }, "CHANGELOG.md has no section 1.2.3: run `npx changeset version`."],
  [
    { waiting: ["brave-cats-run.md"] },
    "Changes wait to be released (.changeset/brave-cats-run.md): run `npx changeset version`.",
  ],
  [
    { manifest: { version: "1.2.3" } },
    "`repository` in package.json must be https://github.com/owner/lambda-once, the repository that publishes, or npm refuses the provenance; it is missing.",
  ],
  [
    { manifest: { version: "1.2.3", repository: "https://github.com/owner/lambda-once-fork" } },
    "`repository` in package.json must be https://github.com/owner/lambda-once, the repository that publishes, or npm refuses the provenance; it is https://github.com/owner/lambda-once-fork.",
  ],
] as const)("says of %j what to do", ([change, problem]) => {
  expect(releaseProblems({ ...ready, ...change })).toEqual([problem]);
});
