"""What a plan of Terraform says."""
