/** What `npm run mutation` runs for each mutant: the tests of `src/core` with literal values, which take a second or two. */
import type { ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = {
  test: {
    include: ["test/core/*.test.ts"],
    exclude: ["test/core/*.property.test.ts"],
    setupFiles: ["test/support/seeds.setup.ts"],
    isolate: false,
  },
};

export default config;
