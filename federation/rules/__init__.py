"""What is worth saying about a configuration."""
