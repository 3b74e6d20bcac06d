"""ClusterConfig to Terraform, with CDKTF."""
