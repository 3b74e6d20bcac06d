"""What there is to know of a distribution, and what a federation asks of its API servers.

`apiserver.distributions` has a module for each. What is said of one comes from its source at the
version that `Schema.source` names. `apiserver.plan` decides with these facts, `apiserver.reading`
reads with them, and `apiserver.rendering` writes with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apiserver.authentication import authentication_form
from apiserver.commands import Reading
from apiserver.documents import Object
from apiserver.flags import PROGRAM, Flags
from apiserver.settings import Settings
from federation.model.config import ClusterConfig

DISCOVERY_BY_DEFAULT = 20
"""From 1.20 on an API server serves the discovery documents without a feature gate (KEP-1393)."""

VARIABLES_OF_PODS = ("$(", "$$")
"""What the kubelet replaces in the command of a pod, and its escape."""
JINJA = ("{{", "{%", "{#")
"""What begins an expression, a statement and a comment of Jinja."""


@dataclass(frozen=True)
class Tested:
    """What a test of this project proves of a form.

    Attributes:
        what: for people; nothing more than the test shows.
        test: `FILE::FUNCTION`, which has a case for the form.
    """

    what: str
    test: str


READ_BACK = Tested(
    "our tests parse the file and read the same flags back; no cluster was made with it",
    "tests/apiserver/test_apiserver_rendering.py::test_each_form_holds_the_flags_of_the_plan",
)


@dataclass(frozen=True)
class Schema:
    """One form in which a distribution takes flags.

    Attributes:
        name: as `--schema` takes it.
        source: the file or page, with its version, that the form follows.
        repeats: whether one flag can be given several times.
        oldest: the oldest minor version of Kubernetes that takes the form.
        newest: the newest one, if there is one.
        has_all_flags: whether the file replaces the whole command.
        takes_anonymous_auth: whether `--anonymous-auth` can be set in it.
        conflicts: forms that cannot be used together with this one, each with the reason.
        tested: what our tests prove of it.
    """

    name: str
    source: str
    repeats: bool = True
    oldest: int = 18
    newest: int | None = None
    has_all_flags: bool = False
    takes_anonymous_auth: bool = True
    conflicts: tuple[tuple[str, str], ...] = ()
    tested: Tested = READ_BACK

    def takes(self, minor: int | None) -> bool:
        """Whether a version of Kubernetes takes the form."""
        return minor is None or (self.oldest <= minor and (not self.newest or minor <= self.newest))


@dataclass(frozen=True)
class Goal:
    """What a federation asks of a control plane.

    Attributes:
        config: the federation, with what is known of the control plane.
        distribution: what runs it.
        schema: the form in which the settings are written.
        kept_issuers: issuers that run now, as a person names them.
        is_new: whether no token was issued yet, so that nothing has to be kept.
    """

    config: ClusterConfig
    distribution: Distribution
    schema: Schema
    kept_issuers: tuple[str, ...] = ()
    is_new: bool = False

    @property
    def exposure(self) -> str:
        """How the documents are shown: `binding`, `authentication-config` or `none`."""
        return self.config.discovery.exposure

    @property
    def reaches_server(self) -> bool:
        """Whether AWS reads the documents from the API server, and not from somewhere else."""
        return self.exposure != "none" and self.config.discovery.hosting != "s3"

    @property
    def minor(self) -> int | None:
        """The minor version of the API servers, if it is known."""
        return self.config.kubernetes.minor

    @property
    def authentication_file(self) -> str:
        """Where our AuthenticationConfiguration is, as the API server sees it."""
        own = self.distribution
        name = own.authentication_name.format(form=authentication_form(self.minor))
        return f"{own.folder}/{name}"


@dataclass(frozen=True)
class RenderedFile:
    """A file to bring to the control plane.

    Attributes:
        text: what is in it.
        place: where it goes, or into what it is merged.
    """

    text: str
    place: str


@dataclass(frozen=True)
class Writing:
    """What a distribution's file has to say.

    Attributes:
        goal: what is asked for.
        after: the settings to run.
        flags: the flags that the file has to name.
        others: all further flags that run now, for a form that has to repeat them.
        program: the path of kube-apiserver.
        authentication: the AuthenticationConfiguration to write, if there is one.
    """

    goal: Goal
    after: Settings
    flags: Flags
    others: Flags = ()
    program: str = PROGRAM
    authentication: Mapping[str, Any] | None = None

    @property
    def by_name(self) -> dict[str, list[str]]:
        """The values of each flag."""
        found: dict[str, list[str]] = {}
        for name, value in self.flags:
            found.setdefault(name, []).append(value)
        return found

    @property
    def first(self) -> dict[str, str]:
        """The first value of each flag, for a form that is a map."""
        return {name: values[0] for name, values in self.by_name.items()}

    @property
    def further(self) -> list[tuple[str, str]]:
        """The other values, for what a map drops."""
        names = [name for name, _ in self.flags]
        return [flag for at, flag in enumerate(self.flags) if flag[0] in names[:at]]


Reader = Callable[[Sequence[Object], str], Iterator[Reading]]
"""From all documents of a text, and what errors call it: what is of this distribution."""
Renderer = Callable[[Writing], dict[str, RenderedFile]]
"""The files of this distribution, by their names."""
Quirk = Callable[[Goal, Settings | None, Settings], Iterator[str]]
"""What is to be said of a goal, the settings that run now (if known) and those to run."""


def _reads_nothing(documents: Sequence[Object], place: str) -> Iterator[Reading]:
    return iter(())


def _no_quirk(goal: Goal, before: Settings | None, after: Settings) -> Iterator[str]:
    return iter(())


@dataclass(frozen=True)
class Distribution:
    """How one distribution runs the API server.

    Attributes:
        name: as in `kubernetes.distribution`.
        title: for people.
        schemas: the first that fits the version is taken.
        place: the file in which the values go.
        nodes: where that file is.
        order: the steps, with restarts.
        verify: where the flags of the running API server can be seen.
        back: the way back.
        render: writes the file.
        read: reads its configuration.
        configuration: what `read` reads, for people; empty if nothing.
        refuse: what speaks against settings, because of this distribution.
        caution: what to think about first, because of this distribution.
        family: those with the same family can be read from each other's files.
        sets_issuer: whether it sets an issuer by itself.
        issuer: that issuer, if it is one text for all clusters.
        issuer_since: the first minor version that sets it.
        audiences: what it sets as --api-audiences by itself.
        anonymous: whether anonymous requests are taken if nothing is configured.
        uses_kubeadm: whether kubeadm makes the static pod and joins nodes.
        early_signing_key: the signing key to name before 1.20, which sets none by itself.
        folder: where a file of ours for the API server goes, as the API server sees it.
        authentication_name: the name of the AuthenticationConfiguration there; `{form}` is its
            version.
        writes_authentication: whether it writes the AuthenticationConfiguration by itself, out of
            what is configured.
        embeds_authentication: whether the file of `render` holds that document.
        port: the port of the API server.
        in_pod: whether the kubelet starts the API server, and fills variables into its command.
        pod_label: what finds the API servers' pods in kube-system.
        pod_annotation: the beginning of an annotation that only its pods have.
        jinja: what reads the file as a template of Jinja, if something does.
        way_out: what to do if a form keeps one of several flags of the same name.
        keys: how to change the signing key, if not by flags.
        other_program: the name of a program that runs the API server in itself, and what to give
            instead of its command.
        elsewhere: other places for the same flags.
    """

    name: str
    title: str
    schemas: tuple[Schema, ...]
    place: str
    nodes: str
    order: tuple[str, ...]
    verify: tuple[str, ...]
    back: tuple[str, ...]
    render: Renderer
    read: Reader = _reads_nothing
    configuration: str = ""
    refuse: Quirk = _no_quirk
    caution: Quirk = _no_quirk
    family: str = ""
    sets_issuer: bool = True
    issuer: str | None = None
    issuer_since: int = 18
    audiences: tuple[str, ...] = ()
    anonymous: bool = True
    uses_kubeadm: bool = False
    early_signing_key: str | None = None
    folder: str = "/etc/kubernetes/oidc-iam"
    authentication_name: str = "authentication-config.yaml"
    writes_authentication: bool = False
    embeds_authentication: bool = False
    port: int = 6443
    in_pod: bool = False
    pod_label: str | None = None
    pod_annotation: str | None = None
    jinja: str | None = None
    way_out: str = ""
    keys: str | None = None
    other_program: tuple[str, str] | None = None
    elsewhere: tuple[str, ...] = ()

    def default_issuer(self, minor: int | None, in_cluster: str | None = None) -> str | None:
        """The issuer that a version sets by itself.

        Args:
            minor: the minor version, if it is known.
            in_cluster: the one that it sets in this cluster; None is the one for all clusters.
        """
        sets_one = minor is None or minor >= self.issuer_since
        return (in_cluster or self.issuer) if sets_one else None

    def is_akin_to(self, other: Distribution) -> bool:
        """Whether its files may be read for the other one."""
        return self is other or bool(self.family and self.family == other.family)
