/** The table as a CloudFormation resource, and the permission to use it: two actions on it alone, without a wildcard. */
import { partitionKey, tableActions, ttlAttribute } from "../deploy/table-definition.ts";
import type { Resource, Statement } from "./framework.ts";
import type { PluginOptions } from "./options.ts";

export const tableLogicalId = "IdempotencyTable";

export function tableResource(name: string, options: PluginOptions): Resource {
  const deletion = options.deletionPolicy ?? "Delete";
  return {
    Type: "AWS::DynamoDB::Table",
    DeletionPolicy: deletion,
    UpdateReplacePolicy: deletion === "Delete" ? "Delete" : "Retain",
    Properties: {
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: partitionKey, AttributeType: "S" }],
      KeySchema: [{ AttributeName: partitionKey, KeyType: "HASH" }],
      TimeToLiveSpecification: { AttributeName: ttlAttribute, Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: options.pointInTimeRecovery ?? false },
      DeletionProtectionEnabled: options.deletionProtection ?? false,
      ...encryption(options.encryption),
    },
  };
}

function encryption(wanted: PluginOptions["encryption"]): object {
  if (wanted === undefined || wanted === "aws-owned") return {};
  const key = wanted === "aws-managed" ? {} : { KMSMasterKeyId: wanted };
  return { SSESpecification: { SSEEnabled: true, SSEType: "KMS", ...key } };
}

/** What the functions' role may do. */
export function tableStatements(options: PluginOptions): Statement[] {
  const statement: Statement = { Effect: "Allow", Action: tableActions, Resource: tableArn(options.existingTable) };
  const key = options.encryption;
  return key?.startsWith("arn:") === true ? [statement, decryption(key)] : [statement];
}

function tableArn(existing: string | undefined): unknown {
  if (existing === undefined) return { "Fn::GetAtt": [tableLogicalId, "Arn"] };
  if (existing.startsWith("arn:")) return existing;
  return { "Fn::Sub": `arn:\${AWS::Partition}:dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/${existing}` };
}

/** A caller of a table that a customer's key encrypts must be allowed to decrypt with it, through DynamoDB alone. */
function decryption(key: string): Statement {
  return {
    Effect: "Allow",
    Action: ["kms:Decrypt"],
    Resource: key,
    Condition: { StringEquals: { "kms:ViaService": { "Fn::Sub": `dynamodb.\${AWS::Region}.\${AWS::URLSuffix}` } } },
  };
}
