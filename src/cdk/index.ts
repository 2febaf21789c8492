/** `lambda-once/cdk`: the table as an AWS CDK construct. */
export {
  IdempotencyTable,
  type IdempotencyTableProps,
  type IIdempotencyTable,
  type TableUser,
} from "./idempotency-table.ts";
export type { Alarms, MonitoringProps } from "./monitoring.ts";
