# Lets anyone, and so AWS, read the two discovery documents and nothing else.
resource "kubernetes_cluster_role_binding_v1" "oidc-reviewer" {
  metadata {
    name = "oidc-reviewer"

    labels = {
      "app.kubernetes.io/managed-by" = "oidc-iam"
    }
  }

  role_ref {
    name      = "system:service-account-issuer-discovery"
    api_group = "rbac.authorization.k8s.io"
    kind      = "ClusterRole"
  }

  subject {
    name      = "system:unauthenticated"
    api_group = "rbac.authorization.k8s.io"
    kind      = "Group"
  }
}
