"""k0s: pkg/component/controller/apiserver.go, 1.34.1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apiserver.commands import Reading
from apiserver.defaults import with_defaults
from apiserver.distribution import Distribution, Goal, Schema
from apiserver.documents import Object, entries, extra_args, kind_and_group, mapping
from apiserver.flags import parse_flags
from apiserver.orders import ONE_AT_A_TIME, PS
from apiserver.settings import Settings
from apiserver.writing import one_file

_KIND = ("ClusterConfig", "k0s.k0sproject.io")
_SPARES_ANONYMOUS = 37
"""The first minor version that can leave --anonymous-auth out (k0s pull request 7976)."""


def _read(documents: Sequence[Object], place: str) -> Iterator[Reading]:
    return (_cluster_config(each, place) for each in documents if kind_and_group(each) == _KIND)


def _cluster_config(document: Object, place: str) -> Reading:
    api = mapping(document, "spec", "api")
    raw = parse_flags([str(each) for each in entries(api, "rawArgs")], place)
    settings = Settings.of((*extra_args(api.get("extraArgs"), place), *raw))
    return with_defaults(Reading(place, "a k0s ClusterConfig", settings), K0S)


def _refuse(goal: Goal, before: Settings | None, after: Settings) -> Iterator[str]:
    is_early = goal.minor is not None and goal.minor < _SPARES_ANONYMOUS
    if goal.exposure == "authentication-config" and is_early:
        yield (
            f"k0s before 1.{_SPARES_ANONYMOUS} always sets --anonymous-auth, which stops an API "
            "server that has an AuthenticationConfiguration with 'anonymous': use exposure "
            "'binding', or a bucket."
        )


K0S = Distribution(
    name="k0s",
    title="k0s",
    schemas=(
        Schema(
            "v1beta1",
            "k0s.k0sproject.io/v1beta1 ClusterConfig, spec.api.extraArgs and rawArgs "
            "(pkg/component/controller/apiserver.go, 1.34.1)",
            oldest=34,
        ),
        Schema(
            "v1beta1-1.33",
            "k0s.k0sproject.io/v1beta1 ClusterConfig, spec.api.extraArgs (k0s 1.33, without "
            "rawArgs)",
            repeats=False,
            newest=33,
        ),
    ),
    place="/etc/k0s/k0s.yaml",
    nodes="every controller node, with the same values",
    order=(
        "Copy /etc/k0s/k0s.yaml to a safe place. The user kube-apiserver must be able to read the "
        "files for the API server.",
        f"{ONE_AT_A_TIME} 'k0s stop && k0s start'.",
    ),
    verify=(PS,),
    back=("Restore k0s.yaml, and run 'k0s stop && k0s start'.",),
    render=one_file("k0s.yaml.j2", "k0s.yaml"),
    read=_read,
    configuration="k0s.yaml",
    refuse=_refuse,
    issuer="https://kubernetes.default.svc",
    audiences=("https://kubernetes.default.svc", "system:konnectivity-server"),
    anonymous=False,
    folder="/etc/k0s/oidc-iam",
    way_out="upgrade to k0s 1.34, which has rawArgs",
)
