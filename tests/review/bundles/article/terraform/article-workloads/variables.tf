variable "kubeconfig_paths" {
  description = "The kubeconfig files to look for the context in."
  type        = list(string)
  default     = ["~/.kube/config"]
}

variable "test_pod_target_state" {
  description = "What a test pod must have reached; 'Pending' too where no kubelet runs."
  type        = list(string)
  default     = ["Running"]
}

variable "role_arns" {
  description = "The role of each service account: the output role_arns of article-identity."
  type        = map(string)
}
