"""What RBAC grants to strangers, as a part of the layer `control-plane`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from doctor import rbac
from doctor.checks import cluster
from doctor.examination import Examination, Missing
from doctor.finding import Finding, Rule
from doctor.live.cluster import Cluster
from doctor.rbac import Binding
from federation.model.config import ClusterConfig
from federation.model.names import DISCOVERY_ROLE
from formats.escaping import listed

ANONYMOUS = Rule(
    "control-plane-anonymous",
    "control-plane",
    "Anonymous requests have no more rights than they need",
    "Besides the two documents, Kubernetes grants anonymous requests /healthz, /livez, /readyz "
    "and /version, and kubeadm the ConfigMap 'cluster-info'. Any other binding is a warning. It "
    "is a failure if anonymous requests may create tokens, create or enter pods, read secrets, "
    "or change roles, nodes, admission or the objects of a workload: anyone who reaches the API "
    "server then has the AWS roles. The group 'system:authenticated' counts here, too: the "
    "token of any pod is enough.",
    "Another binding names the group 'system:unauthenticated' or 'system:authenticated', or the "
    "user 'system:anonymous'.",
    "Delete the binding, unless you know that it is needed.",
)

_BUILT_IN = {
    ("system:public-info-viewer", "system:public-info-viewer"),
    (
        "kube-public/kubeadm:bootstrap-signer-clusterinfo",
        "kubeadm:bootstrap-signer-clusterinfo",
    ),
}
"""Binding and role."""

_UNBIND = (
    "Delete the binding, or remove these subjects from it. Until then, treat the cluster as open "
    "to anyone who can reach it, and search its audit log."
)
_UNREAD = "You may not read the roles of these bindings."
_READ_ROLES = "Run the doctor with 'list' on clusterroles and 'get' on roles."


@dataclass(frozen=True)
class _Granted:
    """What a binding grants to strangers.

    Attributes:
        powers: What they must not be able to do.
        unread: Why its role cannot be judged, or nothing.
    """

    binding: Binding
    powers: tuple[str, ...] = ()
    unread: str = ""

    @property
    def text(self) -> str:
        """The binding in words."""
        kind, name = self.binding.role
        role = f"{'role' if kind == 'ClusterRole' else kind} {name}"
        strangers = f"to {' and '.join(sorted(self.binding.strangers))}"
        more = ", ".join(self.powers) or (f"not judged: {self.unread}" if self.unread else "")
        granted = f"{role}, {strangers}: {more}" if more else role
        return f"{self.binding.full_name} ({granted})"

    @property
    def is_further(self) -> bool:
        """Whether it grants more than Kubernetes and a federation do."""
        binding = self.binding
        is_known = reads_documents(binding) or (binding.full_name, binding.role[1]) in _BUILT_IN
        return bool(self.powers) or (binding.is_anonymous and not is_known)

    def reaches(self, config: ClusterConfig) -> bool:
        """Whether it counts where a workload is, in the whole cluster, or in kube-system."""
        near = {"", "kube-system", *(each.namespace for each in config.workloads)}
        return self.binding.namespace in near


async def are_granted_little(examination: Examination) -> AsyncIterator[Finding]:
    """The look of `control-plane-anonymous`."""
    found = await examination.once(bindings)
    granted = [await _judge_binding(examination, each) for each in found]
    fatal = [each for each in granted if each.powers and each.reaches(examination.config)]
    unread = [each for each in granted if each.unread]
    others = [each for each in granted if each.is_further and each not in (*fatal, *unread)]
    if fatal:
        yield ANONYMOUS.failed(_texts(fatal), "no such rights for anonymous requests", fix=_UNBIND)
    if unread:
        seen, expected = _texts(unread), "roles that can be read"
        yield ANONYMOUS.warned(seen, expected, cause=_UNREAD, fix=_READ_ROLES)
    if others:
        yield ANONYMOUS.warned(_texts(others), "no other binding")
    if not (fatal or unread or others):
        yield ANONYMOUS.passed("RBAC grants only what Kubernetes grants by default")


async def bindings(examination: Examination) -> tuple[Binding, ...]:
    return await cluster.read(examination, Cluster.bindings_of_strangers)


def reads_documents(binding: Binding) -> bool:
    return binding.role == ("ClusterRole", DISCOVERY_ROLE) and not binding.namespace


async def _judge_binding(examination: Examination, binding: Binding) -> _Granted:
    try:
        role, others = await _role(examination, binding)
    except Missing as missing:
        return _Granted(binding, unread=str(missing))
    return _Granted(binding, rbac.powers(rbac.rules_of(role, others)) if role else ())


async def _role(
    examination: Examination, binding: Binding
) -> tuple[Mapping[str, Any] | None, Sequence[Mapping[str, Any]]]:
    """The role of a binding, and the ClusterRoles that it may take rules from."""
    kind, name = binding.role
    if kind != "ClusterRole":
        return await cluster.read(examination, lambda each: each.role(binding.namespace, name)), ()
    roles = await examination.once(_cluster_roles)
    return next((each for each in roles if rbac.name_of(each) == name), None), roles


async def _cluster_roles(examination: Examination) -> tuple[Mapping[str, Any], ...]:
    return await cluster.read(examination, Cluster.cluster_roles)


def _texts(granted: Sequence[_Granted]) -> str:
    return listed([each.text for each in granted])
