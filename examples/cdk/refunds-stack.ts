// Why: a whole stack with the construct: a table, a function that may use it, an HTTP API, alarms and a dashboard.

import { join } from "node:path";
import { Duration, Stack } from "aws-cdk-lib";
import { HttpApi, HttpMethod } from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { Architecture, Runtime } from "aws-cdk-lib/aws-lambda";
import { NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { IdempotencyTable } from "lambda-once/cdk";

export function refundsStack(scope: Construct, id: string): Stack {
  const stack = new Stack(scope, id);
  const table = new IdempotencyTable(stack, "Idempotency");

  const createRefund = new NodejsFunction(stack, "CreateRefund", {
    entry: join(import.meta.dirname, "refunds.ts"),
    handler: "createRefund",
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: 512,
    timeout: Duration.seconds(10),
    logGroup: new LogGroup(stack, "CreateRefundLogs", { retention: RetentionDays.TWO_WEEKS }),
    bundling: {
      format: OutputFormat.ESM,
      mainFields: ["module", "main"], // else esbuild takes the AWS SDK's larger CommonJS build
      externalModules: [], // the bundle's own copy of the AWS SDK, not the runtime's
      minify: true,
    },
  });
  table.grantTo(createRefund);

  const api = new HttpApi(stack, "Api");
  const integration = new HttpLambdaIntegration("CreateRefundIntegration", createRefund);
  api.addRoutes({ path: "/refunds", methods: [HttpMethod.POST], integration });

  table.addAlarms({ service: "refunds" });
  table.addDashboard({ service: "refunds" });
  return stack;
}
