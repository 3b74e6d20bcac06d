provider "aws" {
  allowed_account_ids = ["123456789012"]
  region              = "ap-southeast-2"
}

provider "kubernetes" {
  config_context = "edge"
  config_paths   = var.kubeconfig_paths
}
