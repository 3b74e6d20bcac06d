"""The files of each distribution: whole, and read back to the flags that were planned."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from apiserver_cases import ISSUER, JWKS, OLD, planned
from ruamel.yaml import YAML

from apiserver.distributions import DISTRIBUTIONS
from apiserver.plan import FlagPlan
from apiserver.reading import read
from apiserver.rendering import Existing, render_plan
from apiserver.settings import Settings
from federation.errors import UserError

EXPECTED = Path(__file__).parent / "expected"

BINDING = [
    ("plain", "flags", "1.34"),
    ("plain", "flags", "1.19"),
    ("kubeadm", "v1beta4", "1.34"),
    ("kubeadm", "v1beta3-patch", "1.30"),
    ("kubeadm", "v1beta2", "1.19"),
    ("k3s", "config", "1.34"),
    ("rke2", "config", "1.34"),
    ("talos", "v1.13", "1.34"),
    ("k0s", "v1beta1", "1.34"),
    ("kubespray", "extra-args-patch", "1.34"),
    ("cluster-api", "v1beta2-patch", "1.34"),
    ("cluster-api", "v1beta1-patch", "1.34"),
]
ALLOWLIST = [
    ("plain", "flags", "1.31"),
    ("kubeadm", "v1beta4", "1.34"),
    ("kubeadm", "v1beta3-patch", "1.31"),
    ("k3s", "config", "1.34"),
    ("rke2", "config", "1.34"),
    ("talos", "v1.14", "1.34"),
    ("k0s", "v1beta1", "1.37"),
    ("kubespray", "extra-args-patch", "1.33"),
    ("cluster-api", "v1beta2-patch", "1.34"),
]
NONE = [("kops", "v1alpha2", "1.34"), ("kops", "v1alpha2-1.27", "1.27"), ("talos", "v1.12", "1.30")]
CASES = [
    *((*case, "binding") for case in BINDING),
    *((*case, "authentication-config") for case in ALLOWLIST),
    *((*case, "none") for case in NONE),
]


def made(distribution: str, schema: str, version: str, exposure: str) -> FlagPlan:
    """The plan of a case; the distribution's own issuer is kept, or an old one."""
    own = DISTRIBUTIONS[distribution]
    single = schema in ("v1.12", "v1alpha2-1.27")
    kept = () if own.issuer or distribution == "plain" or single else ("https://old.example.com",)
    return planned(
        None, distribution, schema, version=version, exposure=exposure, kept=kept, new=single
    )


def files(distribution: str, schema: str, version: str, exposure: str) -> dict[str, str]:
    """What is rendered for a case."""
    result = render_plan(made(distribution, schema, version, exposure))
    return {name: file.text for name, file in result.files.items()}


@pytest.mark.parametrize(("distribution", "schema", "version", "exposure"), CASES)
def test_the_files_are_these(distribution: str, schema: str, version: str, exposure: str) -> None:
    folder = EXPECTED / f"{distribution}_{schema}_{version}_{exposure}"
    expected = {path.name: path.read_text() for path in folder.iterdir()}
    assert files(distribution, schema, version, exposure) == expected


@pytest.mark.parametrize(("distribution", "schema", "version", "exposure"), CASES)
def test_the_files_parse_and_hold_the_flags_of_the_plan(
    distribution: str, schema: str, version: str, exposure: str
) -> None:
    plan = made(distribution, schema, version, exposure)
    texts = files(distribution, schema, version, exposure)
    patch = YAML(typ="safe").load(texts.pop("kube-apiserver0+json.yaml", "[]"))
    texts.pop("authentication-config.yaml", None)
    (text,) = texts.values()
    (found,) = read((_BEFORE.get(distribution, "") + text + _AFTER.get(schema, "")).encode(), "f")
    appended = tuple(each["value"].partition("=")[2] for each in patch)
    assert plan.refusals == ()
    assert (*found.settings.issuers, *appended) == plan.after.issuers
    assert found.settings.jwks_uri == JWKS
    assert "sts.amazonaws.com" not in found.settings.api_audiences


FORMS = [
    (own.name, schema.name)
    for own in DISTRIBUTIONS.values()
    for schema in own.schemas
    if not schema.has_all_flags
]
"""A file that replaces the whole command needs to know it: it has a test of its own."""


@pytest.mark.parametrize(("distribution", "schema"), FORMS)
def test_each_form_holds_the_flags_of_the_plan(distribution: str, schema: str) -> None:
    own = DISTRIBUTIONS[distribution]
    form = next(each for each in own.schemas if each.name == schema)
    version = f"1.{form.newest or max(form.oldest, 34)}"
    plan = planned(None, distribution, schema, version=version, exposure="none", new=True)
    assert plan.refusals == ()
    (file,) = render_plan(plan).files.values()
    text = _BEFORE.get(distribution, "") + file.text + _AFTER.get(schema, "")
    (found,) = read(text.encode(), "f")
    assert (found.settings.issuers, found.settings.jwks_uri) == ((ISSUER,), JWKS)
    assert "sts.amazonaws.com" not in found.settings.accepted_audiences


