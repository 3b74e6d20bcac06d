"""The `discovery` stack: who may read the cluster's discovery documents."""

from __future__ import annotations

from cdktf_cdktf_provider_kubernetes.cluster_role_binding_v1 import (
    ClusterRoleBindingV1,
    ClusterRoleBindingV1Metadata,
    ClusterRoleBindingV1RoleRef,
    ClusterRoleBindingV1Subject,
)
from constructs import Construct

from federation import manifests
from federation.config import ClusterConfig
from stacks.cluster_stack import ClusterStack


class DiscoveryStack(ClusterStack):
    """Lets anyone, and so AWS, read the discovery document and the public keys.

    The role is Kubernetes' own and grants `get` on those two paths alone (KEP-1393).
    """

    def __init__(self, scope: Construct, config: ClusterConfig) -> None:
        super().__init__(scope, config, "discovery")
        # Always, since the provider is needed as well to remove a binding that was there.
        self.kubernetes_provider()
        if config.discovery.exposure != "none":
            self._bind()

    def _bind(self) -> None:
        ClusterRoleBindingV1(
            self,
            "oidc-reviewer",
            metadata=ClusterRoleBindingV1Metadata(name="oidc-reviewer", labels=manifests.LABELS),
            role_ref=ClusterRoleBindingV1RoleRef(
                api_group="rbac.authorization.k8s.io",
                kind="ClusterRole",
                name="system:service-account-issuer-discovery",
            ),
            subject=[
                ClusterRoleBindingV1Subject(
                    api_group="rbac.authorization.k8s.io",
                    kind="Group",
                    name="system:unauthenticated",
                )
            ],
        )
