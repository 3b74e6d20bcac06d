"""Talos Linux: pkg/machinery/config/types, v1.12.4, v1.13.9 and v1.14.0-rc.1."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apiserver.commands import Reading
from apiserver.defaults import with_defaults
from apiserver.distribution import Distribution, Goal, RenderedFile, Schema, Writing
from apiserver.documents import Object, entries, extra_args, inside, mapping, version_of
from apiserver.flags import AUTHENTICATION_CONFIG, PROGRAM, Flags
from apiserver.orders import ONE_AT_A_TIME
from apiserver.settings import Settings
from apiserver.writing import file_of
from federation.errors import UserError

_FOLDER = "/var/oidc-iam"
_DOCUMENTS = "v1.14"
"""The form whose settings are documents of their own."""
_AUTHENTICATION_FILE = f"{_FOLDER}/authentication-config.yaml"
_AUTHENTICATION = {
    "apiVersion": "apiserver.config.k8s.io/v1beta1",
    "kind": "AuthenticationConfiguration",
}
"""What Talos 1.14 takes for granted in KubeAuthenticationConfig."""
_WORKERS = ("worker", "join")
_LAST_WITHOUT_LISTS = 12
"""The minor version after which extraArgs take lists."""


@dataclass(frozen=True)
class _Machine:
    """What the documents of a machine configuration say, each overriding those before it."""

    flags: Flags = ()
    endpoint: Any = None
    schema: str | None = None
    version: str | None = None
    accepted: tuple[str, ...] = ()
    authentication: dict[str, Any] | None = None


def _read(documents: Sequence[Object], place: str) -> Iterator[Reading]:
    wrapped = [str(each["spec"]) for each in documents if _is_wrapped(each)]
    found = [each for each in [*documents, *inside(wrapped, place)] if _is_part(each)]
    if found:
        yield _machine_configuration(found, place)


def _is_part(document: Object) -> bool:
    is_machine = any(isinstance(document.get(part), dict) for part in ("machine", "cluster"))
    is_document = document.get("apiVersion") == "v1alpha1" and _kind(document).startswith("Kube")
    return ("kind" not in document and is_machine) or is_document


def _kind(document: Object) -> str:
    return str(document.get("kind"))


def _is_wrapped(document: Object) -> bool:
    """As `talosctl get machineconfig -o yaml` shows it."""
    kind = mapping(document, "metadata").get("type")
    return isinstance(document.get("spec"), str) and "MachineConfig" in str(kind)


def _machine_configuration(documents: Sequence[Object], place: str) -> Reading:
    machine = _Machine()
    for document in documents:
        machine = _with_document(machine, document, place)
    if machine.endpoint is None:
        raise UserError(
            f"{place}: has no control plane endpoint, which Talos uses as the issuer. Pass the "
            "whole machine configuration."
        )
    issuer = str(machine.endpoint)
    reading = Reading(
        place,
        "a Talos machine configuration",
        Settings.of(machine.flags),
        schema=machine.schema,
        version=machine.version,
        authentication=machine.authentication,
    )
    found = with_defaults(reading, TALOS, issuer, audiences=(issuer,))
    issuers = dict.fromkeys((*found.settings.issuers, *machine.accepted))
    return replace(found, settings=replace(found.settings, issuers=tuple(issuers)))


def _with_document(machine: _Machine, document: Object, place: str) -> _Machine:
    if mapping(document, "machine").get("type") in _WORKERS:
        raise UserError(
            f"{place}: is the machine configuration of a worker. Pass that of a control plane node."
        )
    if _kind(document) == "KubeServiceAccountConfig":
        issuer = mapping(document, "issuer").get("issuerURL", machine.endpoint)
        accepted = tuple(map(str, entries(mapping(document, "accepted"), "issuers")))
        return replace(machine, endpoint=issuer, accepted=accepted)
    if _kind(document) == "KubeAuthenticationConfig":
        authentication = {**_AUTHENTICATION, **mapping(document, "configuration")}
        flags = (*machine.flags, (AUTHENTICATION_CONFIG, _AUTHENTICATION_FILE))
        return replace(machine, flags=flags, authentication=authentication)
    return _with_server(machine, document, place)


def _with_server(machine: _Machine, document: Object, place: str) -> _Machine:
    cluster = mapping(document, "cluster")
    is_own_document = _kind(document) == "KubeAPIServerConfig"
    server = document if is_own_document else mapping(cluster, "apiServer")
    image = str(mapping(document, "machine", "install").get("image", ""))
    seen = _schema_of(image) or ("v1.13" if "apiServer" in cluster else None)
    return replace(
        machine,
        flags=(*machine.flags, *extra_args(server.get("extraArgs"), place)),
        endpoint=machine.endpoint or mapping(cluster, "controlPlane").get("endpoint"),
        schema=_DOCUMENTS if is_own_document else machine.schema or seen,
        version=version_of(server.get("image")) or machine.version,
    )


def _schema_of(image: str) -> str | None:
    """The form that the version of an installer's image takes."""
    found = re.search(r":v?[0-9]+\.([0-9]+)", image)
    if not found:
        return None
    return "v1.12" if int(found[1]) <= _LAST_WITHOUT_LISTS else "v1.13"


