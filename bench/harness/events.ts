/** The events that all peers are given. */
import type { APIGatewayProxyEventV2, Context, SQSEvent } from "aws-lambda";
import { SIZE_HEADER } from "../peers/work.ts";

/** A payment through an HTTP API, with the header fields that a browser and CloudFront add. */
export function httpEvent(key: string, responseBytes: number): APIGatewayProxyEventV2 {
  return {
    version: "2.0",
    routeKey: "POST /payments",
    rawPath: "/payments",
    rawQueryString: "",
    headers: {
      accept: "application/json",
      "accept-encoding": "gzip, deflate, br",
      "content-length": "216",
      "content-type": "application/json",
      host: "r3pmxmplak.execute-api.us-east-1.amazonaws.com",
      "idempotency-key": key,
      "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
      "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
      "x-forwarded-for": "205.255.255.176",
      "x-forwarded-port": "443",
      "x-forwarded-proto": "https",
      [SIZE_HEADER]: String(responseBytes),
    },
    requestContext: {
      accountId: "123456789012",
      apiId: "r3pmxmplak",
      domainName: "r3pmxmplak.execute-api.us-east-1.amazonaws.com",
      domainPrefix: "r3pmxmplak",
      http: {
        method: "POST",
        path: "/payments",
        protocol: "HTTP/1.1",
        sourceIp: "205.255.255.176",
        userAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
      },
      requestId: key,
      routeKey: "POST /payments",
      stage: "$default",
      time: "24/Nov/2026:10:00:00 +0000",
      timeEpoch: 1_795_514_400_000,
    },
    body: JSON.stringify({
      orderId: "order-2f9b8c1d",
      amount: 4_999,
      currency: "USD",
      customer: { id: "cus_9s6XKzkNRiz8i3", email: "ada@example.com" },
      items: [
        { sku: "SKU-1042", quantity: 2, price: 1_500 },
        { sku: "SKU-2077", quantity: 1, price: 1_999 },
      ],
    }),
    isBase64Encoded: false,
  };
}

/** A batch of records with a body of about 200 bytes each. */
export function sqsEvent(prefix: string, size: number): SQSEvent {
  return {
    Records: Array.from({ length: size }, (_, i) => ({
      messageId: `${prefix}-${i}`,
      receiptHandle: `receipt-${prefix}-${i}`,
      body: JSON.stringify({ orderId: `order-${prefix}-${i}`, amount: i, note: "n".repeat(150) }),
      attributes: {
        ApproximateReceiveCount: "1",
        SentTimestamp: "1795514400000",
        SenderId: "AIDAIENQZJOLO23YVJ4VO",
        ApproximateFirstReceiveTimestamp: "1795514400001",
      },
      messageAttributes: {},
      md5OfBody: "e4e68fb7bd0e697a0ae8f1bb342846b3",
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:us-east-1:123456789012:orders",
      awsRegion: "us-east-1",
    })),
  };
}

/** The deadline is far away: batches must end by themselves. */
export const context: Context = {
  callbackWaitsForEmptyEventLoop: true,
  functionName: "bench",
  functionVersion: "$LATEST",
  invokedFunctionArn: "arn:aws:lambda:us-east-1:123456789012:function:bench",
  memoryLimitInMB: "256",
  awsRequestId: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
  logGroupName: "/aws/lambda/bench",
  logStreamName: "2026/11/24/[$LATEST]0d5f2c6b7e8f",
  getRemainingTimeInMillis: () => 900_000,
  done: () => {},
  fail: () => {},
  succeed: () => {},
};
