"""The `workloads` stack: what a namespace needs so that its pods find their role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdktf_cdktf_provider_kubernetes.config_map_v1 import ConfigMapV1, ConfigMapV1Metadata
from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1, NamespaceV1Metadata
from cdktf_cdktf_provider_kubernetes.service_account_v1 import (
    ServiceAccountV1,
    ServiceAccountV1Metadata,
)
from constructs import Construct

from federation import manifests
from federation.model.config import ClusterConfig, Workload
from federation.model.names import terraform_name
from stacks.cluster_stack import ClusterStack
from stacks.expressions import reference

if TYPE_CHECKING:
    from stacks.pods import TestPods


class WorkloadsStack(ClusterStack):
    """Namespaces if they are wanted, and for each workload its environment, its service account
    and, if asked for, a pod to try it from."""

    def __init__(self, scope: Construct, config: ClusterConfig) -> None:
        super().__init__(scope, config, "workloads")
        self.kubernetes_provider()
        outputs = self.remote_state("identity")
        namespaces = {name: self._namespace(name) for name in config.namespaces_to_create}
        for name in config.existing_namespaces:
            metadata = {"name": name}
            self.guard("kubernetes_namespace_v1", _address(name), metadata=metadata)
        pod_names = {workload.subject: name for name, workload in config.test_pods.items()}
        pods = _test_pods(self) if pod_names else None
        for workload in config.workloads:
            namespace = namespaces.get(workload.namespace, workload.namespace)
            key = f"{workload.namespace}/{workload.service_account}"
            role_arn = reference(f'{outputs}.role_arns["{key}"]')
            address = self._config_map(workload, namespace, role_arn)
            service_account = self._service_account(workload, namespace)
            if pods and workload.subject in pod_names:
                name = pod_names[workload.subject].rpartition("/")[2]
                pods.add(
                    name,
                    workload,
                    namespace=namespace,
                    service_account=service_account,
                    config_map=reference(f"{address}.metadata[0].name"),
                    environment=f"{address}.data",
                )

    def _namespace(self, name: str) -> str:
        address = _address(name)
        metadata = NamespaceV1Metadata(name=name, labels=manifests.LABELS)
        NamespaceV1(self, address, metadata=metadata)
        return reference(f"kubernetes_namespace_v1.{address}.metadata[0].name")

    def _config_map(self, workload: Workload, namespace: str, role_arn: str) -> str:
        address = f"{workload.terraform_name}__environment"
        ConfigMapV1(
            self,
            address,
            metadata=ConfigMapV1Metadata(
                name=workload.config_map, namespace=namespace, labels=manifests.LABELS
            ),
            data=self.config.environment(role_arn),
        )
        return f"kubernetes_config_map_v1.{address}"

    def _service_account(self, workload: Workload, namespace: str) -> str:
        if workload.service_account == "default":
            # Kubernetes makes it in each namespace.
            return workload.service_account
        address = workload.terraform_name
        ServiceAccountV1(
            self,
            address,
            metadata=ServiceAccountV1Metadata(
                name=workload.service_account, namespace=namespace, labels=manifests.LABELS
            ),
        )
        return reference(f"kubernetes_service_account_v1.{address}.metadata[0].name")


def _address(namespace: str) -> str:
    return f"{terraform_name(namespace)}__namespace"


def _test_pods(stack: ClusterStack) -> TestPods:
    from stacks.pods import TestPods  # a third of all bindings, and few configurations have pods

    return TestPods(stack)
