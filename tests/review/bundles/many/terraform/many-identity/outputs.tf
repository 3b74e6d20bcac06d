output "provider_arn" {
  description = "The cluster's OIDC provider."
  value       = aws_iam_openid_connect_provider.cluster.arn
}

output "role_arns" {
  description = "The role of each service account."

  value = {
    "0-team/a.b.c"           = aws_iam_role._0-team_a_b_c.arn
    "0-team/default"         = aws_iam_role._0-team_default.arn
    "kube-system/controller" = aws_iam_role.kube-system_controller.arn
  }
}
