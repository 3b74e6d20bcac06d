provider "kubernetes" {
  config_context = "article"
  config_paths   = var.kubeconfig_paths
}
