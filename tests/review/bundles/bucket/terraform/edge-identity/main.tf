# AWS takes tokens of this issuer for these audiences.
resource "aws_iam_openid_connect_provider" "cluster" {
  url            = "https://edge-issuer.s3.ap-southeast-2.amazonaws.com"
  client_id_list = ["sts.amazonaws.com"]

  lifecycle {
    create_before_destroy = true
  }
}

# The condition says which tokens are taken: 'aud' is whom a token is for, and 'sub' whose it is.
resource "aws_iam_role" "shop_web" {
  name                 = "edge_shop_web"
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
            "edge-issuer.s3.ap-southeast-2.amazonaws.com:aud" = "sts.amazonaws.com"
            "edge-issuer.s3.ap-southeast-2.amazonaws.com:sub" = "system:serviceaccount:shop:web"
          }
        }
      },
    ]
  })
}

# What the role may do.
resource "aws_iam_role_policy_attachment" "shop_web__ViewOnlyAccess" {
  role       = aws_iam_role.shop_web.name
  policy_arn = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
}
