variable "test_pod_target_state" {
  description = "What a test pod must have reached; 'Pending' too where no kubelet runs."
  type        = list(string)
  default     = ["Running"]
}

variable "role_arns" {
  description = "The role of each service account: the output role_arns of many-identity."
  type        = map(string)

  default = {
    "0-team/a.b.c"           = "arn:aws:iam::123456789012:role/many_0-team_a.b.c"
    "0-team/default"         = "arn:aws:iam::123456789012:role/teams/many_0-team_default"
    "kube-system/controller" = "arn:aws:iam::123456789012:role/many_kube-system_controller"
  }
}

variable "kubeconfig_paths" {
  description = "The kubeconfig files to look for the context in."
  type        = list(string)
  default     = ["~/.kube/many"]
}