def _render(writing: Writing) -> dict[str, RenderedFile]:
    has_documents = writing.goal.schema.name == _DOCUMENTS
    template = "talos-documents.yaml.j2" if has_documents else "talos.yaml.j2"
    return {"talos-patch.yaml": file_of(template, writing)}


def _refuse(goal: Goal, before: Settings | None, after: Settings) -> Iterator[str]:
    has_documents = goal.schema.name == _DOCUMENTS
    if goal.exposure == "authentication-config" and not has_documents:
        yield (
            "Talos before 1.14 (and with cluster.apiServer) always sets --anonymous-auth, which "
            "stops an API server that has an AuthenticationConfiguration with 'anonymous': use "
            "'--schema v1.14', exposure 'binding', or a bucket."
        )
    if goal.exposure == "binding" and has_documents:
        yield (
            "Talos 1.14 accepts anonymous requests only on the paths of KubeAuthenticationConfig: "
            "use exposure 'authentication-config'."
        )


def _caution(goal: Goal, before: Settings | None, after: Settings) -> Iterator[str]:
    if goal.schema.name == _DOCUMENTS:
        yield (
            "Talos 1.14 has --tls-min-version=VersionTLS13, which cannot be changed. If AWS "
            "connects to the API server itself, it verifies the OIDC provider's thumbprints: keep "
            "'discovery.thumbprint: endpoint', and deploy again after certificates change."
        )


def _conflict(form: str) -> str:
    """`V1Alpha1ConflictValidate` in pkg/machinery/config/types/k8s/apiserver.go, Talos 1.14."""
    return (
        "has cluster.apiServer. Talos 1.14 refuses KubeAPIServerConfig together with it: move it "
        f"and its image into that document first, or use the form {form}."
    )


TALOS = Distribution(
    name="talos",
    title="Talos Linux",
    schemas=(
        Schema(
            "v1.13",
            "Talos v1.13 machine configuration, cluster.apiServer.extraArgs, whose values may be "
            "lists (pkg/machinery/config/types/v1alpha1, v1.13.9)",
        ),
        Schema(
            "v1.12",
            "Talos v1.12 machine configuration, cluster.apiServer.extraArgs, one text for a flag "
            "(pkg/machinery/config/types/v1alpha1, v1.12.4)",
            repeats=False,
        ),
        Schema(
            _DOCUMENTS,
            "Talos v1.14 machine configuration, the documents KubeAPIServerConfig and "
            "KubeAuthenticationConfig (pkg/machinery/config/types/k8s, v1.14.0-rc.1)",
            takes_anonymous_auth=False,
            conflicts=tuple((form, _conflict(form)) for form in ("v1.12", "v1.13")),
        ),
    ),
    place="the machine configuration",
    nodes="every control plane node, with the same values",
    order=(
        "Save the machine configuration of a control plane node ('talosctl get machineconfig "
        "v1alpha1 -o yaml'); it holds secrets.",
        f"{ONE_AT_A_TIME} 'talosctl -n NODE patch machineconfig --patch @FILE': Talos rewrites the "
        "static pod, without a reboot.",
    ),
    verify=(f"talosctl -n NODE get staticpods {PROGRAM} -o yaml",),
    back=("Apply the saved machine configuration ('talosctl -n NODE apply-config -f FILE').",),
    render=_render,
    read=_read,
    configuration="a Talos machine configuration",
    refuse=_refuse,
    caution=_caution,
    anonymous=False,
    folder=_FOLDER,
    writes_authentication=True,
    embeds_authentication=True,
    in_pod=True,
    pod_label=f"k8s-app={PROGRAM}",
    way_out="upgrade to Talos 1.13, whose extraArgs accept lists; or use '--new-cluster' if the "
    "cluster does not exist yet",
    keys="Talos refuses key files in extraArgs. Since 1.14, put the new key into "
    "issuer.privateKey of KubeServiceAccountConfig, and the old public one into "
    "accepted.publicKeys.",
)
