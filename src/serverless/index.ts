/**
 * `lambda-once/serverless`, a plugin for osls 4, osls 3 and Serverless v3. One line in serverless.yml makes the table,
 * tells the functions its name, lets them use it, and brings a DynamoDB along for `serverless offline`.
 *
 * It is loaded by `require()` or `import()`, whichever the framework tries: hence the second name of the export.
 */
import { type Configured, configure } from "./configure.ts";
import type { PluginUtilities, Serverless } from "./framework.ts";
import { prepareOffline } from "./offline.ts";

type Hook = () => void | Promise<void>;

/** Commands at whose start the service is checked. Others, such as `logs`, say nothing about how it is set up. */
const CHECKED = ["package", "deploy", "offline"];

class LambdaOncePlugin {
  /** Services of other providers are none of the plugin's business. */
  readonly provider = "aws";
  readonly hooks: Readonly<Record<string, Hook>>;

  constructor(serverless: Serverless, _options: unknown, { log }: PluginUtilities) {
    let configured: Configured | undefined;
    let offline: Promise<void> | undefined;
    const startOffline: Hook = () => {
      if (configured === undefined) return;
      offline ??= prepareOffline(serverless, configured, log);
      return offline;
    };
    this.hooks = {
      initialize: () => {
        configured = configure(serverless);
        if (!CHECKED.includes(serverless.processedInput.commands[0] ?? "")) return;
        for (const { id, message } of configured.warnings) log.warning(`lambda-once: ${message} [${id}]`);
      },
      "before:offline:start": startOffline,
      "before:offline:start:init": startOffline,
    };
  }
}

export type { OfflineOptions, PluginOptions } from "./options.ts";
export { LambdaOncePlugin as default, LambdaOncePlugin as "module.exports" };
