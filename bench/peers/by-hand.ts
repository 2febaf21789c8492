/** The same two writes by hand on the AWS SDK's own client: a claim, an outcome. No owner, no lease, no check of the payload. */
import { ConditionalCheckFailedException, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { respond } from "./work.ts";

export { observed } from "./work.ts";

const client = new DynamoDBClient({});
const TableName = process.env["IDEMPOTENCY_TABLE"];

export async function handler(event: APIGatewayProxyEventV2): Promise<unknown> {
  const id = { S: event.headers["idempotency-key"] ?? "" };
  const expires_at = { N: String(Math.floor(Date.now() / 1_000) + 86_400) };
  try {
    await client.send(
      new PutItemCommand({
        TableName,
        Item: { id, expires_at },
        ConditionExpression: "attribute_not_exists(id)",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return JSON.parse(error.Item?.["result"]?.S ?? "null");
  }
  const response = respond(event);
  await client.send(
    new PutItemCommand({ TableName, Item: { id, expires_at, result: { S: JSON.stringify(response) } } }),
  );
  return response;
}
