// Why: a queue, the function that consumes it and the mapping between them, as serverless.yml has them, for the demo to
// watch and to kill.

import { setTimeout as sleep } from "node:timers/promises";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { SQSEvent } from "aws-lambda";
import { countDeliveries, type Deliveries } from "./demo-sqs-deliveries.ts";
import { waitLine } from "./demo-sqs-witness.ts";
import { createEventSourceMapping, type EventSourceMapping } from "./event-source-mapping.ts";
import { type BusyProcess, type LambdaFunction, startFunction } from "./lambda-function.ts";
import type { Queue } from "./queues.ts";
import type { ConsumerSettings } from "./service-settings.ts";

const witness = new URL("./demo-sqs-witness.ts", import.meta.url);

export interface ConsumerOptions {
  readonly client: SQSClient;
  readonly queue: Queue;
  readonly name: string;
  readonly settings: ConsumerSettings;
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly onLine: (line: string) => void;
}

export interface Consumer {
  readonly queue: Queue;
  readonly deliveries: Deliveries;
  /** Begins to poll. */
  readonly attach: () => void;
  /** Rejects when polling breaks off. */
  readonly broken: () => Promise<never> | undefined;
  /** Kills the process that is at work on a message of this order, once `ready` says so; not any more once it is `over`. */
  readonly killWhileAt: (orderId: string, ready: () => Promise<boolean>, over: () => boolean) => Promise<void>;
  /** Kills one of the processes that are at work; gives whether its batch died with it. */
  readonly killAny: (random: () => number) => Promise<boolean>;
  /** How many batches died by the two above. */
  readonly kills: () => number;
  /** Takes no more batches; resolves when those in flight have ended. */
  readonly detach: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startConsumer(options: ConsumerOptions): Promise<Consumer> {
  const { client, queue, name, settings, folder, environment, onLine } = options;
  const deliveries = countDeliveries(settings.timeoutSeconds * 300);
  const lambda: LambdaFunction = await startFunction({
    ...{ name: `payments-dev-${name}`, handler: settings.handler, folder },
    timeoutSeconds: settings.timeoutSeconds,
    environment: { ...environment, NODE_OPTIONS: `--import=${witness.href}` },
    onLine: (line) => (line.startsWith(waitLine) ? deliveries.addWait(line.slice(waitLine.length)) : onLine(line)),
  });
  await lambda.warmUp(settings.maximumConcurrency);
  let mapping: EventSourceMapping | undefined;
  let kills = 0;

  async function kill(process: BusyProcess | undefined): Promise<boolean> {
    const died = (await process?.kill())?.kind === "died";
    if (died) kills += 1;
    return died;
  }

  return {
    queue,
    deliveries,
    attach() {
      mapping = createEventSourceMapping(client, queue, lambda, settings, deliveries.add);
    },
    broken: () => mapping?.broken,
    async killWhileAt(orderId, ready, over) {
      while (!over()) {
        const process = lambda.busy().find(({ event }) => hasOrder(event, orderId));
        if (process !== undefined && (await ready()) && (await kill(process))) return;
        await sleep(5);
      }
    },
    killAny(random) {
      const busy = lambda.busy();
      return kill(busy[Math.floor(random() * busy.length)]);
    },
    kills: () => kills,
    detach: async () => mapping?.stop(),
    stop: lambda.stop,
  };
}

function hasOrder(event: unknown, orderId: string): boolean {
  return (event as SQSEvent).Records.some(({ body }) => body.includes(`"${orderId}"`));
}
