"""The AuthenticationConfiguration for each version and distribution, and what it keeps."""

from __future__ import annotations

from typing import Any

import pytest
from apiserver_cases import config

from apiserver.authentication import authentication_configuration, feature_gates
from apiserver.distributions import may_use_kubeadm
from federation.errors import UserError
from federation.model.config import DISTRIBUTIONS

DISCOVERY = [{"path": "/.well-known/openid-configuration"}, {"path": "/openid/v1/jwks"}]
HEALTH = [{"path": "/livez"}, {"path": "/readyz"}, {"path": "/healthz"}]
JOIN = [{"path": "/api/v1/namespaces/kube-public/configmaps/cluster-info"}]


def test_anonymous_requests_reach_the_documents_and_the_health_checks() -> None:
    assert authentication_configuration(34, uses_kubeadm=False) == {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "anonymous": {"enabled": True, "conditions": DISCOVERY + HEALTH},
    }


@pytest.mark.parametrize("distribution", [*DISTRIBUTIONS, None])
def test_kubeadm_joins_where_there_is_or_may_be_kubeadm(distribution: str | None) -> None:
    uses_kubeadm = may_use_kubeadm(config(distribution=distribution))
    document = authentication_configuration(34, uses_kubeadm=uses_kubeadm)
    conditions = document["anonymous"]["conditions"]
    joins = distribution in ("kubeadm", "kubespray", "cluster-api", None)
    assert conditions == DISCOVERY + HEALTH + (JOIN if joins else [])


@pytest.mark.parametrize(
    ("minor", "form"),
    [
        (31, "apiserver.config.k8s.io/v1beta1"),
        (33, "apiserver.config.k8s.io/v1beta1"),
        (34, "apiserver.config.k8s.io/v1"),
        (35, "apiserver.config.k8s.io/v1"),
        (None, "apiserver.config.k8s.io/v1beta1"),
    ],
)
def test_the_document_has_the_form_that_the_version_takes(minor: int | None, form: str) -> None:
    assert authentication_configuration(minor)["apiVersion"] == form


@pytest.mark.parametrize(
    ("minor", "gates"),
    [
        (31, ("AnonymousAuthConfigurableEndpoints=true",)),
        (32, ()),
        (34, ()),
        (None, ()),
    ],
)
def test_the_feature_gate_is_named_where_it_is_off_by_default(
    minor: int | None, gates: tuple[str, ...]
) -> None:
    assert feature_gates(minor) == gates


def test_what_the_file_says_already_is_kept() -> None:
    jwt = [{"issuer": {"url": "https://login.example.com", "audiences": ["kubernetes"]}}]
    existing = {
        "apiVersion": "apiserver.config.k8s.io/v1alpha1",
        "kind": "AuthenticationConfiguration",
        "jwt": jwt,
        "anonymous": {
            "enabled": True,
            "conditions": [{"path": "/version"}, {"path": "/livez"}],
        },
    }
    assert authentication_configuration(34, existing, uses_kubeadm=False) == {
        "apiVersion": "apiserver.config.k8s.io/v1alpha1",
        "kind": "AuthenticationConfiguration",
        "jwt": jwt,
        "anonymous": {
            "enabled": True,
            "conditions": [
                {"path": "/version"},
                {"path": "/livez"},
                *DISCOVERY,
                {"path": "/readyz"},
                {"path": "/healthz"},
            ],
        },
    }


def test_another_document_is_refused() -> None:
    with pytest.raises(UserError) as caught:
        authentication_configuration(34, {"apiVersion": "v1", "kind": "Pod"})
    assert str(caught.value) == (
        "The file of --authentication-config is not an AuthenticationConfiguration of "
        "apiserver.config.k8s.io: it has apiVersion 'v1' and kind 'Pod'."
    )


@pytest.mark.parametrize(
    "anonymous",
    [
        "all",
        ["/livez"],
        {"conditions": "/livez"},
        {"conditions": ["/livez"]},
        {"conditions": [{}]},
        {"conditions": [{"path": 5}]},
        {"conditions": [{"path": "livez"}]},
    ],
)
def test_a_list_of_paths_that_is_none_is_refused(anonymous: Any) -> None:
    document = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "anonymous": anonymous,
    }
    with pytest.raises(UserError) as caught:
        authentication_configuration(34, document)
    assert str(caught.value) == (
        "The file of --authentication-config has an 'anonymous.conditions' that is not a list of "
        "'- path: /PATH'."
    )


@pytest.mark.parametrize("anonymous", [None, {}, {"enabled": None}, {"conditions": None}])
def test_nothing_about_anonymous_requests_is_no_list_either(anonymous: Any) -> None:
    document = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "anonymous": anonymous,
    }
    made = authentication_configuration(34, document)
    assert made["anonymous"]["conditions"][0] == {"path": "/.well-known/openid-configuration"}


def test_anonymous_requests_that_someone_turned_off_are_not_turned_on_silently() -> None:
    existing = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "anonymous": {"enabled": False},
    }
    with pytest.raises(UserError) as caught:
        authentication_configuration(34, existing)
    assert str(caught.value) == (
        "The file of --authentication-config turns anonymous requests off. To let AWS read the "
        "two documents, set 'anonymous.enabled: true' in it and run this again."
    )
