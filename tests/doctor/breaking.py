"""One thing of a working federation broken at a time, as people and accidents break it, and mended
afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from kubernetes import client
from kubernetes.dynamic import DynamicClient
from live_federation import LiveFederation, apply, objects, tags

from doctor.live.https import ServerAddress, present
from federation.iam.trust_policy import trust_policy

Break = Callable[[LiveFederation], AbstractContextManager[None]]

SECRET = "hunter2-hunter2"
GROUP = "rbac.authorization.k8s.io"


@contextlib.contextmanager
def no_binding(live: LiveFederation) -> Iterator[None]:
    """The ClusterRoleBinding of anonymous readers is deleted."""
    (binding,) = [each for each in objects(live) if each["kind"] == "ClusterRoleBinding"]
    client.RbacAuthorizationV1Api(live.api).delete_cluster_role_binding(binding["metadata"]["name"])
    with _mended(live, binding):
        yield


@contextlib.contextmanager
def no_service_account(live: LiveFederation) -> Iterator[None]:
    """The first workload's service account is deleted."""
    account = _object(live, "ServiceAccount")
    metadata = account["metadata"]
    client.CoreV1Api(live.api).delete_namespaced_service_account(
        metadata["name"], metadata["namespace"]
    )
    with _mended(live, account):
        yield


@contextlib.contextmanager
def no_config_map(live: LiveFederation) -> Iterator[None]:
    """The first workload's ConfigMap is deleted."""
    config_map = _object(live, "ConfigMap")
    metadata = config_map["metadata"]
    client.CoreV1Api(live.api).delete_namespaced_config_map(metadata["name"], metadata["namespace"])
    with _mended(live, config_map):
        yield


def config_map_edited(setting: str, value: str) -> Break:
    """A setting in the first workload's ConfigMap has another value."""

    @contextlib.contextmanager
    def edit(live: LiveFederation) -> Iterator[None]:
        config_map = _object(live, "ConfigMap")
        metadata = config_map["metadata"]
        client.CoreV1Api(live.api).patch_namespaced_config_map(
            metadata["name"], metadata["namespace"], {"data": {setting: value}}
        )
        with _mended(live, config_map):
            yield

    return edit


@contextlib.contextmanager
def further_setting(live: LiveFederation) -> Iterator[None]:
    """The first workload's ConfigMap has a setting more, a secret one."""
    metadata = _object(live, "ConfigMap")["metadata"]
    patch = client.CoreV1Api(live.api).patch_namespaced_config_map
    patch(metadata["name"], metadata["namespace"], {"data": {"PASSWORD": SECRET}})
    try:
        yield
    finally:
        patch(metadata["name"], metadata["namespace"], {"data": {"PASSWORD": None}})


@contextlib.contextmanager
def no_labels(live: LiveFederation) -> Iterator[None]:
    """The first workload's service account is another one of its name."""
    account = _object(live, "ServiceAccount")
    metadata = account["metadata"]
    labels = {"metadata": {"labels": None}}
    client.CoreV1Api(live.api).patch_namespaced_service_account(
        metadata["name"], metadata["namespace"], labels
    )
    with _mended(live, account):
        yield


@contextlib.contextmanager
def no_test_pod(live: LiveFederation) -> Iterator[None]:
    """The test pod is deleted."""
    pod = _object(live, "Pod")
    metadata = pod["metadata"]
    client.CoreV1Api(live.api).delete_namespaced_pod(metadata["name"], metadata["namespace"])
    with _mended(live, pod):
        yield


@contextlib.contextmanager
def further_reader(live: LiveFederation) -> Iterator[None]:
    """The binding of anonymous readers has a subject more."""
    binding = _object(live, "ClusterRoleBinding")
    subject = {"apiGroup": GROUP, "kind": "Group", "name": "system:authenticated"}
    client.RbacAuthorizationV1Api(live.api).patch_cluster_role_binding(
        binding["metadata"]["name"], {"subjects": [*binding["subjects"], subject]}
    )
    with _mended(live, binding):
        yield


@contextlib.contextmanager
def anonymous_readers(live: LiveFederation) -> Iterator[None]:
    """Anonymous requests may read the whole cluster."""
    rbac = client.RbacAuthorizationV1Api(live.api)
    rbac.create_cluster_role_binding(
        client.V1ClusterRoleBinding(
            metadata=client.V1ObjectMeta(name="dashboard"),
            role_ref=client.V1RoleRef(api_group=GROUP, kind="ClusterRole", name="view"),
            subjects=[client.RbacV1Subject(api_group=GROUP, kind="User", name="system:anonymous")],
        )
    )
    try:
        yield
    finally:
        rbac.delete_cluster_role_binding("dashboard")


