locals {
  region     = split(":", aws_dynamodb_table.idempotency.arn)[3]
  operations = { puts = "PutItem", gets = "GetItem" }

  # The events that docs/observability.md makes metrics of.
  events = [
    "replayed",
    "rejected",
    "mismatch",
    "takenOver",
    "parked",
    "ownershipLost",
    "completionFailed",
    "unprotected",
  ]

  table_alarms = {
    ThrottledRequests = "DynamoDB throttles the idempotency table: calls are refused with 503."
    SystemErrors      = "DynamoDB answers with errors of its own for the idempotency table."
  }
}

resource "aws_cloudwatch_metric_alarm" "table" {
  for_each = local.table_alarms

  alarm_name          = "${var.table_name}-${each.key}"
  alarm_description   = each.value
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  tags                = var.tags

  metric_query {
    id          = "both"
    expression  = "FILL(puts, 0) + FILL(gets, 0)"
    label       = each.key
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.operations

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/DynamoDB"
        metric_name = each.key
        stat        = "Sum"
        period      = 300

        dimensions = {
          TableName = aws_dynamodb_table.idempotency.name
          Operation = metric_query.value
        }
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "completion_failures" {
  alarm_name          = "${var.table_name}-completion-failures"
  alarm_description   = "An attempt ended, but its outcome could not be stored: after the lease a retry may run it again."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  tags                = var.tags
  namespace           = "LambdaOnce"
  metric_name         = "completionFailed"
  statistic           = "Sum"
  period              = 300

  dimensions = {
    service = var.service
  }
}

resource "aws_cloudwatch_dashboard" "idempotency" {
  # Dashboards are the account's, tables a Region's; and a dashboard's name has no dots, which a table's may have.
  dashboard_name = "${replace(var.table_name, ".", "-")}-${local.region}"

  dashboard_body = jsonencode({
    widgets = [
      {
        type = "metric", x = 0, y = 0, width = 12, height = 6
        properties = {
          title   = "Calls", view = "timeSeries", region = local.region, stat = "Sum", period = 300
          metrics = [for event in local.events : ["LambdaOnce", event, "service", var.service]]
        }
      },
      {
        type = "metric", x = 12, y = 0, width = 12, height = 6
        properties = {
          title = "Capacity units", view = "timeSeries", region = local.region, stat = "Sum", period = 300
          metrics = [
            ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", var.table_name],
            ["AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName", var.table_name],
            ["AWS/DynamoDB", "ConditionalCheckFailedRequests", "TableName", var.table_name],
          ]
        }
      },
      {
        type = "metric", x = 0, y = 6, width = 12, height = 6
        properties = {
          title = "Latency of PutItem, ms", view = "timeSeries", region = local.region, period = 300
          metrics = [
            for stat in ["p50", "p99"] :
            ["AWS/DynamoDB", "SuccessfulRequestLatency", "TableName", var.table_name, "Operation", "PutItem", { stat = stat }]
          ]
        }
      },
      {
        type = "metric", x = 12, y = 6, width = 12, height = 6
        properties = {
          title = "Throttles and errors", view = "timeSeries", region = local.region, stat = "Sum", period = 300
          metrics = [
            for pair in setproduct(["ThrottledRequests", "SystemErrors"], ["PutItem", "GetItem"]) :
            ["AWS/DynamoDB", pair[0], "TableName", var.table_name, "Operation", pair[1]]
          ]
        }
      },
    ]
  })
}
