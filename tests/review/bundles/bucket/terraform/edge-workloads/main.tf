# Managed elsewhere. This creates nothing; it keeps Terraform from destroying one in its state.
resource "kubernetes_namespace_v1" "shop__namespace" {
  metadata {
    name = "shop"
  }

  count = 0

  lifecycle {
    prevent_destroy = true
  }
}

resource "kubernetes_service_account_v1" "shop_web" {
  metadata {
    name      = "web"
    namespace = "shop"

    labels = {
      "app.kubernetes.io/managed-by" = "oidc-iam"
    }
  }
}

# What the AWS SDKs look for in the environment of a pod.
resource "kubernetes_config_map_v1" "shop_web__environment" {
  metadata {
    name      = "web-role"
    namespace = "shop"

    labels = {
      "app.kubernetes.io/managed-by" = "oidc-iam"
    }
  }

  data = {
    AWS_DEFAULT_REGION          = "ap-southeast-2"
    AWS_REGION                  = "ap-southeast-2"
    AWS_ROLE_ARN                = var.role_arns["shop/web"]
    AWS_STS_REGIONAL_ENDPOINTS  = "regional"
    AWS_WEB_IDENTITY_TOKEN_FILE = "/var/run/secrets/oidc-iam/serviceaccount/token"
  }
}
