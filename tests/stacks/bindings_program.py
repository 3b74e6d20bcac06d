"""A CDKTF program that test_bindings runs with fast and with plain imports, and compares.

Into the folder that its first argument names it synthesizes a stack of everything that could go
wrong where submodules load late, with what it saw on the way in `seen.json`, and the stacks of the
configurations that its further arguments name.
"""

import json
import sys
from pathlib import Path
from typing import Any

import jsii
from cdktf import (
    App,
    Aspects,
    IAspect,
    LocalBackend,
    TerraformIterator,
    TerraformOutput,
    TerraformResourceLifecycle,
    TerraformStack,
    Token,
)
from cdktf_cdktf_provider_aws.iam_openid_connect_provider import IamOpenidConnectProvider
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_kubernetes.config_map_v1 import ConfigMapV1
from cdktf_cdktf_provider_kubernetes.pod_v1 import (
    PodV1,
    PodV1Metadata,
    PodV1Spec,
    PodV1SpecContainer,
)
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_tls.data_tls_certificate import DataTlsCertificate
from cdktf_cdktf_provider_tls.provider import TlsProvider
from constructs import IConstruct

from federation.yaml.files import load
from stacks.app import synth


@jsii.implements(IAspect)
class Tagged:
    """Tags each role that it visits."""

    def visit(self, node: IConstruct) -> None:
        if isinstance(node, IamRole):
            node.tags = {"visited": "yes"}


class OverridingRole(IamRole):  # type: ignore[misc]  # the bindings are Any to mypy
    """A role that changes what JavaScript asks it for."""

    def _synthesize_attributes(self) -> dict[str, Any]:
        return {**super()._synthesize_attributes(), "path": "/overridden/"}


def refused(call: Any, *args: Any, **kwargs: Any) -> str:
    """The exception that a call ends in."""
    try:
        call(*args, **kwargs)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "accepted"


def build(app: App) -> dict[str, Any]:
    """Fill a stack, and tell what was seen."""
    stack = TerraformStack(app, "probe")
    LocalBackend(stack, path="state")
    AwsProvider(stack, "aws", region="ap-southeast-2")
    KubernetesProvider(stack, "kubernetes", config_path="kubeconfig")
    TlsProvider(stack, "tls")
    seen: dict[str, Any] = {}

    certificate = DataTlsCertificate(stack, "certificate", url="https://cluster.example.com")
    oidc = IamOpenidConnectProvider(
        stack,
        "oidc",
        url="https://cluster.example.com",
        client_id_list=["sts.amazonaws.com"],
        thumbprint_list=[certificate.certificates.get(0).sha1_fingerprint],
    )
    role = IamRole(stack, "role", name="role", assume_role_policy=json.dumps({"is": oidc.arn}))
    OverridingRole(stack, "overriding", name="overriding", assume_role_policy="{}")
    Aspects.of(stack).add(Tagged())

    names = TerraformIterator.from_list(["a", "b"])
    IamRole(
        stack, "each", for_each=names, name=Token.as_string(names.value), assume_role_policy="{}"
    )

    pod = PodV1(
        stack,
        "pod",
        metadata=PodV1Metadata(name="pod", labels={"role": role.name}),
        spec=PodV1Spec(container=[PodV1SpecContainer(name="aws", image_pull_policy="Always")]),
        lifecycle=TerraformResourceLifecycle(ignore_changes=["metadata"]),
    )
    seen["nested type"] = type(pod.metadata).__qualname__
    TerraformOutput(stack, "nested", value=pod.metadata.uid)
    TerraformOutput(stack, "deeper", value=pod.spec.container.get(0).name)

    seen["found is the same object"] = stack.node.find_child("role") is role
    seen["children"] = [type(child).__qualname__ for child in stack.node.children]

    seen["missing argument"] = refused(IamRole, stack, "none", name="x")
    seen["wrong type"] = refused(IamRole, stack, "wrong", name=1, assume_role_policy="{}")
    seen["wrong nested type"] = refused(PodV1Metadata, name="x", labels=["x"])
    seen["set to a wrong type"] = refused(setattr, role, "name", 1)
    seen["failed in JavaScript"] = refused(ConfigMapV1, stack, "role", metadata={"name": "x"})

    import_late(stack, seen)
    return seen


def import_late(stack: TerraformStack, seen: dict[str, Any]) -> None:
    """Import in each of Python's ways, after the stack was begun."""
    import cdktf_cdktf_provider_aws as aws
    import cdktf_cdktf_provider_kubernetes.secret_v1 as secret_v1
    from cdktf_cdktf_provider_aws import sns_topic

    aws.sqs_queue.SqsQueue(stack, "attribute", name="attribute")
    sns_topic.SnsTopic(stack, "from", name="from")
    secret_v1.SecretV1(stack, "as", metadata={"name": "as"})
    tls: dict[str, Any] = {}
    exec("from cdktf_cdktf_provider_tls import *", tls)  # allowed at module level only
    seen["star"] = sorted(tls.keys() - {"__builtins__"})
    seen["all"] = aws.__all__
    seen["unknown attribute"] = refused(getattr, aws, "no_such_thing")
    seen["unknown submodule"] = refused(__import__, "cdktf_cdktf_provider_aws.no_such_thing")
    seen["types of nobody's import"] = type(created_by_the_kernel(stack)).__qualname__


def created_by_the_kernel(stack: TerraformStack) -> Any:
    """An object that JavaScript made, of a type that no Python module was imported for."""
    from jsii._kernel.types import CreateRequest

    jsii._runtime.kernel.provider.create(
        CreateRequest(
            fqn="@cdktf/provider-aws.kmsKey.KmsKey",
            args=[stack, "kernel"],
            overrides=[],
            interfaces=[],
        )
    )
    return stack.node.find_child("kernel")


if __name__ == "__main__":
    out, *configurations = map(Path, sys.argv[1:])
    out.mkdir()
    app = App(outdir=str(out / "probe"))
    observed = build(app)
    app.synth()
    (out / "seen.json").write_text(json.dumps(observed, indent=1))
    for path in configurations:
        synth([load(path)], str(out / path.stem))