_BEFORE = {"kops": "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\n"}
_ENDPOINT = "controlPlane: {endpoint: 'https://10.0.0.1:6443'}\n"
_AFTER = {
    "v1.12": f"  {_ENDPOINT}",
    "v1.13": f"  {_ENDPOINT}",
    "v1.14": f"---\ncluster:\n  {_ENDPOINT}",
}
"""What the whole file has besides, around the part that is rendered."""


@pytest.mark.parametrize(("distribution", "schema", "version", "exposure"), CASES)
def test_what_was_rendered_is_what_is_wanted_when_it_is_read_again(
    distribution: str, schema: str, version: str, exposure: str
) -> None:
    texts = files(distribution, schema, version, exposure)
    patch = YAML(typ="safe").load(texts.pop("kube-apiserver0+json.yaml", "[]"))
    authentication = YAML(typ="safe").load(texts.pop("authentication-config.yaml", "null"))
    (text,) = texts.values()
    (found,) = read((_BEFORE.get(distribution, "") + text + _AFTER.get(schema, "")).encode(), "f")
    appended = tuple(each["value"].partition("=")[2] for each in patch)
    before = replace(found.settings, issuers=(*found.settings.issuers, *appended))

    again = planned(before, distribution, schema, version=version, exposure=exposure)
    existing = Existing(authentication=authentication or found.authentication)
    assert (again.refusals, again.changes) == ((), ())
    assert list(render_plan(again, existing).files) == [
        name
        for name in files(distribution, schema, version, exposure)
        if name != "kube-apiserver0+json.yaml" or appended
    ]


@pytest.mark.parametrize(("distribution", "schema", "version"), ALLOWLIST)
def test_an_allowlist_never_goes_with_anonymous_auth(
    distribution: str, schema: str, version: str
) -> None:
    texts = files(distribution, schema, version, "authentication-config").values()
    assert [text for text in texts if "anonymous-auth" in text or "anonymous_auth" in text] == []


def test_a_drop_in_of_systemd_has_all_flags_of_the_unit() -> None:
    before = Settings.of(
        [
            ("etcd-servers", "https://127.0.0.1:2379"),
            ("service-account-issuer", OLD),
            ("service-account-key-file", "/var/lib/kubernetes/service-accounts.crt"),
            ("oidc-client-id", "kubernetes"),
        ]
    )
    plan = planned(before, "plain", "systemd")
    existing = Existing(others=before.others, program="/usr/local/bin/kube-apiserver")
    text = render_plan(plan, existing).files["oidc-iam.conf"].text
    assert text.splitlines()[3:] == [
        "[Service]",
        "ExecStart=",
        "ExecStart=/usr/local/bin/kube-apiserver \\",
        "  --etcd-servers=https://127.0.0.1:2379 \\",
        "  --oidc-client-id=kubernetes \\",
        f"  --service-account-issuer={ISSUER} \\",
        f"  --service-account-issuer={OLD} \\",
        f"  --service-account-jwks-uri={JWKS} \\",
        "  --service-account-key-file=/var/lib/kubernetes/service-accounts.crt",
    ]
    (found,) = read(text.encode(), "oidc-iam.conf")
    assert found.settings == plan.after


def test_an_authentication_configuration_in_use_keeps_its_authenticators() -> None:
    before = Settings(issuers=(ISSUER,), jwks_uri=JWKS, authentication_config="/etc/auth.yaml")
    plan = planned(before, exposure="authentication-config")
    jwt = [{"issuer": {"url": "https://login.example.com", "audiences": ["kubernetes"]}}]
    document: dict[str, Any] = {
        "apiVersion": "apiserver.config.k8s.io/v1beta1",
        "kind": "AuthenticationConfiguration",
        "jwt": jwt,
    }
    result = render_plan(plan, Existing(authentication=document))
    file = result.files["authentication-config.yaml"]
    assert file.place == (
        "/etc/auth.yaml, on every control plane node, before the API server uses it"
    )
    read_back = YAML(typ="safe").load(file.text)
    assert (read_back["apiVersion"], read_back["jwt"]) == (document["apiVersion"], jwt)
    assert plan.warnings == (
        "/etc/auth.yaml is in use and gets 'anonymous'. It takes effect after a restart.",
    )