def api_server_flags(*flags: tuple[str, ...]) -> Break:
    """API servers run as pods, one with each of these lists of flags."""

    @contextlib.contextmanager
    def show(live: LiveFederation) -> Iterator[None]:
        core = client.CoreV1Api(live.api)
        names = [f"kube-apiserver-node-{number}" for number in range(1, len(flags) + 1)]
        for name, arguments in zip(names, flags, strict=True):
            core.create_namespaced_pod("kube-system", _pod(name, arguments))
        try:
            yield
        finally:
            for name in names:
                core.delete_namespaced_pod(name, "kube-system", grace_period_seconds=0)

    return show


@contextlib.contextmanager
def no_provider(live: LiveFederation) -> Iterator[None]:
    """The OIDC provider is deleted."""
    right = _delete_provider(live)
    try:
        yield
    finally:
        live.iam.create_open_id_connect_provider(**right)


def provider(**changes: Any) -> Break:
    """The OIDC provider is another one: `Url`, `ClientIDList` or `ThumbprintList`."""

    @contextlib.contextmanager
    def edit(live: LiveFederation) -> Iterator[None]:
        right = _delete_provider(live)
        # moto knows no action that adds or removes an audience.
        other = live.iam.create_open_id_connect_provider(**right | changes)
        try:
            yield
        finally:
            live.iam.delete_open_id_connect_provider(
                OpenIDConnectProviderArn=other["OpenIDConnectProviderArn"]
            )
            live.iam.create_open_id_connect_provider(**right)

    return edit


@contextlib.contextmanager
def leaf_pinned(live: LiveFederation) -> Iterator[None]:
    """The OIDC provider has the thumbprint of the server's own certificate."""
    address = ServerAddress(*live.config.discovery_address, live.config.issuer_host)
    leaf = present(address, 5.0).chain[0]
    with provider(ThumbprintList=[hashlib.sha1(leaf, usedforsecurity=False).hexdigest()])(live):
        yield


def trust_edited(change: Callable[[dict[str, Any]], None]) -> Break:
    """The trust policy of the first workload's role is edited by hand."""

    @contextlib.contextmanager
    def edit(live: LiveFederation) -> Iterator[None]:
        right = _trust(live)
        wrong = json.loads(json.dumps(right))
        change(wrong["Statement"][0])
        _set_trust(live, wrong)
        try:
            yield
        finally:
            _set_trust(live, right)

    return edit


def any_account_of_the_namespace(statement: dict[str, Any]) -> None:
    """`sub` is a pattern."""
    subject = statement["Condition"]["StringEquals"].pop("oidc.sandbox.internal:sub")
    statement["Condition"]["StringLike"] = {
        "oidc.sandbox.internal:sub": subject.rpartition(":")[0] + ":*"
    }


def any_audience(statement: dict[str, Any]) -> None:
    """Nothing is said of `aud`."""
    del statement["Condition"]["StringEquals"]["oidc.sandbox.internal:aud"]


def anybody(statement: dict[str, Any]) -> None:
    """Nothing is said of the token at all."""
    del statement["Condition"]


def another_account(statement: dict[str, Any]) -> None:
    """`sub` is another service account."""
    statement["Condition"]["StringEquals"]["oidc.sandbox.internal:sub"] += "-old"


@contextlib.contextmanager
def no_role(live: LiveFederation) -> Iterator[None]:
    """The first workload's role is deleted."""
    name, policies = _role(live), _attached(live)
    for arn in policies:
        live.iam.detach_role_policy(RoleName=name, PolicyArn=arn)
    live.iam.delete_role(RoleName=name)
    try:
        yield
    finally:
        live.iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps(_trust(live)),
            MaxSessionDuration=live.config.workloads[0].role.max_session_duration,
            Tags=tags(live.config),
        )
        for arn in policies:
            live.iam.attach_role_policy(RoleName=name, PolicyArn=arn)


