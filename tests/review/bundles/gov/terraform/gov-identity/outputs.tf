output "provider_arn" {
  description = "The cluster's OIDC provider."
  value       = aws_iam_openid_connect_provider.cluster.arn
}

output "role_arns" {
  description = "The role of each service account."

  value = {
    "payments/ledger" = aws_iam_role.payments_ledger.arn
  }
}

output "thumbprint" {
  description = "The configured thumbprints."
  value       = ["a9d53002e97e00e043244f3d170d6f4c414104fd", "990f4193972f2becf12ddeda5237f9c952f20d9e"]
}
