/** What the plugin adds to a service, and what it says where it cannot or where a setting undoes the protection. */
import { describe, expect, it } from "vitest";
import { type Configured, configure } from "../../src/serverless/configure.ts";
import type { FunctionConfig, Resource, Serverless, Service } from "../../src/serverless/framework.ts";

class FrameworkError extends Error {
  readonly code: string | undefined;
  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

function service(parts: Partial<Omit<Service, "service">> = {}): Service {
  return { service: "payments", provider: {}, functions: { pay: { handler: "pay.handler" } }, ...parts };
}

function configured(given: Service): Configured {
  const serverless: Serverless = {
    service: given,
    serviceDir: ".",
    processedInput: { commands: ["package"] },
    classes: { Error: FrameworkError },
    getProvider: () => ({
      naming: { getStackName: () => "payments-dev" },
      getStage: () => "dev",
      getRegion: () => "us-east-1",
      getRuntime: (own) => own ?? "nodejs24.x",
    }),
  };
  return configure(serverless);
}

const ofOptions = (lambdaOnce: object): Partial<Service> => ({ custom: { lambdaOnce } });
const use = ["dynamodb:PutItem", "dynamodb:GetItem"];
const onNewTable = { Effect: "Allow", Action: use, Resource: { "Fn::GetAtt": ["IdempotencyTable", "Arn"] } };

describe("the table", () => {
  it("is on demand, with TTL, without recovery, and named after service and stage", () => {
    const given = service();
    configured(given);
    expect(given.resources?.Resources).toEqual({
      IdempotencyTable: {
        Type: "AWS::DynamoDB::Table",
        DeletionPolicy: "Delete",
        UpdateReplacePolicy: "Delete",
        Properties: {
          TableName: "payments-dev-idempotency",
          BillingMode: "PAY_PER_REQUEST",
          AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
          TimeToLiveSpecification: { AttributeName: "expires_at", Enabled: true },
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
          DeletionProtectionEnabled: false,
        },
      },
    });
  });

  it("has what the options ask for", () => {
    const key = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd";
    const asked = {
      tableName: "once",
      pointInTimeRecovery: true,
      encryption: key,
      deletionPolicy: "RetainExceptOnCreate",
    };
    const given = service(ofOptions({ ...asked, deletionProtection: true }));
    configured(given);
    const table = given.resources?.Resources?.["IdempotencyTable"];
    expect(table).toMatchObject({ DeletionPolicy: "RetainExceptOnCreate", UpdateReplacePolicy: "Retain" });
    expect(table?.Properties).toMatchObject({
      TableName: "once",
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
      SSESpecification: { SSEEnabled: true, SSEType: "KMS", KMSMasterKeyId: key },
    });
    expect(given.provider.iam?.role).toEqual({
      statements: [
        onNewTable,
        {
          Effect: "Allow",
          Action: ["kms:Decrypt"],
          Resource: key,
          Condition: {
            StringEquals: { "kms:ViaService": { "Fn::Sub": "dynamodb.$" + "{AWS::Region}.$" + "{AWS::URLSuffix}" } },
          },
        },
      ],
    });
  });

  it("keeps the service's other resources, and refuses one of its own name", () => {
    const other: Resource = { Type: "AWS::SQS::Queue" };
    const given = service({ resources: { Resources: { Other: other } } });
    configured(given);
    expect(given.resources?.Resources?.["Other"]).toBe(other);
    expect(() => configured(given)).toThrow(/`resources` has an IdempotencyTable already.*existingTable/);
  });

  it.for([
    [
      "shared",
      { "Fn::Sub": "arn:$" + "{AWS::Partition}:dynamodb:$" + "{AWS::Region}:$" + "{AWS::AccountId}:table/shared" },
    ],
    ["arn:aws:dynamodb:us-east-1:123456789012:table/shared", "arn:aws:dynamodb:us-east-1:123456789012:table/shared"],
  ] as const)("is not made where there is one, such as %s", ([existingTable, Resource]) => {
    const given = service(ofOptions({ existingTable }));
    configured(given);
    expect(given.resources).toBeUndefined();
    expect(given.functions?.["pay"]?.environment).toEqual({ IDEMPOTENCY_TABLE: existingTable });
    expect(given.provider.iam?.role).toEqual({ statements: [{ Effect: "Allow", Action: use, Resource }] });
  });
});

describe("the functions", () => {
  it("are told the table's name, each besides what it has, those of other languages not", () => {
    const functions: Record<string, FunctionConfig> = {
      pay: { handler: "pay.handler", environment: { STAGE: "dev" } },
      image: {},
      report: { handler: "report.handler", runtime: "python3.13" },
    };
    configured(service({ functions }));
    expect(functions["pay"]?.environment).toEqual({ STAGE: "dev", IDEMPOTENCY_TABLE: "payments-dev-idempotency" });
    expect(functions["image"]?.environment).toEqual({ IDEMPOTENCY_TABLE: "payments-dev-idempotency" });
    expect(functions["report"]?.environment).toBeUndefined();
  });

  it("can be named, and a name that is not there is refused", () => {
    const functions: Record<string, FunctionConfig> = { pay: { handler: "a.b" }, list: { handler: "a.c" } };
    configured(service({ functions, ...ofOptions({ functions: ["pay"] }) }));
    expect(functions["list"]?.environment).toBeUndefined();
    expect(() => configured(service({ functions, ...ofOptions({ functions: ["pya"] }) }))).toThrow(
      "lambda-once: `custom.lambdaOnce.functions` names pya, which the service does not have (did you mean `pay`?); it has pay, list.",
    );
  });

  it("that name another table are left as they are, with a warning", () => {
    const environment = { IDEMPOTENCY_TABLE: "other" };
    const { warnings } = configured(service({ functions: { pay: { handler: "a.b", environment } } }));
    expect(warnings.map(({ id }) => id)).toEqual(["table-variable"]);
    const same = { IDEMPOTENCY_TABLE: "payments-dev-idempotency" };
    expect(configured(service({ provider: { environment: same } })).warnings).toEqual([]);
  });
});

describe("the permission", () => {
  const own = { Effect: "Allow", Action: ["s3:GetObject"], Resource: "arn:aws:s3:::b/k" } as const;

  it("is added to what the role has, in the place where it has it", () => {
    const modern = service({ provider: { iam: { role: { name: "r", statements: [own] } } } });
    configured(modern);
    expect(modern.provider.iam?.role).toEqual({ name: "r", statements: [onNewTable, own] });
    const legacy = service({ provider: { iamRoleStatements: [own] } });
    configured(legacy);
    expect(legacy.provider.iamRoleStatements).toEqual([onNewTable, own]);
    expect(legacy.provider.iam).toBeUndefined();
  });

  it("goes to functions with statements of their own", () => {
    const functions: Record<string, FunctionConfig> = { pay: { handler: "a.b", iamRoleStatements: [own] } };
    const given = service({ functions });
    configured(given);
    expect(functions["pay"]?.iamRoleStatements).toEqual([onNewTable, own]);
    expect(given.provider.iam).toBeUndefined();
  });

  it.for([
    [{ role: "arn:aws:iam::123456789012:role/mine" }, {}],
    [{ iam: { role: "arn:aws:iam::123456789012:role/mine" } }, {}],
    [{ iam: { role: { "Fn::GetAtt": ["Mine", "Arn"] } } }, {}],
    [{}, { role: "Mine" }],
  ] as const)("is only named where the role is another's: %j", ([provider, config]) => {
    const given = service({ provider, functions: { pay: { handler: "a.b", ...config } } });
    const { warnings } = configured(given);
    expect(warnings.map(({ id }) => id)).toEqual(["permissions"]);
    expect(warnings[0]?.message).toContain(JSON.stringify(onNewTable));
    expect(given.provider.iamRoleStatements).toBeUndefined();
  });
});

describe("the checks", () => {
  const queue = (Properties: Resource["Properties"] = {}): Partial<Service> => ({
    resources: { Resources: { Orders: { Type: "AWS::SQS::Queue", Properties: Properties ?? {} } } },
  });
  const consumer = (sqs: unknown, more: Partial<FunctionConfig> = {}): Partial<Service> => ({
    functions: { consume: { handler: "a.b", events: [{ sqs }], ...more } },
  });
  const arn = { "Fn::GetAtt": ["Orders", "Arn"] };
  const good = { arn, functionResponseType: "ReportBatchItemFailures" };
  const redrive = { RedrivePolicy: { maxReceiveCount: 5 } };
  const found = (...parts: Partial<Service>[]): string[] =>
    configured(service(Object.assign({}, ...parts))).warnings.map(({ id }) => id);

  it("find nothing wrong with a queue that is set up well", () => {
    expect(found(consumer(good), queue({ VisibilityTimeout: 36, ...redrive }))).toEqual([]);
    expect(found(consumer(good, { timeout: 5 }), queue(redrive))).toEqual([]); // SQS's own 30 s are six times 5 s
    expect(found(consumer(good), queue({ VisibilityTimeout: { Ref: "Timeout" }, ...redrive }))).toEqual([]);
    expect(found(consumer({ ...good, arn: "arn:aws:sqs:us-east-1:123456789012:elsewhere" }))).toEqual([]);
  });

  it("miss ReportBatchItemFailures, on queues and streams", () => {
    expect(found(consumer({ arn }), queue({ VisibilityTimeout: 36, ...redrive }))).toEqual(["batch-item-failures"]);
    expect(found(consumer("arn:aws:sqs:us-east-1:123456789012:elsewhere"))).toEqual(["batch-item-failures"]);
    const stream = { arn: "arn:aws:kinesis:us-east-1:123456789012:stream/s" };
    expect(found({ functions: { consume: { handler: "a.b", events: [{ stream }] } } })).toEqual([
      "batch-item-failures",
    ]);
  });

  it.for([
    [{ VisibilityTimeout: 35 }, good, 6, "under 36 s"],
    [{ VisibilityTimeout: "59" }, good, 10, "under 60 s"],
    [{}, good, 6, "has a visibility timeout of 30 s, under 36 s"],
    [
      { VisibilityTimeout: 36 },
      { ...good, maximumBatchingWindow: 1 },
      6,
      "under 37 s (6 times the function's timeout of 6 s, plus the batching window of 1 s)",
    ],
  ] as const)("find the visibility timeout too short: %j", ([properties, sqs, timeout, text]) => {
    const given = service({ ...consumer(sqs, { timeout }), ...queue({ ...properties, ...redrive }) });
    const { warnings } = configured(given);
    expect(warnings.map(({ id }) => id)).toEqual(["visibility-timeout"]);
    expect(warnings[0]?.message).toContain(text);
  });

  it("miss a dead-letter queue, also of a queue that is named by its ARN", () => {
    const named = "arn:aws:sqs:us-east-1:123456789012:orders";
    const byName = queue({ QueueName: "orders", VisibilityTimeout: 36 });
    expect(found(consumer({ ...good, arn: named }), byName)).toEqual(["dead-letter-queue"]);
  });

  it.for([
    ["http", { path: "p", method: "post" }, 29, []],
    ["http", { path: "p", method: "post" }, 30, ["gateway-timeout"]],
    ["http", "POST /p", 60, ["gateway-timeout"]],
    ["http", { path: "p", method: "post", timeoutInMillis: 120_000 }, 60, []],
    ["httpApi", "POST /p", 30, []],
    ["httpApi", "POST /p", 31, ["gateway-timeout"]],
    ["schedule", "rate(1 day)", 900, []],
  ] as const)("compare the timeout with the gateway's: %s %j, %i s", ([kind, event, timeout, ids]) => {
    expect(found({ functions: { pay: { handler: "a.b", timeout, events: [{ [kind]: event }] } } })).toEqual(ids);
  });

  it.for([
    ["nodejs20.x", ["runtime"]],
    ["nodejs22.x", []],
    ["nodejs24.x", []],
    ["nodejs26.x", []],
  ] as const)("know the runtime %s", ([runtime, ids]) => {
    expect(found({ functions: { pay: { handler: "a.b", runtime } } })).toEqual(ids);
  });

  it("can be told what not to say", () => {
    expect(found(consumer({ arn }), queue(), ofOptions({ ignoreWarnings: ["visibility-timeout"] }))).toEqual([
      "batch-item-failures",
      "dead-letter-queue",
    ]);
  });

  it("say what is wrong, why it matters and what to write", () => {
    const [warning] = configured(
      service({ ...consumer({ arn }), ...queue({ VisibilityTimeout: 36, ...redrive }) }),
    ).warnings;
    expect(warning?.message).toBe(
      "function consume takes batches from a queue without `ReportBatchItemFailures`, so Lambda ignores which records the " +
        "handler reports as failed, takes all for done, and they are lost. Under its `sqs` event set " +
        "`functionResponseType: ReportBatchItemFailures`.",
    );
  });
});
