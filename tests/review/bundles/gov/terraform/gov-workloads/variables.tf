variable "kubeconfig_paths" {
  description = "The kubeconfig files to look for the context in."
  type        = list(string)
  default     = ["~/.kube/config"]
}

variable "role_arns" {
  description = "The role of each service account: the output role_arns of gov-identity."
  type        = map(string)

  default = {
    "payments/ledger" = "arn:aws-us-gov:iam::123456789012:role/gov_payments_ledger"
  }
}
