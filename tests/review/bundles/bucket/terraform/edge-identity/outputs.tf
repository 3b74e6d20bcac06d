output "provider_arn" {
  description = "The cluster's OIDC provider."
  value       = aws_iam_openid_connect_provider.cluster.arn
}

output "role_arns" {
  description = "The role of each service account."

  value = {
    "shop/web" = aws_iam_role.shop_web.arn
  }
}
