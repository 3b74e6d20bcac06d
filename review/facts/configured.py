"""The facts of one of our own configurations, each with its line where the text is at hand."""

from __future__ import annotations

from collections.abc import Iterator

from federation.iam.trust_policy import role_trust_policy
from federation.model.config import ANONYMOUS_PATHS_MINOR, ClusterConfig, Workload
from federation.model.names import DISCOVERY_ROLE
from federation.model.places import Place, dotted, texts
from federation.yaml.documents import Document
from review.facts.estate import (
    AnonymousAccess,
    Attachment,
    Audiences,
    Endpoint,
    Estate,
    LocalState,
    Session,
    Setting,
    Thumbprints,
    Token,
    Trust,
    Unbounded,
    Where,
    renamed,
)


def configured(config: ClusterConfig, file: str, document: Document | None = None) -> Estate:
    """The facts of a configuration.

    Args:
        config: The configuration.
        file: Its file, as it was named.
        document: The same with its lines.
    """
    return _Reading(config, file, document).estate()


def of_workloads(estate: Estate, config: ClusterConfig) -> Estate:
    """Facts that name roles of a configuration, as facts about its workloads."""
    return renamed(estate, {config.role_name(each): name(each) for each in config.workloads})


def name(workload: Workload) -> str:
    """How facts and findings call a workload."""
    return f"{workload.namespace}/{workload.service_account}"


class _Reading:
    def __init__(self, config: ClusterConfig, file: str, document: Document | None) -> None:
        self._config = config
        self._file = file
        self._document = document

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
            service_accounts=tuple(name(each) for each in config.workloads),
        )

    def _settings(self) -> Iterator[Setting]:
        """Every text of the configuration: a review repeats it, and its files are copied."""
        for place, value in texts(self._config.model_dump(mode="json")):
            of_workload = place[0] == "workloads" and isinstance(place[1], int)
            about = name(self._config.workloads[int(place[1])]) if of_workload else ""
            called = next(each for each in reversed(place) if isinstance(each, str))
            yield Setting(self._where(*place), about, called, value)

    def _trust(self, at: int, workload: Workload) -> Trust:
        policy = role_trust_policy(self._config, workload)
        return Trust(self._where("workloads", at, "trust"), name(workload), policy)

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

    def _token(self, at: int, workload: Workload) -> Token:
        where = self._where("workloads", at, "token_expiration_seconds")
        return Token(where, name(workload), workload.token_expiration_seconds)

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
        """A place of the configuration; workloads are named, since their positions change."""
        text = dotted(place if shown is None else shown)
        for at, workload in enumerate(self._config.workloads):
            text = text.replace(f"workloads[{at}]", f"workloads[{name(workload)}]", 1)
        return Where(self._file, text, self._document.line(place) if self._document else None)
