variable "kubeconfig_paths" {
  description = "The kubeconfig files to look for the context in."
  type        = list(string)
  default     = ["~/.kube/config"]
}

variable "role_arns" {
  description = "The role of each service account: the output role_arns of minimal-identity."
  type        = map(string)
}
