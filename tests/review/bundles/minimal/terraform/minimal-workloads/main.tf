resource "kubernetes_service_account_v1" "default_app" {
  metadata {
    name      = "app"
    namespace = "default"

    labels = {
      "app.kubernetes.io/managed-by" = "oidc-iam"
    }
  }
}

# What the AWS SDKs look for in the environment of a pod.
resource "kubernetes_config_map_v1" "default_app__environment" {
  metadata {
    name      = "app-role"
    namespace = "default"

    labels = {
      "app.kubernetes.io/managed-by" = "oidc-iam"
    }
  }

  data = {
    AWS_DEFAULT_REGION          = "eu-west-1"
    AWS_REGION                  = "eu-west-1"
    AWS_ROLE_ARN                = var.role_arns["default/app"]
    AWS_STS_REGIONAL_ENDPOINTS  = "regional"
    AWS_WEB_IDENTITY_TOKEN_FILE = "/var/run/secrets/oidc-iam/serviceaccount/token"
  }
}
