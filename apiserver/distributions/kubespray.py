"""kubespray: docs/ansible/vars.md, roles/kubernetes/control-plane (master of August 2026)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apiserver import patches
from apiserver.authentication import authentication_form
from apiserver.commands import Reading
from apiserver.defaults import with_defaults
from apiserver.distribution import Distribution, RenderedFile, Schema, Writing
from apiserver.distributions import kubeadm
from apiserver.documents import Object, entries, extra_args, mapping, mappings, version_of
from apiserver.flags import ANONYMOUS_AUTH, AUTHENTICATION_CONFIG, FEATURE_GATES, PROGRAM
from apiserver.orders import STATIC_POD, STATIC_POD_LABEL
from apiserver.settings import Settings
from apiserver.writing import file_of

_AUTHENTICATION_NAME = "apiserver-authentication-config-{form}.yaml"
_KEYS = (
    "kube_api_anonymous_auth",
    "kube_apiserver_feature_gates",
    "kube_apiserver_use_authentication_config_file",
    "kube_cert_dir",
    "kube_kubeadm_apiserver_extra_args",
    "kube_oidc_auth",
)
_OIDC = {
    "kube_oidc_url": "oidc-issuer-url",
    "kube_oidc_client_id": "oidc-client-id",
    "kube_oidc_ca_file": "oidc-ca-file",
    "kube_oidc_username_claim": "oidc-username-claim",
    "kube_oidc_groups_claim": "oidc-groups-claim",
    "kube_oidc_username_prefix": "oidc-username-prefix",
    "kube_oidc_groups_prefix": "oidc-groups-prefix",
}
_DEFAULTS = {"cluster_name": "cluster.local", "kube_config_dir": "/etc/kubernetes"}
"""Defaults that other variables and paths are made of."""
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_WITH_VARIABLES = (AUTHENTICATION_CONFIG, FEATURE_GATES, ANONYMOUS_AUTH)
"""Flags that have variables of their own."""


def _read(documents: Sequence[Object], place: str) -> Iterator[Reading]:
    """Group variables, as roles/kubernetes/control-plane/templates read them."""
    return (
        _variables(each, place)
        for each in documents
        if "kind" not in each and any(key in each for key in _KEYS)
    )


def _variables(document: Object, place: str) -> Reading:
    given = extra_args(document.get("kube_kubeadm_apiserver_extra_args"), place)
    extra = tuple((flag, _fill(document, value)) for flag, value in given)
    own = [
        entries(each, "patch")
        for each in mappings(document, "kubeadm_patches")
        if each.get("target") == PROGRAM
    ]
    appended = [flag for patch in own for flag in patches.appended_flags(patch, place)]
    version = version_of(f":{document.get('kube_version', '')}")
    authentication = _authentication(document, version)
    reading = Reading(
        place,
        "kubespray group variables",
        Settings.of((*extra, *appended, *_flags_of_variables(document, authentication))),
        schema="extra-args-patch" if appended else None,
        version=version,
        authentication=authentication,
    )
    domain = _fill(document, document.get("dns_domain", "{{ cluster_name }}"))
    return with_defaults(reading, KUBESPRAY, kubeadm.issuer_of(domain))


def _authentication(document: Object, version: str | None) -> dict[str, Any] | None:
    """The AuthenticationConfiguration that kubespray writes; None if it writes none."""
    if document.get("kube_apiserver_use_authentication_config_file") is not True:
        return None
    parts = {
        "jwt": entries(document, "kube_apiserver_authentication_config_jwt"),
        "anonymous": mapping(document, "kube_apiserver_authentication_config_anonymous"),
    }
    minor = int(version.partition(".")[2]) if version else None
    return {
        "apiVersion": f"apiserver.config.k8s.io/{authentication_form(minor)}",
        "kind": "AuthenticationConfiguration",
        **{key: value for key, value in parts.items() if value},
    }


def _flags_of_variables(
    document: Object, authentication: Mapping[str, Any] | None
) -> Iterator[tuple[str, str]]:
    """The flags that have variables of their own."""
    gates = [entries(document, f"kube{infix}_feature_gates") for infix in ("_apiserver", "")]
    for gate in gates[0] or gates[1]:
        yield FEATURE_GATES, str(gate)
    if authentication is not None:
        form = str(authentication["apiVersion"]).partition("/")[2]
        name = _AUTHENTICATION_NAME.format(form=form)
        yield AUTHENTICATION_CONFIG, f"{_fill(document, '{{ kube_config_dir }}')}/{name}"
        return
    if document.get("kube_api_anonymous_auth") is False:
        yield ANONYMOUS_AUTH, "false"
    if document.get("kube_oidc_auth") is True:
        for key, flag in _OIDC.items():
            if key in document:
                yield flag, _fill(document, document[key])


def _fill(document: Object, value: Any) -> str:
    """Text in which `{{ variable }}` is replaced, if the same document says what it is."""
    known = {**_DEFAULTS, **document}
    return _VARIABLE.sub(lambda found: str(known.get(found[1], found[0])), str(value))


def _render(writing: Writing) -> dict[str, RenderedFile]:
    first = {name: value for name, value in writing.first.items() if name not in _WITH_VARIABLES}
    return {"k8s-cluster.yml": file_of("kubespray.yaml.j2", writing, first=first)}


KUBESPRAY = Distribution(
    name="kubespray",
    title="kubespray",
    schemas=(
        Schema(
            "extra-args",
            "kubespray group variables, kube_kubeadm_apiserver_extra_args (docs/ansible/vars.md, "
            "master of August 2026)",
            repeats=False,
        ),
        Schema(
            "extra-args-patch",
            "kubespray group variables, kube_kubeadm_apiserver_extra_args and kubeadm_patches "
            "(docs/ansible/vars.md, master of August 2026)",
        ),
    ),
    place="inventory/NAME/group_vars/k8s_cluster/k8s-cluster.yml",
    nodes="none by hand: the playbook writes the files of each control plane node",
    order=(
        "Commit the current inventory.",
        "'ansible-playbook -b -i INVENTORY playbooks/facts.yml', and then 'ansible-playbook -b -i "
        "INVENTORY upgrade-cluster.yml -e kube_version=THE_SAME -e serial=1 --limit "
        "kube_control_plane:etcd' (docs/operations/upgrades.md), which changes one node at a "
        "time.",
    ),
    verify=(STATIC_POD,),
    back=("Restore the group variables, and run the playbook again.",),
    render=_render,
    read=_read,
    configuration="kubespray group variables",
    family=kubeadm.FAMILY,
    issuer=kubeadm.ISSUER,
    issuer_since=kubeadm.ISSUER_SINCE,
    uses_kubeadm=True,
    early_signing_key=kubeadm.KUBEADM.early_signing_key,
    folder="/etc/kubernetes",
    authentication_name=_AUTHENTICATION_NAME,
    writes_authentication=True,
    embeds_authentication=True,
    in_pod=True,
    pod_label=STATIC_POD_LABEL,
    jinja="Ansible",
    way_out="'--schema extra-args-patch', which appends the other values to the static pod with a "
    "kubeadm patch",
)
