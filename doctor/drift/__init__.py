"""What is live compared with what is configured, place by place, without Terraform's state."""
