import { idempotent } from "lambda-once";
import { dynamoDBStore } from "lambda-once/dynamodb";

interface ReportRequest {
  readonly reportDate: string;
}

export const nightly: (event: ReportRequest) => Promise<{ rows: number; at: Date }> = idempotent(
  async (event: ReportRequest) => ({ rows: event.reportDate.length, at: new Date() }),
  {
    store: dynamoDBStore({ tableName: "payments-idempotency" }),
    operation: "nightly-report",
    key: (event) => event.reportDate,
    ttlSeconds: 7 * 86_400,
  },
);
