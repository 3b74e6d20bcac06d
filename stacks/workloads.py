"""The `workloads` stack: what a namespace needs so that its pods find their role."""

from __future__ import annotations

from cdktf import TerraformVariable
from cdktf_cdktf_provider_kubernetes.config_map_v1 import ConfigMapV1, ConfigMapV1Metadata
from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1, NamespaceV1Metadata
from cdktf_cdktf_provider_kubernetes.pod_v1 import (
    PodV1,
    PodV1Metadata,
    PodV1Spec,
    PodV1SpecContainer,
    PodV1SpecContainerEnv,
    PodV1SpecContainerEnvFrom,
    PodV1SpecContainerEnvFromConfigMapRef,
    PodV1SpecContainerResources,
    PodV1SpecContainerSecurityContext,
    PodV1SpecContainerSecurityContextCapabilities,
    PodV1SpecContainerVolumeMount,
    PodV1SpecSecurityContext,
    PodV1SpecSecurityContextSeccompProfile,
    PodV1SpecVolume,
    PodV1SpecVolumeEmptyDir,
    PodV1SpecVolumeProjected,
    PodV1SpecVolumeProjectedSources,
    PodV1SpecVolumeProjectedSourcesServiceAccountToken,
)
from cdktf_cdktf_provider_kubernetes.service_account_v1 import (
    ServiceAccountV1,
    ServiceAccountV1Metadata,
)
from constructs import Construct

from federation import manifests
from federation.config import TOKEN_DIRECTORY, ClusterConfig, Workload
from federation.names import terraform_name
from stacks.cluster_stack import ClusterStack, literal


class WorkloadsStack(ClusterStack):
    """Namespaces where they are wanted, and for each workload its environment, its service account
    and, where asked for, a pod to try it from."""

    def __init__(self, scope: Construct, config: ClusterConfig) -> None:
        super().__init__(scope, config, "workloads")
        self.kubernetes_provider()
        outputs = self.remote_state("identity")
        namespaces = {name: self._namespace(name) for name in config.namespaces_to_create}
        test_pods = {workload.subject: name for name, workload in config.test_pods.items()}
        target_state = self._target_state() if test_pods else None
        for workload in config.workloads:
            namespace = namespaces.get(workload.namespace, workload.namespace)
            key = f"{workload.namespace}/{workload.service_account}"
            config_map = self._config_map(workload, namespace, f'${{{outputs}.role_arns["{key}"]}}')
            service_account = self._service_account(workload, namespace)
            if target_state is not None and workload.subject in test_pods:
                name = test_pods[workload.subject].rpartition("/")[2]
                place = PodV1Metadata(
                    name=name, namespace=namespace, labels=manifests.TEST_POD_LABELS
                )
                self._test_pod(workload, place, service_account, config_map, target_state)

    def _namespace(self, name: str) -> str:
        return NamespaceV1(
            self,
            f"{terraform_name(name)}__namespace",
            metadata=NamespaceV1Metadata(name=name, labels=manifests.LABELS),
        ).metadata.name

    def _target_state(self) -> list[str]:
        return TerraformVariable(
            self,
            "test_pod_target_state",
            type="list(string)",
            default=["Running"],
            description="What a test pod must have reached; 'Pending' too where no kubelet runs.",
        ).list_value

    def _config_map(self, workload: Workload, namespace: str, role_arn: str) -> str:
        return ConfigMapV1(
            self,
            f"{workload.terraform_name}__environment",
            metadata=ConfigMapV1Metadata(
                name=workload.config_map, namespace=namespace, labels=manifests.LABELS
            ),
            data=self.config.environment(role_arn),
        ).metadata.name

    def _service_account(self, workload: Workload, namespace: str) -> str:
        if workload.service_account == "default":
            # Kubernetes makes it in each namespace.
            return workload.service_account
        return ServiceAccountV1(
            self,
            workload.terraform_name,
            metadata=ServiceAccountV1Metadata(
                name=workload.service_account, namespace=namespace, labels=manifests.LABELS
            ),
        ).metadata.name

    def _test_pod(
        self,
        workload: Workload,
        metadata: PodV1Metadata,
        service_account: str,
        config_map: str,
        target_state: list[str],
    ) -> None:
        PodV1(
            self,
            f"{workload.terraform_name}__test",
            metadata=metadata,
            target_state=target_state,
            spec=PodV1Spec(
                service_account_name=service_account,
                automount_service_account_token=False,
                termination_grace_period_seconds=0,
                security_context=PodV1SpecSecurityContext(
                    run_as_non_root=True,
                    run_as_user=manifests.TEST_POD_ID,
                    run_as_group=manifests.TEST_POD_ID,
                    # The kubelet makes the token readable for this group (KEP-2451).
                    fs_group=manifests.TEST_POD_ID,
                    seccomp_profile=PodV1SpecSecurityContextSeccompProfile(type="RuntimeDefault"),
                ),
                container=[_container(config_map)],
                volume=[_token(self.config, workload), _scratch()],
            ),
        )


def _container(config_map: str) -> PodV1SpecContainer:
    return PodV1SpecContainer(
        name="awscli",
        image=manifests.TEST_POD_IMAGE,
        command=["sleep"],
        args=["3600"],
        env_from=[
            PodV1SpecContainerEnvFrom(
                config_map_ref=PodV1SpecContainerEnvFromConfigMapRef(name=config_map)
            )
        ],
        # The CLI writes its cache below HOME, which is / for a user without an entry in passwd.
        env=[PodV1SpecContainerEnv(name="HOME", value="/tmp")],
        resources=PodV1SpecContainerResources(
            requests=manifests.TEST_POD_REQUESTS, limits=manifests.TEST_POD_LIMITS
        ),
        security_context=PodV1SpecContainerSecurityContext(
            allow_privilege_escalation=False,
            read_only_root_filesystem=True,
            capabilities=PodV1SpecContainerSecurityContextCapabilities(drop=["ALL"]),
        ),
        volume_mount=[
            PodV1SpecContainerVolumeMount(
                name="aws-token", mount_path=TOKEN_DIRECTORY, read_only=True
            ),
            PodV1SpecContainerVolumeMount(name="tmp", mount_path="/tmp"),
        ],
    )


def _token(config: ClusterConfig, workload: Workload) -> PodV1SpecVolume:
    token = PodV1SpecVolumeProjectedSourcesServiceAccountToken(
        path="token",
        audience=literal(config.pod_audience),
        expiration_seconds=workload.token_expiration_seconds,
    )
    return PodV1SpecVolume(
        name="aws-token",
        projected=[
            PodV1SpecVolumeProjected(
                sources=[PodV1SpecVolumeProjectedSources(service_account_token=token)]
            )
        ],
    )


def _scratch() -> PodV1SpecVolume:
    return PodV1SpecVolume(name="tmp", empty_dir=PodV1SpecVolumeEmptyDir())
