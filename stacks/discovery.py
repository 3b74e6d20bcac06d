"""The `discovery` stack: what lets anyone, and so AWS, read the cluster's two documents.

A binding for those of the API server; or a bucket that serves them, which `stacks.bucket` makes.
"""

from __future__ import annotations

from cdktf_cdktf_provider_kubernetes.cluster_role_binding_v1 import (
    ClusterRoleBindingV1,
    ClusterRoleBindingV1Metadata,
    ClusterRoleBindingV1RoleRef,
    ClusterRoleBindingV1Subject,
)
from constructs import Construct

from federation import manifests
from federation.model.config import ClusterConfig
from federation.model.names import DISCOVERY_BINDING, DISCOVERY_ROLE
from stacks.cluster_stack import ClusterStack


class DiscoveryStack(ClusterStack):
    """The binding, the bucket, or both."""

    def __init__(self, scope: Construct, config: ClusterConfig) -> None:
        super().__init__(scope, config, "discovery")
        if config.kubernetes.apply == "terraform" and config.discovery.exposure != "none":
            self.kubernetes_provider()
            self._bind()
        if config.discovery.s3:
            # Only here: importing what CloudFront needs takes as long as all other resources.
            from stacks import bucket

            bucket.serve_documents(self, config.discovery.s3)

    def _bind(self) -> None:
        """Let anonymous readers in.

        The role is Kubernetes' own and grants `get` on the two paths alone (KEP-1393).
        """
        ClusterRoleBindingV1(
            self,
            DISCOVERY_BINDING,
            metadata=ClusterRoleBindingV1Metadata(name=DISCOVERY_BINDING, labels=manifests.LABELS),
            role_ref=ClusterRoleBindingV1RoleRef(
                api_group="rbac.authorization.k8s.io",
                kind="ClusterRole",
                name=DISCOVERY_ROLE,
            ),
            subject=[
                ClusterRoleBindingV1Subject(
                    api_group="rbac.authorization.k8s.io",
                    kind="Group",
                    name="system:unauthenticated",
                )
            ],
        )
