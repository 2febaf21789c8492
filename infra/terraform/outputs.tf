output "table_name" {
  description = "For the environment variable IDEMPOTENCY_TABLE."
  value       = aws_dynamodb_table.idempotency.name
}

output "table_arn" {
  description = "ARN of the table."
  value       = aws_dynamodb_table.idempotency.arn
}

output "access_policy_json" {
  description = "The policy for the functions' roles: two actions on this table."
  value       = data.aws_iam_policy_document.access.json
}
