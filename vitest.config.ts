import type { ViteUserConfig } from "vitest/config";

const report = process.env["TEST_REPORT"];

const config: ViteUserConfig = {
  test: {
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    include: ["test/**/*.test.ts", "examples/**/*.test.ts"],
    setupFiles: ["test/support/seeds.setup.ts"],
    globalSetup: ["test/support/engine.setup.ts"],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    env: { AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" },
    typecheck: { enabled: true, include: ["test/**/*.test-d.ts"], tsconfig: "tsconfig.json" },
  },
};

export default config;
