provider "kubernetes" {
  config_context = "minimal"
  config_paths   = var.kubeconfig_paths
}
