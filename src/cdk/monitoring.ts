/**
 * Alarms and a dashboard for the table and for what the library tells. The latter are the metrics that docs/observability.md
 * makes of its events; without them, those graphs are empty and that alarm stays quiet.
 */
import { Duration } from "aws-cdk-lib";
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IAlarmAction,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { countedEvents, metricDimension, metricNamespace } from "../deploy/table-definition.ts";

export interface MonitoringProps {
  /** The service's name in the metrics, as given to the function that emits them. */
  readonly service: string;
  /** What an alarm does, such as `new SnsAction(topic)`. Default: nothing. */
  readonly actions?: readonly IAlarmAction[];
}

export interface Alarms {
  readonly throttles: Alarm;
  readonly systemErrors: Alarm;
  readonly completionFailures: Alarm;
}

const period = Duration.minutes(5);

export function addAlarms(scope: Construct, tableName: string, { service, actions = [] }: MonitoringProps): Alarms {
  const alarm = (id: string, metric: IMetric, alarmDescription: string): Alarm => {
    const made = new Alarm(scope, id, {
      metric,
      alarmDescription,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    made.addAlarmAction(...actions);
    return made;
  };
  return {
    throttles: alarm(
      "Throttles",
      ofBothOperations("ThrottledRequests", tableName),
      "DynamoDB throttles the idempotency table: calls are refused with 503.",
    ),
    systemErrors: alarm(
      "SystemErrors",
      ofBothOperations("SystemErrors", tableName),
      "DynamoDB answers with errors of its own for the idempotency table.",
    ),
    completionFailures: alarm(
      "CompletionFailures",
      eventMetric("completionFailed", service),
      "An attempt ended, but its outcome could not be stored: after the lease a retry may run it again.",
    ),
  };
}

export function addDashboard(scope: Construct, tableName: string, { service }: MonitoringProps): void {
  const half = { width: 12, height: 6 };
  new Dashboard(scope, "Dashboard", {
    widgets: [
      [
        new GraphWidget({ ...half, title: "Calls", left: countedEvents.map((event) => eventMetric(event, service)) }),
        new GraphWidget({
          ...half,
          title: "Capacity units",
          left: [
            tableMetric("ConsumedWriteCapacityUnits", { TableName: tableName }),
            tableMetric("ConsumedReadCapacityUnits", { TableName: tableName }),
          ],
          right: [tableMetric("ConditionalCheckFailedRequests", { TableName: tableName })],
        }),
      ],
      [
        new GraphWidget({
          ...half,
          title: "Latency of PutItem, ms",
          left: ["p50", "p99"].map((statistic) =>
            tableMetric("SuccessfulRequestLatency", { TableName: tableName, Operation: "PutItem" }, statistic),
          ),
        }),
        new GraphWidget({
          ...half,
          title: "Throttles and errors",
          left: [ofBothOperations("ThrottledRequests", tableName), ofBothOperations("SystemErrors", tableName)],
        }),
      ],
    ],
  });
}

function eventMetric(event: string, service: string): Metric {
  const dimensionsMap = { [metricDimension]: service };
  return new Metric({ namespace: metricNamespace, metricName: event, dimensionsMap, statistic: "Sum", period });
}

function tableMetric(metricName: string, dimensionsMap: Record<string, string>, statistic = "Sum"): Metric {
  return new Metric({ namespace: "AWS/DynamoDB", metricName, dimensionsMap, statistic, period });
}

/** DynamoDB counts these for each operation, and only where there were any. */
function ofBothOperations(metricName: string, tableName: string): MathExpression {
  const of = (Operation: string): Metric => tableMetric(metricName, { TableName: tableName, Operation });
  const [puts, gets] = [`put${metricName}`, `get${metricName}`]; // a graph of several needs ids of their own
  return new MathExpression({
    expression: `FILL(${puts}, 0) + FILL(${gets}, 0)`,
    usingMetrics: { [puts]: of("PutItem"), [gets]: of("GetItem") },
    label: metricName,
    period,
  });
}