@contextlib.contextmanager
def policy_detached(live: LiveFederation) -> Iterator[None]:
    """The first workload's role has lost its policy."""
    name, (arn,) = _role(live), _attached(live)
    live.iam.detach_role_policy(RoleName=name, PolicyArn=arn)
    try:
        yield
    finally:
        live.iam.attach_role_policy(RoleName=name, PolicyArn=arn)


@contextlib.contextmanager
def policy_attached(live: LiveFederation) -> Iterator[None]:
    """The first workload's role has a policy more."""
    name, arn = _role(live), "arn:aws:iam::aws:policy/AdministratorAccess"
    live.iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    try:
        yield
    finally:
        live.iam.detach_role_policy(RoleName=name, PolicyArn=arn)


@contextlib.contextmanager
def policy_written(live: LiveFederation) -> Iterator[None]:
    """A policy is part of the first workload's role."""
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    live.iam.put_role_policy(RoleName=_role(live), PolicyName="quick", PolicyDocument=document)
    try:
        yield
    finally:
        live.iam.delete_role_policy(RoleName=_role(live), PolicyName="quick")


@contextlib.contextmanager
def tag_changed(live: LiveFederation) -> Iterator[None]:
    """A tag of the first workload's role has another value; there is another one too."""
    (tag,) = tags(live.config)
    live.iam.tag_role(
        RoleName=_role(live),
        Tags=[{"Key": tag["Key"], "Value": "hand"}, {"Key": "cost-center", "Value": "7"}],
    )
    try:
        yield
    finally:
        live.iam.untag_role(RoleName=_role(live), TagKeys=["cost-center"])
        live.iam.tag_role(RoleName=_role(live), Tags=[tag])


def session_duration(seconds: int) -> Break:
    """The sessions of the first workload's role may be of another length."""

    @contextlib.contextmanager
    def edit(live: LiveFederation) -> Iterator[None]:
        right = live.config.workloads[0].role.max_session_duration
        live.iam.update_role(RoleName=_role(live), MaxSessionDuration=seconds)
        try:
            yield
        finally:
            live.iam.update_role(RoleName=_role(live), MaxSessionDuration=right)

    return edit


@contextlib.contextmanager
def boundary(live: LiveFederation) -> Iterator[None]:
    """The first workload's role has a permissions boundary."""
    arn = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
    live.iam.put_role_permissions_boundary(RoleName=_role(live), PermissionsBoundary=arn)
    try:
        yield
    finally:
        live.iam.delete_role_permissions_boundary(RoleName=_role(live))


@contextlib.contextmanager
def _mended(live: LiveFederation, right: dict[str, Any]) -> Iterator[None]:
    try:
        yield
    finally:
        apply(DynamicClient(live.api), right)  # type: ignore[no-untyped-call]


def _object(live: LiveFederation, kind: str) -> dict[str, Any]:
    return next(each for each in objects(live) if each["kind"] == kind)


def _pod(name: str, arguments: tuple[str, ...]) -> client.V1Pod:
    container = client.V1Container(
        name="kube-apiserver",
        image="registry.example.com/kube-apiserver",
        command=list(arguments) if "/" in arguments[0][:5] else ["kube-apiserver", *arguments],
    )
    return client.V1Pod(
        metadata=client.V1ObjectMeta(name=name, labels={"component": "kube-apiserver"}),
        spec=client.V1PodSpec(containers=[container], automount_service_account_token=False),
    )


def _role(live: LiveFederation) -> str:
    return live.config.role_name(live.config.workloads[0])


def _trust(live: LiveFederation) -> dict[str, Any]:
    config = live.config
    subject = config.workloads[0].subject
    return trust_policy(str(config.provider_arn()), config.issuer_key, config.audience, subject)


def _set_trust(live: LiveFederation, policy: dict[str, Any]) -> None:
    live.iam.update_assume_role_policy(RoleName=_role(live), PolicyDocument=json.dumps(policy))


def _attached(live: LiveFederation) -> list[str]:
    found = live.iam.list_attached_role_policies(RoleName=_role(live))["AttachedPolicies"]
    return [each["PolicyArn"] for each in found]


def _delete_provider(live: LiveFederation) -> dict[str, Any]:
    """Delete the provider, and give what to make it of again."""
    arn = str(live.config.provider_arn())
    found = live.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    live.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    return {
        "Url": live.config.issuer,
        "ClientIDList": found["ClientIDList"],
        "ThumbprintList": found["ThumbprintList"],
        "Tags": found["Tags"],
    }
