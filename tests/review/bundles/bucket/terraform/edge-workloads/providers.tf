provider "kubernetes" {
  config_context = "edge"
  config_paths   = var.kubeconfig_paths
}
