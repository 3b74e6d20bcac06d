"""Which resources change hands: what a configuration still refers to is not destroyed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from deployment import applied, manifests
from deployment.cdktf.hands import Hands
from deployment.hands import hands_of
from deployment.manifests import Named
from federation.errors import WorldError
from federation.model.config import ClusterConfig
from federation.yaml import files

ISSUER = "https://c.example.com"
ARN = "arn:aws:iam::123456789012:oidc-provider/c.example.com"
PROVIDER = "aws_iam_openid_connect_provider.cluster"
BINDING = "kubernetes_cluster_role_binding_v1.oidc-reviewer"
NAMESPACE = "kubernetes_namespace_v1.team__namespace"
ACCOUNT = "kubernetes_service_account_v1.team_web"
APP = {"namespace": "default", "service_account": "app"}
WEB = {"namespace": "team", "service_account": "web"}
MAKES = {**WEB, "create_namespace": True}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PROJECT", tmp_path)


def configured(
    *workloads: dict[str, Any],
    apply: str = "terraform",
    context: str | None = "prod",
    provider: str = "create",
    issuer: str = ISSUER,
    exposure: str = "binding",
) -> ClusterConfig:
    return ClusterConfig.model_validate(
        {
            "cluster": "prod",
            "issuer": issuer,
            "discovery": {"exposure": exposure},
            "aws": {"region": "eu-west-1", "oidc_provider": provider},
            "kubernetes": {"apply": apply, "context": context},
            "workloads": workloads or [APP],
        }
    )


def entry(mode: str, address: str, attributes: dict[str, Any]) -> dict[str, Any]:
    kind, _, name = address.partition(".")
    return {"mode": mode, "type": kind, "name": name, "instances": [{"attributes": attributes}]}


def of(*addresses: str, **attributes: Any) -> dict[str, Any]:
    """A state with resources that all have these attributes."""
    return {"resources": [entry("managed", address, attributes) for address in addresses]}


def making(*addresses: str, **arguments: Any) -> dict[str, Any]:
    """A stack that makes these resources."""
    resources: dict[str, dict[str, Any]] = {}
    for kind, _, name in (each.partition(".") for each in addresses):
        resources.setdefault(kind, {})[name] = arguments
    return {"resource": resources}


@pytest.mark.parametrize("destroy", [False, True])
def test_a_provider_that_is_adopted_stays(destroy: bool) -> None:
    find = hands_of(configured(provider=ARN), destroy=destroy)
    assert find("prod-identity", of(PROVIDER, arn=ARN), {}) == Hands((PROVIDER,))


def test_the_provider_of_another_issuer_is_terraforms_to_destroy() -> None:
    find = hands_of(configured(provider=ARN))
    assert find("prod-identity", of(PROVIDER, arn=f"{ARN}/old"), {}) == Hands()


def test_a_provider_that_is_made_stays_terraforms() -> None:
    find = hands_of(configured())
    assert find("prod-identity", of(PROVIDER, arn=ARN), making(PROVIDER)) == Hands()


@pytest.mark.parametrize(
    ("adopted", "imports"),
    [(ARN, {PROVIDER: ARN}), (ARN.replace("c.ex", "d.ex"), {}), (None, {})],
)
def test_only_the_provider_that_was_adopted_is_taken_over(
    adopted: str | None, imports: dict[str, str]
) -> None:
    data = [entry("data", PROVIDER, {"arn": adopted})] if adopted else []
    find = hands_of(configured())
    assert find("prod-identity", {"resources": data}, making(PROVIDER)) == Hands(imports=imports)
    assert (
        hands_of(configured(), destroy=True)("prod-identity", {"resources": data}, making(PROVIDER))
        == Hands()
    )


@pytest.mark.parametrize(
    ("workload", "destroy", "stays"),
    [
        (WEB, False, True),
        (WEB, True, True),
        (APP, False, True),
        (APP, True, False),
        (MAKES, True, False),
    ],
    ids=["used", "used, destroy", "unused", "unused, destroy", "made, destroy"],
)
def test_a_namespace_goes_only_with_a_destroy_of_what_made_it(
    workload: dict[str, Any], destroy: bool, stays: bool
) -> None:
    find = hands_of(configured(workload), destroy=destroy)
    found = find("prod-workloads", of(NAMESPACE, metadata=[{"name": "team"}]), {})
    assert found == Hands((NAMESPACE,) if stays else ())


def test_objects_that_manifests_make_stay() -> None:
    there = of(ACCOUNT, BINDING)
    find = hands_of(configured(apply="manifests"))
    assert find("prod-workloads", there, {}) == Hands((ACCOUNT, BINDING))
    whole = hands_of(configured(apply="manifests"), destroy=True)
    assert whole("prod-workloads", there, {}) == Hands()


@pytest.mark.parametrize("apply", ["terraform", "manifests"])
@pytest.mark.parametrize("destroy", [False, True])
def test_a_binding_that_is_not_wanted_is_deleted_without_terraform(
    apply: str, destroy: bool
) -> None:
    find = hands_of(configured(apply=apply, exposure="none"), destroy=destroy)
    assert find("prod-discovery", of(BINDING), {}) == Hands((), (BINDING,))


def test_a_binding_that_cannot_be_deleted_from_here_stays() -> None:
    find = hands_of(configured(apply="manifests", exposure="none", context=None))
    assert find("prod-discovery", of(BINDING), {}) == Hands((BINDING,))


BUCKET = ("aws_s3_bucket.documents", "aws_s3_object.jwks", "aws_s3_bucket_policy.policy")
ADDRESS = "https://documents.s3.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("issuer", "stays"),
    [
        (ADDRESS, True),
        (f"{ADDRESS}/prod", True),
        (f"{ADDRESS}.example.com", False),
        (ISSUER, False),
    ],
)
def test_a_bucket_stays_while_the_issuer_is_its_address(issuer: str, stays: bool) -> None:
    find = hands_of(configured(issuer=issuer))
    assert find("prod-discovery", of(*BUCKET, bucket="documents"), {}) == Hands(
        BUCKET if stays else ()
    )
    assert (
        hands_of(configured(issuer=issuer), destroy=True)(
            "prod-discovery", of(*BUCKET, bucket="documents"), {}
        )
        == Hands()
    )


@pytest.mark.parametrize(("issuer", "stays"), [(ISSUER, True), ("https://d.example.com", False)])
def test_a_distribution_stays_while_it_has_the_name_of_the_issuer(issuer: str, stays: bool) -> None:
    everything = ("aws_s3_bucket.documents", "aws_cloudfront_distribution.distribution")
    there = of(*everything, bucket="documents", aliases=["c.example.com"])
    found = hands_of(configured(issuer=issuer))("prod-discovery", there, {})
    assert found == Hands(everything if stays else ())


WANTED = {
    "resource": {
        "kubernetes_namespace_v1": {"team__namespace": {"metadata": {"name": "team"}}},
        "kubernetes_service_account_v1": {
            "team_web": {
                "metadata": {
                    "name": "web",
                    "namespace": "${kubernetes_namespace_v1.team__namespace.metadata[0].name}",
                }
            },
            "default_app": {"metadata": {"name": "app", "namespace": "default"}},
        },
    }
}


def test_objects_of_ours_that_exist_are_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Named] = []

    def ours(_: ClusterConfig, wanted: Iterable[Named]) -> set[Named]:
        asked.extend(wanted)
        return {("Namespace", None, "team"), ("ServiceAccount", "team", "web")}

    monkeypatch.setattr(manifests, "ours", ours)
    found = hands_of(configured(MAKES, APP))("prod-workloads", {}, WANTED)
    assert found == Hands(imports={NAMESPACE: "team", ACCOUNT: "team/web"})
    assert asked == [
        ("Namespace", None, "team"),
        ("ServiceAccount", "team", "web"),
        ("ServiceAccount", "default", "app"),
    ]


def test_a_cluster_that_cannot_be_asked_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def ours(_: ClusterConfig, __: Iterable[Named]) -> set[Named]:
        raise WorldError("the API server cannot be reached.")

    monkeypatch.setattr(manifests, "ours", ours)
    found = hands_of(configured(MAKES, APP))("prod-workloads", {}, WANTED)
    assert found == Hands(
        notes=(
            "Not known whether the objects in the cluster exist already: "
            "the API server cannot be reached.",
        )
    )


def test_a_cluster_whose_objects_terraform_made_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifests, "ours", None)
    applied.record(tmp_path, configured(MAKES))
    assert hands_of(configured(MAKES, APP))("prod-workloads", {}, WANTED) == Hands()
