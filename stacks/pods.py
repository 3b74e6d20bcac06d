"""Pods with the AWS CLI, from which a person tries a role.

In a module of its own because the bindings of a pod are the largest that are used, and most
configurations have none.
"""

from __future__ import annotations

from cdktf import TerraformVariable
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

from federation import manifests
from federation.model.config import TOKEN_DIRECTORY, Workload
from federation.pod_environment import CHECKSUM
from stacks.cluster_stack import ClusterStack
from stacks.expressions import literal, reference


class TestPods:
    """The test pods of a stack; one variable says what they must have reached."""

    def __init__(self, stack: ClusterStack) -> None:
        self._stack = stack
        self._image = stack.config.kubernetes.test_pod_image
        self._target_state: list[str] = TerraformVariable(
            stack,
            "test_pod_target_state",
            type="list(string)",
            default=["Running"],
            description="What a test pod must have reached; 'Pending' too where no kubelet runs.",
        ).list_value

    def add(
        self,
        name: str,
        workload: Workload,
        *,
        namespace: str,
        service_account: str,
        config_map: str,
        environment: str,
    ) -> None:
        """Add a pod that runs as a workload's own would; the names may be references.

        It is replaced when `environment`, the address of a map, has other values: a container
        takes its environment when it starts.
        """
        PodV1(
            self._stack,
            f"{workload.terraform_name}__test",
            metadata=PodV1Metadata(
                name=name, namespace=namespace, labels=manifests.TEST_POD_LABELS
            ),
            target_state=self._target_state,
            spec=PodV1Spec(
                service_account_name=service_account,
                automount_service_account_token=False,
                termination_grace_period_seconds=1,
                security_context=PodV1SpecSecurityContext(
                    run_as_non_root=True,
                    run_as_user=manifests.TEST_POD_ID,
                    run_as_group=manifests.TEST_POD_ID,
                    # The kubelet makes the token readable for this group (KEP-2451).
                    fs_group=manifests.TEST_POD_ID,
                    seccomp_profile=PodV1SpecSecurityContextSeccompProfile(type="RuntimeDefault"),
                ),
                container=[_container(self._image, config_map, environment)],
                volume=[_token(literal(self._stack.config.pod_audience), workload), _scratch()],
            ),
        )


def _container(image: str, config_map: str, environment: str) -> PodV1SpecContainer:
    return PodV1SpecContainer(
        name="awscli",
        image=literal(image),
        image_pull_policy="IfNotPresent",
        command=["sleep"],
        args=["3600"],
        env_from=[
            PodV1SpecContainerEnvFrom(
                config_map_ref=PodV1SpecContainerEnvFromConfigMapRef(name=config_map)
            )
        ],
        # The CLI writes its cache below HOME, which is / for a user without an entry in passwd.
        env=[
            PodV1SpecContainerEnv(name="HOME", value="/tmp"),
            PodV1SpecContainerEnv(name=CHECKSUM, value=reference(_checksum(environment))),
        ],
        resources=PodV1SpecContainerResources(
            requests=manifests.TEST_POD_REQUESTS, limits=manifests.TEST_POD_LIMITS
        ),
        security_context=PodV1SpecContainerSecurityContext(
            allow_privilege_escalation=False,
            # The provider would send false, which the 'restricted' standard refuses.
            run_as_non_root=True,
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


def _checksum(environment: str) -> str:
    """As `federation.pod_environment.checksum`; a map's order is that of its keys."""
    lines = f'[for name, value in {environment} : format("%s=%s", name, value)]'
    return f'sha256(join("\\n", {lines}))'


def _token(audience: str, workload: Workload) -> PodV1SpecVolume:
    token = PodV1SpecVolumeProjectedSourcesServiceAccountToken(
        path="token",
        audience=audience,
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
