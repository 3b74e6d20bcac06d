resource "kubernetes_namespace_v1" "_0-team__namespace" {
  metadata {
    name = "0-team"

    labels = {
      "app.kubernetes.io/managed-by" = "oidc-iam"
    }
  }
}

resource "kubernetes_service_account_v1" "_0-team_a_b_c" {
  metadata {
    name      = "a.b.c"
    namespace = kubernetes_namespace_v1._0-team__namespace.metadata[0].name

    labels = {
      "app.kubernetes.io/managed-by" = "oidc-iam"
    }
  }
}

# What the AWS SDKs look for in the environment of a pod.
resource "kubernetes_config_map_v1" "_0-team_a_b_c__environment" {
  metadata {
    name      = "a.b.c-role"
    namespace = kubernetes_namespace_v1._0-team__namespace.metadata[0].name

    labels = {
      "app.kubernetes.io/managed-by" = "oidc-iam"
    }
  }

  data = {
    AWS_DEFAULT_REGION          = "eu-west-1"
    AWS_REGION                  = "eu-west-1"
    AWS_ROLE_ARN                = var.role_arns["0-team/a.b.c"]
    AWS_STS_REGIONAL_ENDPOINTS  = "regional"
    AWS_WEB_IDENTITY_TOKEN_FILE = "/var/run/secrets/oidc-iam/serviceaccount/token"
  }
}

# To try the role from inside the cluster.
resource "kubernetes_pod_v1" "_0-team_a_b_c__test" {
  metadata {
    name      = "awscli"
    namespace = kubernetes_namespace_v1._0-team__namespace.metadata[0].name

    labels = {
      "app.kubernetes.io/managed-by" = "oidc-iam"
      "app.kubernetes.io/name"       = "awscli"
    }
  }

  target_state = var.test_pod_target_state

  spec {
    automount_service_account_token  = false
    service_account_name             = kubernetes_service_account_v1._0-team_a_b_c.metadata[0].name
    termination_grace_period_seconds = 1

    container {
      name              = "awscli"
      args              = ["3600"]
      command           = ["sleep"]
      image             = "amazon/aws-cli:2.32.8"
      image_pull_policy = "IfNotPresent"

      env {
        name  = "HOME"
        value = "/tmp"
      }

      env {
        name  = "OIDC_IAM_ENVIRONMENT_SHA256"
        value = sha256(join("\n", [for name, value in kubernetes_config_map_v1._0-team_a_b_c__environment.data : format("%s=%s", name, value)]))
      }

      env_from {
        config_map_ref {
          name = kubernetes_config_map_v1._0-team_a_b_c__environment.metadata[0].name
        }
      }

      resources {
        limits = {
          memory = "256Mi"
        }

        requests = {
          cpu    = "10m"
          memory = "64Mi"
        }
      }

      security_context {
        allow_privilege_escalation = false
        read_only_root_filesystem  = true
        run_as_non_root            = true

        capabilities {
          drop = ["ALL"]
        }
      }

      volume_mount {
        name       = "aws-token"
        mount_path = "/var/run/secrets/oidc-iam/serviceaccount"
        read_only  = true
      }

      volume_mount {
        name       = "tmp"
        mount_path = "/tmp"
      }
    }

    security_context {
      fs_group        = "65532"
      run_as_group    = "65532"
      run_as_non_root = true
      run_as_user     = "65532"

      seccomp_profile {
        type = "RuntimeDefault"
      }
    }

    volume {
      name = "aws-token"

      projected {
        sources {
          service_account_token {
            audience           = "sts.amazonaws.com"
            expiration_seconds = 3600
            path               = "token"
          }
        }
      }
    }

    volume {
      name = "tmp"

      empty_dir {}
    }
  }
}

resource "kubernetes_config_map_v1" "_0-team_default__environment" {
  metadata {
    name      = "default-role"
    namespace = kubernetes_namespace_v1._0-team__namespace.metadata[0].name

    labels = {
      "app.kubernetes.io/managed-by" = "oidc-iam"
    }
  }

  data = {
    AWS_DEFAULT_REGION          = "eu-west-1"
    AWS_REGION                  = "eu-west-1"
    AWS_ROLE_ARN                = var.role_arns["0-team/default"]
    AWS_STS_REGIONAL_ENDPOINTS  = "regional"
    AWS_WEB_IDENTITY_TOKEN_FILE = "/var/run/secrets/oidc-iam/serviceaccount/token"
  }
}

resource "kubernetes_pod_v1" "_0-team_default__test" {
  metadata {
    name      = "awscli-default"
    namespace = kubernetes_namespace_v1._0-team__namespace.metadata[0].name

    labels = {
      "app.kubernetes.io/managed-by" = "oidc-iam"
      "app.kubernetes.io/name"       = "awscli"
    }
  }

  target_state = var.test_pod_target_state

  spec {
    automount_service_account_token  = false
    service_account_name             = "default"
    termination_grace_period_seconds = 1

    container {
      name              = "awscli"
      args              = ["3600"]
      command           = ["sleep"]
      image             = "amazon/aws-cli:2.32.8"
      image_pull_policy = "IfNotPresent"

      env {
        name  = "HOME"
        value = "/tmp"
      }

      env {
        name  = "OIDC_IAM_ENVIRONMENT_SHA256"
        value = sha256(join("\n", [for name, value in kubernetes_config_map_v1._0-team_default__environment.data : format("%s=%s", name, value)]))
      }

      env_from {
        config_map_ref {
          name = kubernetes_config_map_v1._0-team_default__environment.metadata[0].name
        }
      }

      resources {
        limits = {
          memory = "256Mi"
        }

        requests = {
          cpu    = "10m"
          memory = "64Mi"
        }
      }

      security_context {
        allow_privilege_escalation = false
        read_only_root_filesystem  = true
        run_as_non_root            = true

        capabilities {
          drop = ["ALL"]
        }
      }

      volume_mount {
        name       = "aws-token"
        mount_path = "/var/run/secrets/oidc-iam/serviceaccount"
        read_only  = true
      }

      volume_mount {
        name       = "tmp"
        mount_path = "/tmp"
      }
    }

    security_context {
      fs_group        = "65532"
      run_as_group    = "65532"
      run_as_non_root = true
      run_as_user     = "65532"

      seccomp_profile {
        type = "RuntimeDefault"
      }
    }

    volume {
      name = "aws-token"

      projected {
        sources {
          service_account_token {
            audience           = "sts.amazonaws.com"
            expiration_seconds = 3600
            path               = "token"
          }
        }
      }
    }

    volume {
      name = "tmp"

      empty_dir {}
    }
  }
}

resource "kubernetes_service_account_v1" "kube-system_controller" {
  metadata {
    name      = "controller"
    namespace = "kube-system"

    labels = {
      "app.kubernetes.io/managed-by" = "oidc-iam"
    }
  }
}

resource "kubernetes_config_map_v1" "kube-system_controller__environment" {
  metadata {
    name      = "controller-role"
    namespace = "kube-system"

    labels = {
      "app.kubernetes.io/managed-by" = "oidc-iam"
    }
  }

  data = {
    AWS_DEFAULT_REGION          = "eu-west-1"
    AWS_REGION                  = "eu-west-1"
    AWS_ROLE_ARN                = var.role_arns["kube-system/controller"]
    AWS_STS_REGIONAL_ENDPOINTS  = "regional"
    AWS_WEB_IDENTITY_TOKEN_FILE = "/var/run/secrets/oidc-iam/serviceaccount/token"
  }
}
