"""What runs cdktf and Terraform: preflight, plan, deploy, destroy. No screen, no command line."""
