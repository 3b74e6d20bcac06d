"""What there is to review, as lists of facts, whichever document they were read from.

A configuration (`review.facts.configured`), trust policies, a Terraform plan (`review.plan.facts`)
and files about a cluster (`review.facts.evidence`) each give an `Estate`; put together they go to
the linter, whose rules know facts and not where they come from. What cannot be known before an
apply is None.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from federation.keys.certificates import Certificate
from federation.model.config import ClusterConfig
from federation.rules.configuration import Observation
from federation.yaml.documents import Document


@dataclass(frozen=True)
class Where:
    """Where a fact stands, in words that do not change with the order of what was read.

    Attributes:
        file: The file, as it was named.
        place: A field or a resource, like `workloads[default/app].trust`; may be empty.
        line: Of the file, counted from 1, where it is known.
    """

    file: str
    place: str = ""
    line: int | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return ": ".join(filter(None, [self.file, self.place]))


@dataclass(frozen=True)
class Fact:
    """Something that there is.

    Attributes:
        where: Where it stands.
        about: Whom it is about: a workload as `NAMESPACE/SERVICE_ACCOUNT`, a role by its name, or
            nobody in particular.
    """

    where: Where
    about: str


@dataclass(frozen=True)
class RoleTrust(Fact):
    policy: Mapping[str, Any] | None


@dataclass(frozen=True)
class Session(Fact):
    """How long a session of a role may last, in seconds."""

    seconds: int


@dataclass(frozen=True)
class Unbounded(Fact):
    """Roles, or one role, without a permissions boundary."""


@dataclass(frozen=True)
class Attachment(Fact):
    """A managed policy that is attached to a role, by its ARN."""

    policy: str


@dataclass(frozen=True)
class Permissions(Fact):
    """A policy that says what a role may do."""

    policy: Mapping[str, Any]


@dataclass(frozen=True)
class TokenLifetime(Fact):
    """A projected token; `seconds` is its life."""

    seconds: int


@dataclass(frozen=True)
class Setting(Fact):
    """Text that many can read: a tag, a key of a ConfigMap, an environment variable.

    Attributes:
        sensitive: Whether the value was marked as a secret; then it is not here.
    """

    name: str
    value: str = field(repr=False)
    sensitive: bool = False


@dataclass(frozen=True)
class Thumbprints(Fact):
    """What a provider pins; `digests` are SHA-1 in hexadecimal."""

    digests: tuple[str, ...]


@dataclass(frozen=True)
class Chain(Fact):
    """The certificates that an issuer presents, its own first."""

    certificates: tuple[Certificate, ...]


@dataclass(frozen=True)
class Audiences(Fact):
    """The audiences that a provider, or with `of_api_server` the API server, takes tokens for."""

    values: tuple[str, ...]
    of_api_server: bool = False


@dataclass(frozen=True)
class AnonymousAccess(Fact):
    """A role of the cluster that requests without credentials have.

    Attributes:
        role: The name of the ClusterRole or Role.
        avoidable: Whether the API server could restrict such requests to paths, and does not.
    """

    role: str
    avoidable: bool = False


@dataclass(frozen=True)
class PublicBucket(Fact):
    """Access to a bucket for everybody; `exposure` says what opens it."""

    exposure: str


@dataclass(frozen=True)
class Endpoint(Fact):
    """Where requests to AWS go instead of AWS's own address; `url` has a scheme."""

    url: str


@dataclass(frozen=True)
class LocalState(Fact):
    """A Terraform state on the disk of the person who applies."""


@dataclass(frozen=True)
class Configuration(Fact):
    """A whole configuration of ours, for the rules about its own fields.

    Attributes:
        document: The same with its lines, if its text is at hand.
        looked: What looks at other things found of it (its neighbours, the network), by the code of
            the rule.
    """

    config: ClusterConfig
    document: Document | None
    looked: Mapping[str, tuple[Observation, ...]]


@dataclass(frozen=True)
class Unreadable(Fact):
    """Something that could not be judged, with the reason."""

    reason: str


@dataclass(frozen=True)
class Estate:
    """All facts by their kind, in no particular order.

    Attributes:
        service_accounts: Those that are known to exist, as `NAMESPACE/NAME`.
    """

    trusts: tuple[RoleTrust, ...] = ()
    sessions: tuple[Session, ...] = ()
    unbounded: tuple[Unbounded, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    permissions: tuple[Permissions, ...] = ()
    tokens: tuple[TokenLifetime, ...] = ()
    settings: tuple[Setting, ...] = ()
    thumbprints: tuple[Thumbprints, ...] = ()
    chains: tuple[Chain, ...] = ()
    audiences: tuple[Audiences, ...] = ()
    anonymous: tuple[AnonymousAccess, ...] = ()
    buckets: tuple[PublicBucket, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    states: tuple[LocalState, ...] = ()
    configurations: tuple[Configuration, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    service_accounts: tuple[str, ...] = ()


def renamed(estate: Estate, names: Mapping[str, str]) -> Estate:
    """The same facts about others: a plan knows roles, where a configuration knows workloads.

    Args:
        estate: The facts.
        names: What each that has another name is called here.
    """
    parts = {kind.name: getattr(estate, kind.name) for kind in fields(Estate)}
    return Estate(**{kind: tuple(_renamed(each, names) for each in parts[kind]) for kind in parts})


def _renamed(fact: Any, names: Mapping[str, str]) -> Any:
    if isinstance(fact, Fact) and fact.about in names:
        return replace(fact, about=names[fact.about])
    return fact


def joined(estates: Iterable[Estate]) -> Estate:
    """One estate with the facts of several."""
    parts = list(estates)
    return Estate(
        **{
            kind.name: tuple(fact for part in parts for fact in getattr(part, kind.name))
            for kind in fields(Estate)
        }
    )
