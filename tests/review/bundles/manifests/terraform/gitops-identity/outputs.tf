output "provider_arn" {
  description = "The cluster's OIDC provider."
  value       = aws_iam_openid_connect_provider.cluster.arn
}

output "role_arns" {
  description = "The role of each service account."

  value = {
    "apps/web" = aws_iam_role.apps_web.arn
  }
}

output "thumbprint" {
  description = "SHA-1 of the certificate that is pinned."
  value       = data.tls_certificate.issuer.certificates[0].sha1_fingerprint
}

output "thumbprint_certificate" {
  description = "The subject of that certificate: the top of the chain that is served."
  value       = data.tls_certificate.issuer.certificates[0].subject
}
