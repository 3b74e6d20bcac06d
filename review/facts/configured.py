"""The facts of one of our own configurations, each with its line where the text is at hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from federation.iam.trust_policy import role_trust_policy
from federation.model.config import ANONYMOUS_PATHS_MINOR, ClusterConfig, Workload
from federation.model.names import DISCOVERY_ROLE
from federation.model.places import Place, dotted, texts
from federation.rules.configuration import Observation
from federation.yaml.documents import Document
from review.facts.estate import (
    AnonymousAccess,
    Attachment,
    Audiences,
    Configuration,
    Endpoint,
    Estate,
    LocalState,
    RoleTrust,
    Session,
    Setting,
    Thumbprints,
    TokenLifetime,
    Unbounded,
    Where,
    renamed,
)


def configured(
    config: ClusterConfig,
    file: str,
    document: Document | None = None,
    looked: Mapping[str, tuple[Observation, ...]] | None = None,
) -> Estate:
    """The facts of a configuration.

    Args:
        config: The configuration.
        file: Its file, as it was named.
        document: The same with its lines.
        looked: What looks at its neighbours or the network found, by the code of the rule.
    """
    return _Walk(Configuration(Where(file), "", config, document, looked or {})).estate()


def of_workloads(estate: Estate, config: ClusterConfig) -> Estate:
    """Facts that name roles of a configuration, as facts about its workloads."""
    return renamed(estate, {config.role_name(each): name(each) for each in config.workloads})


def name(workload: Workload) -> str:
    """How facts and findings call a workload."""
    return f"{workload.namespace}/{workload.service_account}"


def place_of(read: Configuration, place: Place, shown: Place | None = None) -> Where:
    """A place of a configuration; workloads are named, because their positions change.

    Args:
        read: The configuration.
        place: The place; its line is that of the field.
        shown: What is named instead.
    """
    text = dotted(place if shown is None else shown)
    if workload := workload_at(read, place):
        text = text.replace(f"workloads[{place[1]}]", f"workloads[{workload}]", 1)
    return Where(read.where.file, text, read.document.line(place) if read.document else None)


def workload_at(read: Configuration, place: Place) -> str:
    """The workload that a place of a configuration belongs to, or nothing."""
    if place[0] == "workloads" and len(place) > 1 and isinstance(place[1], int):
        return name(read.config.workloads[place[1]])
    return ""


class _Walk:
    def __init__(self, read: Configuration) -> None:
        self._read = read
        self._config = read.config

    def estate(self) -> Estate:
        config = self._config
        workloads = list(enumerate(config.workloads))
        return Estate(
            trusts=tuple(self._trust(*each) for each in workloads),
            sessions=tuple(self._session(*each) for each in workloads),
            unbounded=self._unbounded(),
            attachments=tuple(each for at, one in workloads for each in self._attachments(at, one)),
            tokens=tuple(self._token(*each) for each in workloads),
            settings=tuple(self._settings()),
            thumbprints=self._thumbprints(),
            audiences=(Audiences(self._where("audience"), "", tuple(sorted(config.audience))),),
            anonymous=self._anonymous(),
            endpoints=self._endpoints(),
            states=self._states(),
            configurations=(self._read,),
            service_accounts=tuple(name(each) for each in config.workloads),
        )

    def _settings(self) -> Iterator[Setting]:
        """Every text of the configuration: a review repeats it, and its files are copied."""
        for place, value in texts(self._config.model_dump(mode="json")):
            called = next(each for each in reversed(place) if isinstance(each, str))
            yield Setting(self._where(*place), workload_at(self._read, place), called, value)

    def _trust(self, at: int, workload: Workload) -> RoleTrust:
        policy = role_trust_policy(self._config, workload)
        return RoleTrust(self._where("workloads", at, "trust"), name(workload), policy)

    def _session(self, at: int, workload: Workload) -> Session:
        where = self._where("workloads", at, "role", "max_session_duration")
        return Session(where, name(workload), workload.role.max_session_duration)

    def _unbounded(self) -> tuple[Unbounded, ...]:
        if self._config.aws.permissions_boundary is not None:
            return ()
        return (Unbounded(self._where("aws", "permissions_boundary"), ""),)

    def _attachments(self, at: int, workload: Workload) -> list[Attachment]:
        role = ("workloads", at, "role", "managed_policy_arns")
        return [
            Attachment(
                self._where(*role, position, shown=role),
                name(workload),
                self._config.policy_arn(policy),
            )
            for position, policy in enumerate(workload.role.managed_policy_arns)
        ]

    def _token(self, at: int, workload: Workload) -> TokenLifetime:
        where = self._where("workloads", at, "token_expiration_seconds")
        return TokenLifetime(where, name(workload), workload.token_expiration_seconds)

    def _thumbprints(self) -> tuple[Thumbprints, ...]:
        digests = self._config.discovery.thumbprint
        if isinstance(digests, str):
            return ()
        return (Thumbprints(self._where("discovery", "thumbprint"), "", tuple(sorted(digests))),)

    def _anonymous(self) -> tuple[AnonymousAccess, ...]:
        exposure, minor = self._config.discovery.exposure, self._config.kubernetes.minor
        if exposure == "none":
            return ()
        avoidable = exposure == "binding" and minor is not None and minor >= ANONYMOUS_PATHS_MINOR
        return (
            AnonymousAccess(self._where("discovery", "exposure"), "", DISCOVERY_ROLE, avoidable),
        )

    def _endpoints(self) -> tuple[Endpoint, ...]:
        url = self._config.aws.endpoint_url
        return (Endpoint(self._where("aws", "endpoint_url"), "", url),) if url else ()

    def _states(self) -> tuple[LocalState, ...]:
        if self._config.backend.type != "local":
            return ()
        return (LocalState(self._where("backend"), ""),)

    def _where(self, *place: str | int, shown: Place | None = None) -> Where:
        return place_of(self._read, place, shown)