@pytest.mark.parametrize("exposure", ["binding", "authentication-config"])
def test_where_a_bucket_serves_the_documents_aws_is_not_led_to_the_api_server(
    exposure: str,
) -> None:
    plan = planned(None, version="1.34", exposure=exposure, bucket="oidc-documents")
    instructions = render_plan(plan).instructions
    assert "where the documents are served. It never connects to the API server." in instructions
    assert "curl" not in instructions
    assert plan.warnings[-1] == (
        "A bucket serves the documents, so the API server does not have to accept anonymous "
        "requests: exposure 'none' is enough."
    )


def test_a_change_of_the_allowlist_alone_is_a_change() -> None:
    file = "/etc/kubernetes/oidc-iam/authentication-config.yaml"
    before = Settings(issuers=(ISSUER,), jwks_uri=JWKS, authentication_config=file)
    plan = planned(before, exposure="authentication-config")
    narrow = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration"}
    whole = YAML(typ="safe").load(
        render_plan(plan, Existing(authentication=narrow)).files["authentication-config.yaml"].text
    )
    assert [
        "Nothing: the flags are already set." in render_plan(plan, existing).instructions
        for existing in (Existing(authentication=narrow), Existing(authentication=whole))
    ] == [False, True]


def test_an_authentication_configuration_in_use_that_is_not_at_hand_is_never_replaced() -> None:
    before = Settings(issuers=(ISSUER,), authentication_config="/etc/auth.yaml")
    with pytest.raises(UserError) as caught:
        render_plan(planned(before, exposure="authentication-config"))
    assert str(caught.value) == (
        "/etc/auth.yaml is in use: pass its content with --authentication-config FILE, so that it "
        "is kept."
    )


def test_a_file_that_is_no_authentication_configuration_is_refused() -> None:
    plan = planned(Settings(issuers=(ISSUER,)), exposure="authentication-config")
    with pytest.raises(UserError) as caught:
        render_plan(plan, Existing(authentication={"apiVersion": "v1", "kind": "Pod"}))
    assert str(caught.value) == (
        "The file of --authentication-config is not an AuthenticationConfiguration of "
        "apiserver.config.k8s.io: it has apiVersion 'v1' and kind 'Pod'."
    )


@pytest.mark.parametrize(
    ("distribution", "schema", "version", "recommended"),
    [
        ("kubeadm", "v1beta4", "1.34", True),
        ("kubeadm", "v1beta4", "1.31", False),
        ("k3s", "config", "1.32", True),
        ("k0s", "v1beta1", "1.36", False),
        ("k0s", "v1beta1", "1.37", True),
        ("talos", "v1.13", "1.34", False),
    ],
)
def test_the_allowlist_is_recommended_where_it_can_be_set(
    distribution: str, schema: str, version: str, recommended: bool
) -> None:
    plan = planned(None, distribution, schema, version=version, kept=(OLD,))
    text = render_plan(plan).instructions
    assert (f"  This is recommended for {version}.\n" in text) is recommended


@pytest.mark.parametrize("exposure", ["binding", "authentication-config", "none"])
def test_the_instructions_say_where_in_which_order_how_to_verify_and_how_to_go_back(
    exposure: str,
) -> None:
    text = render_plan(planned(None, "kubeadm", exposure=exposure)).instructions
    assert text == (EXPECTED / f"instructions_{exposure}.txt").read_text()


RUNNING = (
    Settings(issuers=("https://a.example",), key_files=("/sa.pub",), signing_key_file="/sa.key"),
    Settings(
        issuers=("https://a.example", "https://b.example"),
        api_audiences=("sts.amazonaws.com", OLD),
        anonymous_auth="false",
        feature_gates=("ServiceAccountIssuerDiscovery=true", "Other=true"),
    ),
    Settings(
        issuers=("https://a.example",),
        authentication_config="/etc/auth.yaml",
        oidc=(("oidc-issuer-url", "https://login.example.com"),),
    ),
)


@pytest.mark.parametrize("exposure", ["binding", "authentication-config", "none"])
@pytest.mark.parametrize(
    ("distribution", "schema"),
    [(own.name, schema.name) for own in DISTRIBUTIONS.values() for schema in own.schemas],
)
def test_whatever_is_rendered_keeps_what_is_in_use_and_starts(
    distribution: str, schema: str, exposure: str
) -> None:
    kept = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration"}
    versions = ["1.22", "1.31", "1.34", "1.37"] if exposure != "authentication-config" else ["1.37"]
    for version, before in itertools.product(versions, RUNNING):
        plan = planned(before, distribution, schema, version=version, exposure=exposure)
        after = plan.after
        assert after.issuers == (ISSUER, *before.issuers)
        assert (after.key_files, after.api_audiences) == (before.key_files, before.api_audiences)
        if not plan.refusals:
            assert not (after.authentication_config and (after.oidc or after.anonymous_auth))
            texts = render_plan(plan, Existing(authentication=kept)).files.values()
            assert [file.text for file in texts if "None" in file.text] == []
