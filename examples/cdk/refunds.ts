// Why: the handler of the CDK example, with the metrics that the stack's alarm and dashboard watch.

import type { APIGatewayProxyHandlerV2 } from "aws-lambda";
import { idempotentHttp } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";
import { emitMetrics } from "../snippets/metrics.ts";

emitMetrics("refunds");

export const createRefund: APIGatewayProxyHandlerV2 = idempotentHttp(
  async (event, _context, execution) => {
    const { chargeId } = JSON.parse(event.body ?? "{}");
    return { statusCode: 201, body: JSON.stringify({ refundId: execution.keyFor("refund"), chargeId }) };
  },
  { store: dynamoDBStore(), operation: "create-refund", requireKey: true },
);
