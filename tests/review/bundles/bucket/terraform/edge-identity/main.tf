resource "aws_iam_openid_connect_provider" "cluster" {
  url            = "https://edge-issuer.s3.ap-southeast-2.amazonaws.com"
  client_id_list = ["sts.amazonaws.com"]
}

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

resource "aws_iam_role_policy_attachment" "shop_web__ViewOnlyAccess" {
  role       = aws_iam_role.shop_web.name
  policy_arn = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
}
