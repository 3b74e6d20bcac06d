"""The Kubernetes objects of a federation as manifests, for GitOps and for clusters that Terraform
may not reach.

`stacks.discovery` and `stacks.workloads` describe the same objects; what both need to say alike
stands here.
"""

from __future__ import annotations

LABELS = {"app.kubernetes.io/managed-by": "oidc-iam"}
"""On everything that is made in Kubernetes."""

TEST_POD_LABELS = {**LABELS, "app.kubernetes.io/name": "awscli"}
TEST_POD_IMAGE = "amazon/aws-cli"
TEST_POD_ID = "65532"
"""User and group of the test pod: not root, as the 'restricted' pod security standard wants."""
TEST_POD_REQUESTS = {"cpu": "10m", "memory": "64Mi"}
TEST_POD_LIMITS = {"memory": "256Mi"}
