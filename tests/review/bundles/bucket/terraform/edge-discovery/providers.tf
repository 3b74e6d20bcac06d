provider "aws" {
  allowed_account_ids = ["123456789012"]
  region              = "ap-southeast-2"
}

# Nothing is made with it: it removes what an earlier configuration has made in the cluster.
provider "kubernetes" {
  config_context = "edge"
  config_paths   = var.kubeconfig_paths
}
