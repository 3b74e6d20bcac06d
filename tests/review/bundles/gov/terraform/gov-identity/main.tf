# AWS takes tokens of this issuer for these audiences.
resource "aws_iam_openid_connect_provider" "cluster" {
  url             = "https://oidc.agency.example"
  client_id_list  = ["sts.amazonaws.com"]
  thumbprint_list = ["a9d53002e97e00e043244f3d170d6f4c414104fd", "990f4193972f2becf12ddeda5237f9c952f20d9e"]

  lifecycle {
    create_before_destroy = true
  }
}

# The condition says which tokens are taken: 'aud' is whom a token is for, and 'sub' whose it is.
resource "aws_iam_role" "payments_ledger" {
  name                 = "gov_payments_ledger"
  max_session_duration = 3600
  path                 = "/"
  permissions_boundary = "arn:aws-us-gov:iam::123456789012:policy/boundary"

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
            "oidc.agency.example:aud" = "sts.amazonaws.com"
            "oidc.agency.example:sub" = "system:serviceaccount:payments:ledger"
          }
        }
      },
    ]
  })
}

# What the role may do.
resource "aws_iam_role_policy_attachment" "payments_ledger__ViewOnlyAccess" {
  role       = aws_iam_role.payments_ledger.name
  policy_arn = "arn:aws-us-gov:iam::aws:policy/job-function/ViewOnlyAccess"
}
