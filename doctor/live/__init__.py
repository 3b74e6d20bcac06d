"""Clients of what is live: the cluster, AWS, the issuer's endpoint."""
