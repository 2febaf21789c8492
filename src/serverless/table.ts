/** The table as a CloudFormation resource, and the permission to use it: two actions on it alone, without a wildcard. */
import { partitionKey, tableActions, ttlAttribute } from "../deploy/table-definition.ts";
import type { Resource, Statement } from "./framework.ts";
import { type KeyReference, ownKey, type PluginOptions } from "./options.ts";

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
      ...encryption(options),
    },
  };
}

function encryption(options: PluginOptions): object {
  const key = ownKey(options);
  if (key === undefined && options.encryption !== "aws-managed") return {};
  return {
    SSESpecification: { SSEEnabled: true, SSEType: "KMS", ...(key === undefined ? {} : { KMSMasterKeyId: key }) },
  };
}

/** What the functions' role may do. */
export function tableStatements(options: PluginOptions): Statement[] {
  const statement: Statement = { Effect: "Allow", Action: tableActions, Resource: tableArn(options.existingTable) };
  const key = ownKey(options);
  return key === undefined
    ? [statement]
    : [statement, decryption(key, regionOf(options.existingTable) ?? `\${AWS::Region}`)];
}

/** The Region that a table's ARN names; nothing for a name, which is one of the functions' own Region. */
export function regionOf(table: string | undefined): string | undefined {
  return table?.startsWith("arn:") === true ? table.split(":")[3] : undefined;
}

function tableArn(existing: string | undefined): unknown {
  if (existing === undefined) return { "Fn::GetAtt": [tableLogicalId, "Arn"] };
  if (existing.startsWith("arn:")) return existing;
  return { "Fn::Sub": `arn:\${AWS::Partition}:dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/${existing}` };
}

/** A caller of a table that a customer's key encrypts must be allowed to decrypt with it, through DynamoDB alone. */
function decryption(key: string | KeyReference, region: string): Statement {
  return {
    Effect: "Allow",
    Action: ["kms:Decrypt"],
    Resource: key,
    Condition: { StringEquals: { "kms:ViaService": { "Fn::Sub": `dynamodb.${region}.\${AWS::URLSuffix}` } } },
  };
}
