# The certificates that the issuer presents, the top one first.
data "tls_certificate" "issuer" {
  url          = "https://cluster.example.com"
  verify_chain = false
}

# AWS takes tokens of this issuer for these audiences.
resource "aws_iam_openid_connect_provider" "cluster" {
  url             = "https://cluster.example.com"
  client_id_list  = ["oidc-iam"]
  thumbprint_list = [data.tls_certificate.issuer.certificates[0].sha1_fingerprint]

  lifecycle {
    create_before_destroy = true
  }
}

# The condition says which tokens are taken: 'aud' is whom a token is for, and 'sub' whose it is.
resource "aws_iam_role" "default_oidc-iam-pod" {
  name                 = "oidc-iam-pod"
  max_session_duration = 3600
  path                 = "/"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = aws_iam_openid_connect_provider.cluster.arn
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "cluster.example.com:aud" = "oidc-iam"
          }
        }
      },
    ]
  })
}

# What the role may do.
resource "aws_iam_role_policy_attachment" "default_oidc-iam-pod__ViewOnlyAccess" {
  role       = aws_iam_role.default_oidc-iam-pod.name
  policy_arn = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
}
