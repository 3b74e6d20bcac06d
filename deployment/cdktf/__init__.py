"""cdktf and Terraform, run and understood: `runs` starts them, and the rest reads what they say."""
