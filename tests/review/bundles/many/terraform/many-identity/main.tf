# AWS takes tokens of this issuer for these audiences.
resource "aws_iam_openid_connect_provider" "cluster" {
  url            = "https://cluster.example.com/tenants/a"
  client_id_list = ["sts.amazonaws.com", "other"]

  lifecycle {
    create_before_destroy = true
  }
}

# The condition says which tokens are taken: 'aud' is whom a token is for, and 'sub' whose it is.
resource "aws_iam_role" "_0-team_a_b_c" {
  name                 = "many_0-team_a.b.c"
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
            "cluster.example.com/tenants/a:aud" = ["sts.amazonaws.com", "other"]
            "cluster.example.com/tenants/a:sub" = "system:serviceaccount:0-team:a.b.c"
          }
        }
      },
    ]
  })
}

# What the role may do.
resource "aws_iam_role_policy_attachment" "_0-team_a_b_c__Same_17fb5ec3" {
  role       = aws_iam_role._0-team_a_b_c.name
  policy_arn = "arn:aws:iam::123456789012:policy/two/Same"
}

resource "aws_iam_role_policy_attachment" "_0-team_a_b_c__Same_df8ce798" {
  role       = aws_iam_role._0-team_a_b_c.name
  policy_arn = "arn:aws:iam::123456789012:policy/one/Same"
}

resource "aws_iam_role_policy_attachment" "_0-team_a_b_c__ViewOnlyAccess" {
  role       = aws_iam_role._0-team_a_b_c.name
  policy_arn = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
}

resource "aws_iam_role" "_0-team_default" {
  name                 = "many_0-team_default"
  max_session_duration = 43200
  path                 = "/teams/"

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
            "cluster.example.com/tenants/a:aud" = ["sts.amazonaws.com", "other"]
            "cluster.example.com/tenants/a:sub" = "system:serviceaccount:0-team:default"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role" "kube-system_controller" {
  name                 = "many_kube-system_controller"
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
            "cluster.example.com/tenants/a:aud" = ["sts.amazonaws.com", "other"]
            "cluster.example.com/tenants/a:sub" = "system:serviceaccount:kube-system:controller"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "kube-system_controller__ViewOnlyAccess" {
  role       = aws_iam_role.kube-system_controller.name
  policy_arn = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
}
