/** The templates that users deploy: every reference resolves, nothing is allowed by wildcard, AWS's validator is content. */
import { App, Fn, Stack } from "aws-cdk-lib";
import { Template as Synthesised } from "aws-cdk-lib/assertions";
import { TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { Code, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { RemovalPolicy } from "aws-cdk-lib/core";
import { describe, expect, it } from "vitest";
import { IdempotencyTable } from "../../src/cdk/index.ts";
import { tableResource, tableStatements } from "../../src/serverless/table.ts";
import {
  danglingReferences,
  ofType,
  readTemplate,
  statements,
  type Template,
  validationErrors,
  wildcards,
} from "./support/templates.ts";

const key = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";

describe("every template that users deploy, or that is made for them", { timeout: 90_000 }, () => {
  const plugin = {
    Resources: {
      IdempotencyTable: tableResource("payments", { encryption: key, deletionPolicy: "RetainExceptOnCreate" }),
      Access: {
        Type: "AWS::IAM::ManagedPolicy",
        Properties: { PolicyDocument: { Version: "2012-10-17", Statement: tableStatements({ encryption: key }) } },
      },
    },
  } as unknown as Template;

  it.for([
    ["the resource file", readTemplate("infra/idempotency-table.yml")],
    ["the template", readTemplate("infra/idempotency.template.yml")],
    ["the bucket", readTemplate("infra/results-bucket.yml")],
    ["the SAM example", readTemplate("examples/sam/template.yaml")],
    ["the plugin's part", plugin],
    ["the construct's part", monitored()],
  ] as const)("%s refers to what there is, allows nothing by wildcard, and passes AWS's validator", ([, template]) => {
    expect(danglingReferences(template, ["ServerlessHttpApi"])).toEqual([]);
    expect(wildcards(statements(template))).toEqual([]);
    expect(validationErrors(template)).toEqual([]);
  });
});

describe("the checks of these tests", () => {
  const broken: Template = {
    Resources: {
      A: {
        Type: "AWS::SQS::Queue",
        Properties: { RedrivePolicy: { deadLetterTargetArn: { "Fn::GetAtt": ["B", "Arn"] } } },
      },
      C: {
        Type: "AWS::SNS::Topic",
        Properties: { TopicName: { "Fn::Sub": "$" + "{D}-$" + "{AWS::Region}" } },
        DependsOn: "E",
      },
      F: { Type: "AWS::SQS::Queue", Properties: { QueueNmae: "x" } },
    },
  };

  it("find references that do not resolve", () => {
    expect(danglingReferences(broken).map((one) => one.split(": ")[1])).toEqual(["B", "D", "E"]);
  });

  it("find wildcards, but for the streams of a log group", () => {
    const all = [
      { Effect: "Allow", Action: "dynamodb:*", Resource: "arn:t" },
      { Effect: "Allow", Action: ["dynamodb:GetItem"], Resource: ["*"] },
      { Effect: "Allow", Action: ["logs:PutLogEvents"], Resource: "arn:log-group:x:*" },
      { Effect: "Deny", Action: "s3:*", Resource: "*" },
    ];
    expect(wildcards(all)).toEqual(["dynamodb:*", '["*"]']);
  });

  it("find properties that do not exist", { timeout: 90_000 }, () =>
    expect(validationErrors(broken).join()).toContain("QueueNmae"),
  );
});

describe("the construct", () => {
  const variables = (template: Template): unknown =>
    ofType(template, "AWS::Lambda::Function")[0]?.[1].Properties.Environment?.Variables;

  it("keeps a table unless told otherwise, without recovery", () => {
    const template = synthesised((stack, fn) => new IdempotencyTable(stack, "Idempotency").grantTo(fn));
    const [[id, table] = []] = ofType(template, "AWS::DynamoDB::Table");
    expect(table).toMatchObject({ DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
    expect(table?.Properties).toMatchObject({
      BillingMode: "PAY_PER_REQUEST",
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
    });
    expect(variables(template)).toEqual({ IDEMPOTENCY_TABLE: { Ref: id } });
    expect(danglingReferences(template)).toEqual([]);
    expect(wildcards(statements(template))).toEqual([]);
  });

  it("takes what a team decides about a table, and grants the key that encrypts it", () => {
    const template = synthesised((stack, fn) =>
      new IdempotencyTable(stack, "Idempotency", {
        tableName: "payments-idempotency",
        pointInTimeRecovery: true,
        deletionProtection: true,
        removalPolicy: RemovalPolicy.DESTROY,
        encryption: TableEncryption.CUSTOMER_MANAGED,
        encryptionKey: new Key(stack, "Key"),
      }).grantTo(fn),
    );
    const [[, table] = []] = ofType(template, "AWS::DynamoDB::Table");
    expect(table?.DeletionPolicy).toBe("Delete");
    expect(table?.Properties).toMatchObject({
      TableName: "payments-idempotency",
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { SSEEnabled: true },
    });
    const allowed = ofType(template, "AWS::IAM::Policy").flatMap(([, { Properties }]) =>
      Properties.PolicyDocument.Statement.map(({ Action }: { Action: unknown }) => Action),
    );
    expect(allowed).toEqual(["kms:Decrypt", ["dynamodb:PutItem", "dynamodb:GetItem"]]);
  });

  it("stands for a table that is there already, by name or ARN", () => {
    const arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shared";
    const byArn = synthesised((stack, fn) => IdempotencyTable.fromTableArn(stack, "Shared", arn).grantTo(fn));
    expect(ofType(byArn, "AWS::DynamoDB::Table")).toEqual([]);
    expect(variables(byArn)).toEqual({ IDEMPOTENCY_TABLE: arn });
    expect(statements(byArn).map(({ Resource }) => Resource)).toContain(arn);
    const byName = synthesised((stack, fn) => IdempotencyTable.fromTableName(stack, "Shared", "shared").grantTo(fn));
    expect(variables(byName)).toEqual({ IDEMPOTENCY_TABLE: "shared" });
    expect(JSON.stringify(statements(byName))).toContain(":table/shared");
  });

  it("says what to do with an alias, a version or an imported function, which have no environment", () => {
    synthesised((stack, fn) => {
      const table = new IdempotencyTable(stack, "Idempotency");
      const imported = LambdaFunction.fromFunctionName(stack, "Imported", "other");
      for (const one of [fn.currentVersion, imported]) {
        expect(() => table.grantTo(one as never)).toThrow(
          `IdempotencyTable.grantTo: ${one.node.path} has no environment to put IDEMPOTENCY_TABLE into, as aliases, versions and ` +
            "imported functions have none. Give grantTo the function itself; or call grant, and set the variable where the function is defined.",
        );
      }
      expect(() => table.grantTo(undefined as never)).toThrow("IdempotencyTable.grantTo: undefined has no environment");
    });
  });

  it("does not take a name for an ARN, nor an ARN for a name, where it can see which it is", () => {
    synthesised((stack) => {
      const arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shared";
      expect(() => IdempotencyTable.fromTableName(stack, "A", arn)).toThrow(
        `IdempotencyTable.fromTableName: "${arn}" is no table's name. For an ARN there is fromTableArn.`,
      );
      expect(() => IdempotencyTable.fromTableArn(stack, "B", "shared")).toThrow(
        'IdempotencyTable.fromTableArn: "shared" is no table\'s ARN. For a name there is fromTableName.',
      );
      expect(() => IdempotencyTable.fromTableArn(stack, "C", Fn.importValue("table-arn"))).not.toThrow();
      expect(() => IdempotencyTable.fromTableName(stack, "D", Fn.importValue("table-name"))).not.toThrow();
    });
  });

  it("lets a role use the table, without a variable to set", () => {
    const template = synthesised((stack) => {
      const role = new Role(stack, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
      new IdempotencyTable(stack, "Idempotency").grant(role);
    });
    expect(variables(template)).toBeUndefined();
    expect(statements(template).map(({ Action }) => Action)).toContainEqual(["dynamodb:PutItem", "dynamodb:GetItem"]);
  });
});

function synthesised(build: (stack: Stack, fn: LambdaFunction) => void): Template {
  const stack = new Stack(new App(), "Test");
  const fn = new LambdaFunction(stack, "Fn", {
    runtime: Runtime.NODEJS_22_X,
    handler: "index.handler",
    code: Code.fromInline("exports.handler = async () => {}"),
  });
  build(stack, fn);
  return Synthesised.fromStack(stack).toJSON() as Template;
}

function monitored(): Template {
  return synthesised((stack, fn) => {
    const table = new IdempotencyTable(stack, "Idempotency");
    table.grantTo(fn);
    table.addAlarms({ service: "payments" });
    table.addDashboard({ service: "payments" });
  });
}
