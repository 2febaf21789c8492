/**
 * The table is described in code, plugin, construct, template, Terraform module, policy and documents. What must be the same
 * in all of them is compared here with what the store really sends, so that none can drift.
 */
import { readFileSync } from "node:fs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { parse as parseHcl } from "@cdktf/hcl2json";
import { App, Stack } from "aws-cdk-lib";
import { Template as Synthesised } from "aws-cdk-lib/assertions";
import { Code, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { describe, expect, it } from "vitest";
import { IdempotencyTable } from "../../src/cdk/index.ts";
import * as definition from "../../src/deploy/table-definition.ts";
import { tableResource, tableStatements } from "../../src/serverless/table.ts";
import { dynamoDBStore } from "../../src/stores/dynamodb.ts";
import { ofType, type Properties, readTemplate, statements, type Template } from "./support/templates.ts";

interface Table {
  readonly key: readonly { readonly name: string; readonly type: string; readonly role: string }[];
  readonly ttl: string;
  readonly billing: string;
  readonly actions: readonly string[];
}

const expected: Table = {
  key: [{ name: "id", type: "S", role: "HASH" }],
  ttl: "expires_at",
  billing: "PAY_PER_REQUEST",
  actions: ["dynamodb:PutItem", "dynamodb:GetItem"],
};

/** What the store asks of DynamoDB, by recording the requests of each of its verbs instead of sending them. */
async function requestsOfTheStore(): Promise<{ actions: string[]; items: Record<string, unknown>[]; keys: object[] }> {
  const sent = { actions: [] as string[], items: [] as Record<string, unknown>[], keys: [] as object[] };
  const client = new DynamoDBClient({ region: "us-east-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } });
  client.middlewareStack.add(
    (_next, { commandName = "" }) =>
      async ({ input }) => {
        const { Item, Key } = input as { Item?: Record<string, unknown>; Key?: object };
        sent.actions.push(`dynamodb:${commandName.replace("Command", "Item").replace("ItemItem", "Item")}`);
        if (Item !== undefined) sent.items.push(Item);
        if (Key !== undefined) sent.keys.push(Key);
        return { output: { $metadata: {} }, response: {} };
      },
    { step: "initialize", name: "recorder" },
  );
  const store = dynamoDBStore({ tableName: "recorded", client });
  const record = {
    id: "op#1",
    status: "IN_PROGRESS",
    owner: "o",
    fence: 1,
    attempts: 1,
    leaseUntil: 1,
    expiresAt: 1_795_435_173,
    createdAt: 1,
  } as const;
  await store.insert(record);
  await store.swap(record, { ...record, status: "RELEASED" });
  await store.read("op#1");
  return sent;
}

function ofCloudFormation(properties: Properties, actions: Table["actions"]): Table {
  const types = new Map<string, string>(
    properties.AttributeDefinitions.map((one: Record<string, string>) => [one["AttributeName"], one["AttributeType"]]),
  );
  return {
    key: properties.KeySchema.map(({ AttributeName, KeyType }: { AttributeName: string; KeyType: string }) => ({
      name: AttributeName,
      type: types.get(AttributeName),
      role: KeyType,
    })),
    ttl: properties.TimeToLiveSpecification.Enabled && properties.TimeToLiveSpecification.AttributeName,
    billing: properties.BillingMode,
    actions,
  };
}

function tableOf(template: Template): Table {
  const [table] = ofType(template, "AWS::DynamoDB::Table");
  const actions = statements(template).flatMap(({ Action }) => Action);
  const onTable = actions.filter((action) => action.startsWith("dynamodb:"));
  return ofCloudFormation(table?.[1].Properties, [...new Set(onTable)]);
}

function constructed(): Template {
  const stack = new Stack(new App(), "Agreement");
  const fn = new LambdaFunction(stack, "Fn", {
    runtime: Runtime.NODEJS_22_X,
    handler: "index.handler",
    code: Code.fromInline("exports.handler = async () => {}"),
  });
  const table = new IdempotencyTable(stack, "Idempotency");
  table.grantTo(fn);
  table.addAlarms({ service: "payments" });
  table.addDashboard({ service: "payments" });
  return Synthesised.fromStack(stack).toJSON() as Template;
}

async function terraform(file: string): Promise<Properties> {
  return await parseHcl(file, readFileSync(`infra/terraform/${file}`, "utf8"));
}

const template = readTemplate("infra/idempotency.template.yml");

describe("key, TTL, billing and actions are those of the store", () => {
  it("in what the store sends", async () => {
    const { actions, items, keys } = await requestsOfTheStore();
    expect([...new Set(actions)]).toEqual(expected.actions);
    expect(keys).toEqual([{ id: { S: "op#1" } }]);
    for (const item of items) expect(item).toMatchObject({ id: { S: "op#1" }, expires_at: { N: "1795435173" } });
  });

  it("in the definition that plugin and construct share", () => {
    const { partitionKey, ttlAttribute, tableActions } = definition;
    expect({ partitionKey, ttlAttribute, tableActions }).toEqual({
      partitionKey: "id",
      ttlAttribute: "expires_at",
      tableActions: expected.actions,
    });
  });

  it("in the plugin", () => {
    const actions = tableStatements({}).flatMap(({ Action }) => Action);
    expect(ofCloudFormation(tableResource("t", {}).Properties, actions)).toEqual(expected);
  });

  it("in the construct", () => {
    expect(tableOf(constructed())).toEqual(expected);
  });

  it("in the template, and in the SAM example", () => {
    expect(tableOf(template)).toEqual(expected);
    expect(tableOf(readTemplate("examples/sam/template.yaml"))).toEqual(expected);
  });

  it("in the resource file, which has no policy", () => {
    const [table] = ofType(readTemplate("infra/idempotency-table.yml"), "AWS::DynamoDB::Table");
    expect(ofCloudFormation(table?.[1].Properties, expected.actions)).toEqual(expected);
  });

  it("in the Terraform module", async () => {
    const main = await terraform("main.tf");
    const [table] = main.resource.aws_dynamodb_table.idempotency;
    const [{ statement }] = main.data.aws_iam_policy_document.access;
    expect(table.range_key).toBeUndefined();
    expect({
      key: table.attribute.map(({ name, type }: { name: string; type: string }) => ({
        name,
        type,
        role: name === table.hash_key ? "HASH" : "none",
      })),
      ttl: table.ttl[0].enabled && table.ttl[0].attribute_name,
      billing: table.billing_mode,
      actions: statement[0].actions,
    }).toEqual(expected);
    expect(statement[0].resources).toEqual(["$" + "{aws_dynamodb_table.idempotency.arn}"]);
    expect(table.point_in_time_recovery[0].enabled).toBe("$" + "{var.point_in_time_recovery}");
    expect((await terraform("variables.tf")).variable.point_in_time_recovery[0].default).toBe(false);
  });

  it("in the policy", () => {
    const policy = JSON.parse(readFileSync("infra/iam-policy.json", "utf8"));
    expect(policy.Statement).toMatchObject([{ Effect: "Allow", Action: expected.actions }]);
    expect(policy.Statement[0].Resource).not.toContain("*");
  });

  it("in the documents", () => {
    for (const file of ["README.md", "docs/deploy-permissions.md"]) {
      const text = readFileSync(file, "utf8");
      const named = new Set([...text.matchAll(/dynamodb:\w+Item\b/g)].map(([action]) => action));
      expect([...named].toSorted(), file).toEqual(expected.actions.toSorted());
    }
  });
});

describe("alarms and dashboards watch the metrics that are emitted", () => {
  const completion = { Namespace: "LambdaOnce", MetricName: "completionFailed" };
  const events = [
    ["replayed", "rejected", "mismatch", "takenOver"],
    ["parked", "ownershipLost", "completionFailed", "unprotected"],
  ].flat();

  it("by the names in the definition", () => {
    const { metricNamespace, metricDimension, countedEvents } = definition;
    expect({ metricNamespace, metricDimension, countedEvents }).toEqual({
      metricNamespace: "LambdaOnce",
      metricDimension: "service",
      countedEvents: events,
    });
  });

  it.for([
    ["the template", template],
    ["the construct", constructed()],
  ] as const)("in %s", ([, { Resources }]) => {
    const alarms = Object.values(Resources).filter(({ Type }) => Type === "AWS::CloudWatch::Alarm");
    const own = alarms.find(({ Properties }) => Properties.Namespace === "LambdaOnce");
    expect(own?.Properties).toMatchObject(completion);
    expect(own?.Properties.Dimensions).toMatchObject([{ Name: "service" }]);
    const names = alarms
      .flatMap(({ Properties }) => Properties.Metrics ?? [])
      .flatMap(({ MetricStat }) => MetricStat?.Metric.MetricName ?? []);
    expect([...new Set(names)].toSorted()).toEqual(["SystemErrors", "ThrottledRequests"]);
    const dashboard = Object.values(Resources).find(({ Type }) => Type === "AWS::CloudWatch::Dashboard");
    const body = JSON.stringify(dashboard?.Properties.DashboardBody).replaceAll(/[\\\s]/g, "");
    for (const event of events) expect(body).toContain(`["LambdaOnce","${event}","service",`);
  });

  it("in the Terraform module", async () => {
    const { resource, locals } = await terraform("monitoring.tf");
    expect(resource.aws_cloudwatch_metric_alarm.completion_failures).toMatchObject([
      { namespace: "LambdaOnce", metric_name: "completionFailed", dimensions: { service: "$" + "{var.service}" } },
    ]);
    expect(resource.aws_cloudwatch_dashboard.idempotency[0].dashboard_name).toBe(
      `\${replace(var.table_name, ".", "-")}-\${local.region}`, // one for each Region, of letters that CloudWatch takes
    );
    expect(locals[0].events).toEqual(events);
    expect(Object.keys(locals[0].table_alarms).toSorted()).toEqual(["SystemErrors", "ThrottledRequests"]);
  });
});
