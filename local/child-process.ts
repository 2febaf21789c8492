// Why: a server started here must never outlive the program that started it. The plugin for Serverless needs the same.

export * from "../src/serverless/child-process.ts";
