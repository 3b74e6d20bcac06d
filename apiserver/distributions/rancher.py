"""What k3s and RKE2 have in common: config.yaml, from which k3s makes the API server's flags.

k3s pkg/util/args.go, 1.24; RKE2 takes its flags from k3s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from apiserver.commands import Reading
from apiserver.defaults import with_defaults
from apiserver.distribution import Distribution, Goal, Quirk, Reader, Schema
from apiserver.distributions import kubeadm
from apiserver.documents import Object
from apiserver.flags import AUDIENCES, ISSUER, PROGRAM, Flags, parse_flags
from apiserver.orders import ONE_AT_A_TIME
from apiserver.settings import Settings
from apiserver.writing import one_file
from federation.errors import UserError

FAMILY = "rancher"
RENDER = one_file("config.yaml.j2", "config.yaml")
WAY_OUT = "upgrade to 1.24, which keeps repeated flags"
_ARGUMENTS = "kube-apiserver-arg"
_MARKED = re.compile(r"(--[^=]*?)([+-]?)(=.*)?", re.DOTALL)
"""A flag whose name may end with a mark of k3s."""
_KEYS = (
    _ARGUMENTS,
    "cluster-init",
    "cni",
    "datastore-endpoint",
    "disable",
    "flannel-backend",
    "node-label",
    "node-taint",
    "server",
    "tls-san",
    "token",
    "write-kubeconfig-mode",
)


def schemas(title: str, source: str) -> tuple[Schema, ...]:
    """The forms of a distribution's config.yaml."""
    form = f"{title} config.yaml, kube-apiserver-arg"
    older = f"{form} (k3s issue 5374: the last of several counts)"
    return (
        Schema("config", f"{form} ({source})", oldest=24),
        Schema("config-1.23", older, repeats=False, newest=23),
    )


def order(name: str, service: str) -> tuple[str, ...]:
    """The steps for a distribution's config.yaml."""
    return (
        f"Copy /etc/rancher/{name}/config.yaml to a safe place.",
        f"{ONE_AT_A_TIME} 'systemctl restart {service}'.",
    )


def reader(own: Callable[[], Distribution], is_own: Callable[[Object, str], bool]) -> Reader:
    """The reader of a distribution's config.yaml.

    Args:
        own: the distribution, which is not made yet when its reader is.
        is_own: whether a config.yaml is of the distribution.
    """

    def read(documents: Sequence[Object], place: str) -> Iterator[Reading]:
        return (
            _configuration(each, place, own())
            for each in documents
            if _is_configuration(each) and is_own(each, place)
        )

    return read


def _is_configuration(document: Object) -> bool:
    return "kind" not in document and any(str(key).rstrip("+") in _KEYS for key in document)


def _configuration(document: Object, place: str, own: Distribution) -> Reading:
    issuer = kubeadm.issuer_of(document.get("cluster-domain", "cluster.local"))
    defaults = {ISSUER: (issuer,), AUDIENCES: (issuer, own.name)}
    words = [f"--{value.removeprefix('--')}" for value in _arguments(document, place)]
    flags = _extend(_pairs(words, place), defaults)
    return with_defaults(
        Reading(place, "a k3s or RKE2 configuration", Settings.of(flags)), own, issuer
    )


def _arguments(document: Object, place: str) -> list[str]:
    if f"{_ARGUMENTS}+" in document and _ARGUMENTS not in document:
        raise UserError(
            f"{place}: adds to other files with '{_ARGUMENTS}+'. Pass all flags: the line "
            f'"Running {PROGRAM}" of the journal.'
        )
    given = [
        value
        for key, values in document.items()
        if str(key).rstrip("+") == _ARGUMENTS and values is not None
        for value in (values if isinstance(values, list) else [values])
    ]
    if not all(isinstance(value, str) for value in given):
        raise UserError(f"{place}: {_ARGUMENTS} is not a list of NAME=VALUE strings.")
    return given


def _pairs(words: list[str], place: str) -> Flags:
    """Flags whose names may end with `+` or `-`."""
    cut = [match.groups("") for word in words if (match := _MARKED.fullmatch(word))]
    flags = parse_flags([f"{name}{value}" for name, _, value in cut], place)
    return tuple(
        (f"{name}{mark}", value) for (name, value), (_, mark, _) in zip(flags, cut, strict=True)
    )


def _extend(flags: Flags, own: Mapping[str, tuple[str, ...]]) -> Flags:
    """Flags in which `NAME+=VALUE` puts a value behind those that k3s sets by itself, and
    `NAME-=VALUE` one before all others (`GetArgs` in k3s pkg/util/args.go)."""
    values: dict[str, tuple[str, ...]] = {}
    for flag, value in flags:
        name = flag.rstrip("+-")
        known = values.get(name, own.get(name, ()) if flag != name else ())
        values[name] = (value, *known) if flag.endswith("-") else (*known, value)
    return tuple((name, value) for name, given in values.items() for value in given)


def caution(title: str) -> Quirk:
    """The releases of a distribution that do not start with an allowlist of paths."""

    def quirk(goal: Goal, before: Settings | None, after: Settings) -> Iterator[str]:
        if goal.exposure == "authentication-config" and goal.minor in (31, 32, 33):
            yield (
                f"{title} accepts 'anonymous' in the file since the patch releases of June 2025 "
                "(k3s issue 12245, RKE2 issue 8137): 1.31.9, 1.32.5 and 1.33.1 of k3s, the next "
                "ones of RKE2. Older ones do not start with it."
            )

    return quirk
