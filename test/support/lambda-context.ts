/** The context that Lambda gives a handler. */
import type { Context } from "aws-lambda";

export function lambdaContext(remainingMs = 30_000, change: Partial<Context> = {}): Context {
  const endsAt = Date.now() + remainingMs;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: "payments",
    functionVersion: "$LATEST",
    invokedFunctionArn: "arn:aws:lambda:us-east-1:123456789012:function:payments",
    memoryLimitInMB: "256",
    awsRequestId: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    logGroupName: "/aws/lambda/payments",
    logStreamName: "2026/11/24/[$LATEST]0d5f2c6b7e8f",
    getRemainingTimeInMillis: () => endsAt - Date.now(),
    done: () => {},
    fail: () => {},
    succeed: () => {},
    ...change,
  };
}
