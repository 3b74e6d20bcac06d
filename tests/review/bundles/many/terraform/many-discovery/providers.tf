provider "kubernetes" {
  config_context = "arn:aws:eks:$${not}:%%{a}"
  config_paths   = var.kubeconfig_paths
}
