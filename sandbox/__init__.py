"""AWS and Kubernetes on this machine, started and stopped as one thing."""
