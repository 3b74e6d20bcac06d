variable "kubeconfig_paths" {
  description = "The kubeconfig files to look for the context in."
  type        = list(string)
  default     = ["~/.kube/config"]
}

variable "role_arns" {
  description = "The role of each service account: the output role_arns of edge-identity."
  type        = map(string)

  default = {
    "shop/web" = "arn:aws:iam::123456789012:role/edge_shop_web"
  }
}
