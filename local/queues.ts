// Why: the queues used locally are made from the very CloudFormation file that is deployed, so the two cannot differ.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { parse, type ScalarTag } from "yaml";
import { repository } from "./paths.ts";
import { stackName } from "./tables.ts";

export const queuesFile: string = join(repository, "examples", "orders", "queues.yml");

/** The account and the region that the emulator has. */
const arnPrefix = "arn:aws:sqs:us-east-1:000000000000:";

export interface QueueDefinition {
  readonly logicalId: string;
  readonly queueName: string;
  readonly arn: string;
  /** As `CreateQueue` takes them. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Queue extends QueueDefinition {
  readonly url: string;
}

/** A queue's properties in CloudFormation, where `!GetAtt` is read as the other queue's logical id. */
interface QueueProperties {
  readonly QueueName: string;
  readonly RedrivePolicy?: {
    readonly deadLetterTargetArn: { readonly queue: string };
    readonly maxReceiveCount: number;
  };
  readonly [attribute: string]: unknown;
}

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: QueueProperties }>>;
}

/** Talks to a local endpoint only: credentials and region are made up, whatever the environment says. */
export function localSqsClient(endpoint: string): SQSClient {
  return new SQSClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
}

/** The queues that a file defines; those that no other one needs to exist come first. */
export async function readQueueDefinitions(
  file: string = queuesFile,
  stack: string = stackName,
): Promise<QueueDefinition[]> {
  const customTags: ScalarTag[] = [
    { tag: "!Sub", resolve: (text) => text.replaceAll(/\$\{AWS::StackName\}/g, stack) },
    { tag: "!GetAtt", resolve: (text) => ({ queue: text.replace(/\.Arn$/, "") }) },
  ];
  const { Resources } = parse(await readFile(file, "utf8"), { customTags }) as Template;
  const arnOf = (logicalId: string): string => arnPrefix + Resources[logicalId]?.Properties.QueueName;
  return Object.entries(Resources)
    .filter(([, { Type }]) => Type === "AWS::SQS::Queue")
    .sort(([, a], [, b]) => Number("RedrivePolicy" in a.Properties) - Number("RedrivePolicy" in b.Properties))
    .map(([logicalId, { Properties }]) => {
      const { QueueName: queueName, RedrivePolicy: redrive, ...plain } = Properties;
      const attributes = Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, String(value)]));
      if (redrive !== undefined) {
        const deadLetterTargetArn = arnOf(redrive.deadLetterTargetArn.queue);
        attributes["RedrivePolicy"] = JSON.stringify({ ...redrive, deadLetterTargetArn });
      }
      return { logicalId, queueName, arn: arnOf(logicalId), attributes };
    });
}

/** Creates the queues and gives them by their logical ids. `attributes` are put over those of queues with a redrive policy. */
export async function createQueues(
  endpoint: string,
  options: { readonly stack?: string; readonly attributes?: Readonly<Record<string, string>> } = {},
): Promise<(logicalId: string) => Queue> {
  const client = localSqsClient(endpoint);
  const queues = new Map<string, Queue>();
  try {
    for (const definition of await readQueueDefinitions(queuesFile, options.stack)) {
      const over = "RedrivePolicy" in definition.attributes ? options.attributes : {};
      const attributes = { ...definition.attributes, ...over };
      const { QueueUrl: url = "" } = await client.send(
        new CreateQueueCommand({ QueueName: definition.queueName, Attributes: attributes }),
      );
      queues.set(definition.logicalId, { ...definition, attributes, url });
    }
  } finally {
    client.destroy();
  }
  return (logicalId) => {
    const queue = queues.get(logicalId);
    if (queue === undefined) throw new Error(`${queuesFile} defines no queue ${logicalId}.`);
    return queue;
  };
}

export interface QueueDepth {
  readonly visible: number;
  readonly inFlight: number;
}

export async function queueDepth(client: SQSClient, QueueUrl: string): Promise<QueueDepth> {
  const { Attributes = {} } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
  return {
    visible: Number(Attributes.ApproximateNumberOfMessages) + Number(Attributes.ApproximateNumberOfMessagesDelayed),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
  };
}
