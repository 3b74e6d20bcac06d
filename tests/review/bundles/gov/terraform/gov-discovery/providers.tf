provider "kubernetes" {
  config_context = "gov"
  config_paths   = var.kubeconfig_paths
}
