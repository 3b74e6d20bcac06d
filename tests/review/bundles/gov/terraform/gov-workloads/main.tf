# Managed elsewhere. This creates nothing; it keeps Terraform from destroying one in its state.
resource "kubernetes_namespace_v1" "payments__namespace" {
  metadata {
    name = "payments"
  }

  count = 0

  lifecycle {
    prevent_destroy = true
  }
}

resource "kubernetes_service_account_v1" "payments_ledger" {
  metadata {
    name      = "ledger"
    namespace = "payments"

    labels = {
      "app.kubernetes.io/managed-by" = "oidc-iam"
    }
  }
}

# What the AWS SDKs look for in the environment of a pod.
resource "kubernetes_config_map_v1" "payments_ledger__environment" {
  metadata {
    name      = "ledger-role"
    namespace = "payments"

    labels = {
      "app.kubernetes.io/managed-by" = "oidc-iam"
    }
  }

  data = {
    AWS_DEFAULT_REGION          = "us-gov-west-1"
    AWS_REGION                  = "us-gov-west-1"
    AWS_ROLE_ARN                = var.role_arns["payments/ledger"]
    AWS_STS_REGIONAL_ENDPOINTS  = "regional"
    AWS_WEB_IDENTITY_TOKEN_FILE = "/var/run/secrets/oidc-iam/serviceaccount/token"
  }
}
