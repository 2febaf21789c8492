/** An option that is misspelt or wrong stops the command, and the error says what is allowed: nothing is ignored. */
import { describe, expect, it } from "vitest";
import { optionProblems } from "../../src/serverless/options.ts";

const allowed =
  "tableName, existingTable, pointInTimeRecovery, encryption, deletionPolicy, deletionProtection, functions, ignoreWarnings, offline";

describe("custom.lambdaOnce", () => {
  it.for([
    [undefined],
    [null],
    [{}],
    [{ tableName: null }],
    [{ tableName: "payments.idempotency_1" }],
    [{ existingTable: "shared" }],
    [{ existingTable: "arn:aws-us-gov:dynamodb:us-gov-west-1:123456789012:table/shared" }],
    [{ pointInTimeRecovery: true, deletionProtection: false, deletionPolicy: "RetainExceptOnCreate" }],
    [{ encryption: "aws-managed" }],
    [{ encryption: "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab" }],
    [{ encryption: { "Fn::GetAtt": ["TableKey", "Arn"] } }],
    [{ encryption: { "Fn::ImportValue": "table-key" }, existingTable: "shared" }],
    [{ functions: ["pay"], ignoreWarnings: ["runtime", "gateway-timeout"] }],
    [{ offline: false }],
    [{ offline: { endpoint: "http://127.0.0.1:8000" } }],
    [{ offline: { port: 8_000, file: ".dynamodb" } }],
  ] as const)("may be %j", ([options]) => {
    expect(optionProblems(options)).toEqual([]);
  });

  it.for([
    [
      { tabelName: "x" },
      `\`custom.lambdaOnce.tabelName\` is not an option (did you mean \`tableName\`?); allowed are ${allowed}`,
    ],
    [{ pitr: true }, `\`custom.lambdaOnce.pitr\` is not an option; allowed are ${allowed}`],
    [{ constructor: 1 }, `\`custom.lambdaOnce.constructor\` is not an option; allowed are ${allowed}`],
    [
      { tableName: "a b" },
      '`custom.lambdaOnce.tableName` must be a table name (3 to 255 letters, digits, "_", "-", "."), not "a b"',
    ],
    [
      { existingTable: "arn:aws:s3:::bucket" },
      '`custom.lambdaOnce.existingTable` must be the name or ARN of a table, not "arn:aws:s3:::bucket"',
    ],
    [
      { existingTable: { "Fn::ImportValue": "shared-table" } },
      "`custom.lambdaOnce.existingTable` must be the name or ARN of a table, known when the service is packaged " +
        "(`$" +
        "{cf:STACK.OUTPUT}` and `$" +
        '{ssm:NAME}` give one), not {"Fn::ImportValue":"shared-table"}',
    ],
    [{ pointInTimeRecovery: "yes" }, '`custom.lambdaOnce.pointInTimeRecovery` must be true or false, not "yes"'],
    [
      { deletionProtection: "true" },
      "`custom.lambdaOnce.deletionProtection` must be true or false (`$" +
        '{strToBool(...)}` makes one of text), not "true"',
    ],
    [
      { encryption: "alias/my-key" },
      '`custom.lambdaOnce.encryption` must be "aws-owned" or "aws-managed" or the ARN of a KMS key or an ARN by !GetAtt or !ImportValue or !Sub, not "alias/my-key"',
    ],
    [
      { encryption: { Ref: "TableKey" } },
      '`custom.lambdaOnce.encryption` must be "aws-owned" or "aws-managed" or the ARN of a KMS key or an ARN by !GetAtt or !ImportValue or !Sub, not {"Ref":"TableKey"}',
    ],
    [
      { deletionPolicy: "retain" },
      '`custom.lambdaOnce.deletionPolicy` must be "Delete" or "Retain" or "RetainExceptOnCreate" (did you mean `Retain`?), not "retain"',
    ],
    [
      { deletionPolicy: ["Retain"] },
      '`custom.lambdaOnce.deletionPolicy` must be "Delete" or "Retain" or "RetainExceptOnCreate", not ["Retain"]',
    ],
    [
      { deletionPolicy: {} },
      '`custom.lambdaOnce.deletionPolicy` must be "Delete" or "Retain" or "RetainExceptOnCreate", not {}',
    ],
    [{ functions: "pay" }, '`custom.lambdaOnce.functions` must be a list, each the name of a function, not "pay"'],
    [{ functions: [7] }, "`custom.lambdaOnce.functions[0]` must be the name of a function, not 7"],
    [
      { offline: "no" },
      '`custom.lambdaOnce.offline` must be true or false, or an object with endpoint, port, file, not "no"',
    ],
    [
      { offline: { prot: 8_000 } },
      "`custom.lambdaOnce.offline.prot` is not an option (did you mean `port`?); allowed are endpoint, port, file",
    ],
    [{ offline: { port: 0 } }, "`custom.lambdaOnce.offline.port` must be a whole number from 1 to 65535, not 0"],
    [
      { offline: { endpoint: "localhost:8000" } },
      '`custom.lambdaOnce.offline.endpoint` must be a URL such as http://127.0.0.1:8000, not "localhost:8000"',
    ],
    [
      { offline: { endpoint: "http://127.0.0.1:8000", port: 8_000 } },
      "`custom.lambdaOnce.offline.port` is for the embedded engine; with `endpoint` none is started, so leave it out",
    ],
    [
      { existingTable: "shared", encryption: "aws-managed" },
      '`custom.lambdaOnce.encryption` is "aws-managed", which is for a table that the plugin makes; with `existingTable` it can ' +
        "only be the ARN of the KMS key that the table has",
    ],
    [
      { existingTable: "shared", deletionPolicy: "Retain" },
      "`custom.lambdaOnce.deletionPolicy` is for a table that the plugin makes; with `existingTable` none is made, so leave it out",
    ],
  ] as const)("is refused as %j", ([options, problem]) => {
    expect(optionProblems(options)).toEqual([problem]);
  });

  it.for([["on"], [true], [["tableName"]]] as const)("is refused when it is %j itself", ([options]) => {
    expect(optionProblems(options)).toEqual([
      `\`custom.lambdaOnce\` must be an object with ${allowed}, not ${JSON.stringify(options)}`,
    ]);
  });

  it("names every problem at once, and a warning that does not exist", () => {
    const wrong = optionProblems({ tableName: 7, ignoreWarnings: ["run-time"] });
    expect(wrong).toHaveLength(2);
    expect(wrong[1]).toContain("(did you mean `runtime`?)");
  });
});
