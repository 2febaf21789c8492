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

  it("is encrypted with a key that the stack makes or imports", () => {
    const encryption = { "Fn::GetAtt": ["TableKey", "Arn"] };
    const given = service(ofOptions({ encryption }));
    configured(given);
    expect(given.resources?.Resources?.["IdempotencyTable"]?.Properties).toMatchObject({
      SSESpecification: { SSEEnabled: true, SSEType: "KMS", KMSMasterKeyId: encryption },
    });
    expect(given.provider.iam?.role).toMatchObject({
      statements: [{}, { Action: ["kms:Decrypt"], Resource: encryption }],
    });
  });

  it("is decrypted through DynamoDB of the Region where it is", () => {
    const existingTable = "arn:aws:dynamodb:eu-west-1:123456789012:table/shared";
    const encryption = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd";
    const given = service(ofOptions({ existingTable, encryption }));
    const { warnings } = configured(given);
    expect(given.provider.iam?.role).toMatchObject({
      statements: [
        { Resource: existingTable },
        {
          Condition: { StringEquals: { "kms:ViaService": { "Fn::Sub": "dynamodb.eu-west-1.$" + "{AWS::URLSuffix}" } } },
        },
      ],
    });
    expect(warnings.map(({ id }) => id)).toEqual(["table-region"]);
    expect(warnings[0]?.message).toContain('new DynamoDBClient({ region: "eu-west-1" })');
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

describe("the options", () => {
  it.for(["lambda-once", "lambdaonce", "LambdaOnce", "lamdaOnce"])(
    "are not silently ignored under custom.%s",
    (name) => {
      expect(() => configured(service({ custom: { [name]: { tableName: "once" } } }))).toThrow(
        `lambda-once: \`custom.${name}\` is not read: the plugin's options are under \`custom.lambdaOnce\`.`,
      );
    },
  );

  it("leave the sections of other plugins alone", () => {
    const custom = { esbuild: {}, lambda: {}, lambdaLayers: {}, "serverless-offline": {}, once: {} };
    expect(configured(service({ custom })).options).toEqual({});
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

describe("a role that the service defines", () => {
  const table = { "Fn::GetAtt": ["IdempotencyTable", "Arn"] };
  const policy = (Statement: unknown) => ({ PolicyName: "p", PolicyDocument: { Statement } });
  const given = (Policies: unknown[], more: Record<string, Resource> = {}, options: object = {}): Configured =>
    configured(
      service({
        functions: { pay: { handler: "a.b", role: { "Fn::GetAtt": ["Mine", "Arn"] } } },
        resources: { Resources: { Mine: { Type: "AWS::IAM::Role", Properties: { Policies } }, ...more } },
        ...ofOptions(options),
      }),
    );
  const ids = ({ warnings }: Configured): string[] => warnings.map(({ id }) => id);

  it("is left alone where it allows what is needed", () => {
    expect(ids(given([policy([{ Effect: "Allow", Action: use, Resource: table }])]))).toEqual([]);
    const apart = use.map((Action) => ({ Effect: "Allow", Action, Resource: ["arn:aws:s3:::b", table] }));
    expect(ids(given([policy(apart)]))).toEqual([]);
    const sub = { "Fn::Sub": "arn:$" + "{AWS::Partition}:dynamodb:eu-west-1:1:table/payments-dev-idempotency" };
    expect(ids(given([policy({ Effect: "Allow", Action: use, Resource: sub })]))).toEqual([]);
  });

  it.for([
    ["all actions", { Action: "dynamodb:*", Resource: table }],
    ["all actions of a kind, in any case", { Action: ["dynamodb:put*", "DynamoDB:Get?tem"], Resource: table }],
    ["everything", { Action: "*", Resource: "*" }],
  ] as const)("is believed where it allows %s", ([, statement]) => {
    expect(ids(given([policy({ Effect: "Allow", ...statement })]))).toEqual([]);
  });

  it("may have it from a policy of its own", () => {
    const PolicyDocument = { Statement: [{ Effect: "Allow", Action: use, Resource: table }] };
    const attached = { Type: "AWS::IAM::Policy", Properties: { PolicyDocument, Roles: [{ Ref: "Mine" }] } };
    expect(ids(given([], { Access: attached }))).toEqual([]);
    const others = { Type: "AWS::IAM::Policy", Properties: { PolicyDocument, Roles: [{ Ref: "Other" }] } };
    expect(ids(given([], { Access: others }))).toEqual(["permissions"]);
  });

  it.for([
    ["nothing", []],
    ["one action of two", [{ Effect: "Allow", Action: ["dynamodb:PutItem"], Resource: table }]],
    ["another table", [{ Effect: "Allow", Action: use, Resource: { "Fn::GetAtt": ["Orders", "Arn"] } }]],
    ["all actions of another kind", [{ Effect: "Allow", Action: ["dynamodb:Query*", "s3:*"], Resource: "*" }]],
    ["what it denies", [{ Effect: "Deny", Action: use, Resource: table }]],
  ] as const)("is named where it allows %s", ([, statements]) => {
    expect(ids(given([policy(statements)]))).toEqual(["permissions"]);
  });

  it("is told of the key as well", () => {
    const encryption = "arn:aws:kms:us-east-1:123456789012:key/1234abcd";
    const { warnings } = given([policy([{ Effect: "Allow", Action: use, Resource: table }])], {}, { encryption });
    expect(warnings[0]?.message).toMatch(/^function pay has a role to which the plugin adds nothing.*"kms:Decrypt"/);
    expect(warnings[0]?.message).not.toContain("dynamodb:PutItem");
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
    ["http", { path: "p", method: "post", async: true }, 60, []],
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

  it("say that the library runs in no other language, where a function is named", () => {
    const functions = {
      pay: { handler: "a.b", runtime: "python3.13" },
      own: { handler: "c", runtime: "provided.al2023" },
    };
    expect(found({ functions, ...ofOptions({ functions: ["pay", "own"] }) })).toEqual(["runtime"]);
    expect(found({ functions: { image: { runtime: "nodejs20.x" } } })).toEqual([]); // of a container image nothing is known
  });

  it("say one thing once, and of several sources which", () => {
    const streams = ["one", "two"].map((name) => ({ stream: `arn:aws:kinesis:us-east-1:123456789012:stream/${name}` }));
    const events = [...streams, { httpApi: "POST /a" }, { httpApi: "POST /b" }];
    const { warnings } = configured(service({ functions: { pay: { handler: "a.b", timeout: 60, events } } }));
    expect(warnings.map(({ id }) => id)).toEqual(["batch-item-failures", "batch-item-failures", "gateway-timeout"]);
    expect(warnings[0]?.message).toContain("from arn:aws:kinesis:us-east-1:123456789012:stream/one without");
    expect(warnings[1]?.message).toContain("from arn:aws:kinesis:us-east-1:123456789012:stream/two without");
  });

  it("ask for a FIFO queue behind a FIFO queue", () => {
    const fifo = queue({ FifoQueue: true, VisibilityTimeout: 36 });
    const { warnings } = configured(service({ ...consumer(good), ...fifo }));
    expect(warnings[0]?.message).toMatch(/to its properties, and that queue, with `FifoQueue: true`\.$/);
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
      "function consume takes batches from Orders without `ReportBatchItemFailures`, so Lambda ignores which records the " +
        "handler reports as failed, takes all for done, and they are lost. Under its `sqs` event set " +
        "`functionResponseType: ReportBatchItemFailures`.",
    );
  });
});
