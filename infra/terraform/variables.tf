variable "table_name" {
  description = "Name of the table."
  type        = string
}

variable "service" {
  description = "The service's name in the metrics, as given to the function that emits them."
  type        = string
}

variable "point_in_time_recovery" {
  description = "Whether the table can be restored to any second of the last 35 days."
  type        = bool
  default     = false
}

variable "deletion_protection" {
  description = "Whether DynamoDB refuses to delete the table."
  type        = bool
  default     = false
}

variable "kms_key_arn" {
  description = "ARN of a key of your own to encrypt the table with. By default a key that AWS owns."
  type        = string
  default     = null
}

variable "alarm_actions" {
  description = "ARNs of what alarms notify, such as SNS topics."
  type        = list(string)
  default     = []
}

variable "tags" {
  description = "Tags of the table and the alarms."
  type        = map(string)
  default     = {}
}
