// Why: every server here listens on a port of its own, so that suites, the demo and a running service never meet.

export * from "../src/serverless/free-ports.ts";
