import type { APIGatewayProxyEventV2, APIGatewayProxyHandlerV2 } from "aws-lambda";
import { idempotentHttp } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { s3Results } from "lambda-once/s3";
import { monthlyReport } from "./reports.ts";

const store = dynamoDBStore({
  tableName: "reports-idempotency",
  largeResults: s3Results({ bucket: "reports-idempotency-results" }),
});

export const createReport: APIGatewayProxyHandlerV2 = idempotentHttp(
  async (event: APIGatewayProxyEventV2) => ({ statusCode: 201, body: await monthlyReport(event.body ?? "") }),
  { store, operation: "create-report", requireKey: true },
);
