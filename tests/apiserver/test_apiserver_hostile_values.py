"""Any value of a flag, in each form: read back it is the same, or the plan names it and refuses.

Each file is parsed twice, with a harmless value and with the hostile one: but for the value they
are the same, so that nothing of it became a line, a key, an option or a command.
"""

from __future__ import annotations

import functools
import shlex
from typing import Any

import pytest
from apiserver_cases import ISSUER, JWKS, goal, planned
from hypothesis import assume, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from apiserver.distributions import DISTRIBUTIONS
from apiserver.plan import FlagPlan, judge
from apiserver.reading import read
from apiserver.refusals import jwt
from apiserver.rendering import Existing, Rendering, render_plan
from apiserver.settings import Settings
from federation.errors import UserError

HARMLESS = "https://harmless.example.com"
HOSTILE = (
    "a\nExecStartPre=/bin/evil", "a\r\nb", "a\0b", "a\x85b", "a\u2028b", "\ufeff", "\x7f", "\ud800",
    "\U000e0001", "'", '"', '"}', "\\", "\\n", "a: b", "a #b", "- a", "---", "...", "!a", "&a",
    "*a", "|", ">", "{a}", "[a]", "{{ a }}", "{% a %}", "{# a #}", "${A}", "$(id)", "$$", "$",
    "`id`", "; id", "&& id", "| id", "> f", "a b", " a ", "%n", "%", "é", "💥", "=", "-", "~", "",
    "=a,b", "null", "\t", "</script>", "]]>", "*/", "EOF", "#",
)  # fmt: skip
VALUES = st.sampled_from(HOSTILE) | st.text(max_size=30)
FORMS = [
    (own.name, schema.name, schema.repeats)
    for own in DISTRIBUTIONS.values()
    for schema in own.schemas
]
FLAGS = (
    "service-account-issuer",
    "service-account-key-file",
    "service-account-signing-key-file",
    "api-audiences",
)


def made(distribution: str, schema: str, flag: str, value: str) -> FlagPlan:
    """The plan that sets a flag to a value."""
    exposure = "none" if distribution == "kops" or schema == "v1.14" else "binding"
    versions = DISTRIBUTIONS[distribution].schemas
    form = next(each for each in versions if each.name == schema)
    version = f"1.{form.newest or max(form.oldest, 34)}"
    wanted = goal(distribution, schema, version=version, exposure=exposure, new=True)
    before = Settings(issuers=(ISSUER,)) if schema == "systemd" else None
    issuers = (("service-account-issuer", ISSUER), ("service-account-jwks-uri", JWKS))
    return judge(wanted, before, Settings.of((*issuers, (flag, value))))


@functools.cache
def rendered_harmlessly(distribution: str, schema: str, flag: str) -> Rendering:
    """The same with a harmless value, which is never refused."""
    plan = made(distribution, schema, flag, HARMLESS)
    assert plan.refusals == ()
    return render_plan(plan)


def documents(result: Rendering) -> list[Any]:
    """What each file holds, by the parser of its form."""
    return [
        value for name, file in result.files.items() for value in _parsed(name, file.text)
    ]  # fmt: skip


def _parsed(name: str, text: str) -> list[Any]:
    if name == "kube-apiserver.flags":
        return [shlex.split(line, comments=True) for line in text.splitlines()]
    if name == "oidc-iam.conf":
        (found,) = read(text.encode(), name)
        return [list(map(list, found.settings.flags())), text.count("\n")]
    loaded = list(YAML(typ="safe", pure=True).load_all(text))
    for document in loaded:
        _read_files_within(document)
    return loaded


def _read_files_within(document: Any) -> None:
    """Put what the files of a KubeadmControlPlane hold in the place of their texts."""
    spec = document.get("spec", {}) if isinstance(document, dict) else {}
    for file in spec.get("kubeadmConfigSpec", {}).get("files", []):
        file["content"] = YAML(typ="safe", pure=True).load(file["content"])


def with_value(document: Any, value: str) -> Any:
    """A document with another value in the place of the harmless one."""
    if isinstance(document, dict):
        return {key: with_value(each, value) for key, each in document.items()}
    if isinstance(document, list):
        return [with_value(each, value) for each in document]
    return document.replace(HARMLESS, value) if isinstance(document, str) else document


def commands(result: Rendering) -> list[list[str]]:
    """The words of each command in the instructions, and of the comment behind it."""
    lines = result.instructions.splitlines()
    start, end = lines.index("HOW TO VERIFY"), lines.index("HOW TO GO BACK")
    return [shlex.split(line) for line in lines[start:end]]


@given(st.sampled_from(FLAGS), VALUES)
@pytest.mark.parametrize(("distribution", "schema", "repeats"), FORMS)
def test_a_value_is_the_same_in_every_form_or_is_refused_by_name(
    distribution: str, schema: str, repeats: bool, flag: str, value: str
) -> None:
    if flag == "service-account-issuer" and not repeats:
        return  # The first issuer is the configuration's, whose characters are few.
    # Audiences are a list in one value, without white space around each.
    settled = Settings.of([(flag, value)]).values(flag)
    harmless = rendered_harmlessly(distribution, schema, flag)
    plan = made(distribution, schema, flag, value)
    if plan.refusals:
        assert [text for text in plan.refusals if f"--{flag}" not in text] == []
        return
    result = render_plan(plan)
    if settled:
        assert documents(result) == with_value(documents(harmless), settled[0])
        assert len(result.instructions.splitlines()) == len(harmless.instructions.splitlines())
    assert commands(result) == commands(harmless)


@given(VALUES)
def test_an_issuer_that_signs_until_the_migration_goes_on_is_one_word_of_a_command(
    value: str,
) -> None:
    old = f"https://a/{value}"
    wanted = goal("kubeadm")
    plan = judge(wanted, Settings(issuers=(old,)), Settings(issuers=(old, ISSUER)))
    if not plan.refusals:
        command = "kubectl get --raw /.well-known/openid-configuration".split()
        assert [*command, "#", "issuer", "is", old] in commands(render_plan(plan))


@given(VALUES, VALUES, VALUES)
def test_an_authentication_configuration_keeps_every_text(key: str, text: str, path: str) -> None:
    document: dict[str, Any] = {
        "apiVersion": f"apiserver.config.k8s.io/{text}",
        "kind": "AuthenticationConfiguration",
        "jwt": [{"issuer": {"url": text, key: [text]}}],
        f"x{key}": text,
        "anonymous": {"enabled": True, "conditions": [{"path": f"/{path}"}]},
    }
    # A file of UTF-8 has none.
    assume(not any("\ud800" <= each <= "\udfff" for each in key + text + path))
    before = Settings(issuers=(ISSUER,), authentication_config="/etc/auth.yaml")
    plan = planned(before, exposure="authentication-config")
    files = render_plan(plan, Existing(authentication=document)).files
    found = YAML(typ="safe", pure=True).load(files["authentication-config.yaml"].text)
    conditions = found.pop("anonymous")["conditions"]
    assert conditions[0] == {"path": f"/{path}"}
    del document["anonymous"]
    assert found == document


@pytest.mark.parametrize("text", ["{{ a }}", "{% a %}", "{# a #}"])
@pytest.mark.parametrize(
    ("distribution", "schema", "reader"),
    [
        ("kubespray", "extra-args", "Ansible"),
        ("cluster-api", "v1beta2", "cloud-init"),
        ("cluster-api", "v1beta1-patch", "cloud-init"),
    ],
)
def test_a_template_in_an_authentication_configuration_is_refused(
    distribution: str, schema: str, reader: str, text: str
) -> None:
    before = Settings(issuers=(ISSUER,), authentication_config="/etc/auth.yaml")
    plan = planned(before, distribution, schema, exposure="authentication-config")
    document = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "jwt": [{"issuer": {"url": text}}],
    }
    with pytest.raises(UserError) as caught:
        render_plan(plan, Existing(authentication=document))
    assert str(caught.value) == (
        f"The file of --authentication-config has {text[:2]!r}, which {reader} would replace: "
        "remove it."
    )


@pytest.mark.parametrize(
    ("distribution", "value", "reader", "token"),
    [
        ("kubeadm", "https://a/$(HOST)", "the kubelet", "$("),
        ("rke2", "https://a/$$", "the kubelet", "$$"),
        ("kubespray", "https://{{ host }}", "Ansible", "{{"),
        ("cluster-api", "https://{% host %}", "cloud-init", "{%"),
    ],
)
def test_what_something_on_the_way_replaces_is_refused_and_says_what_does(
    distribution: str, value: str, reader: str, token: str
) -> None:
    schema = {"kubespray": "extra-args-patch", "cluster-api": "v1beta2-patch"}.get(distribution)
    plan = planned(Settings(issuers=(ISSUER, value)), distribution, schema)
    assert plan.refusals == (
        f"--service-account-issuer has {value!r}: {reader} would replace {token!r}. Set another "
        "value first.",
    )


def test_a_variable_of_kubespray_is_filled_in_where_the_file_says_what_it_is() -> None:
    text = (
        "cluster_name: corp.internal\nkube_kubeadm_apiserver_extra_args:\n"
        '  service-account-issuer: "https://kubernetes.default.svc.{{ cluster_name }}"\n'
    )
    (found,) = read(text.encode(), "file")
    assert found.settings.issuers == ("https://kubernetes.default.svc.corp.internal",)


def test_flags_are_words_of_a_shell_but_for_the_folders_of_microk8s() -> None:
    key = "$SNAP_DATA/certs/serviceaccount.key"
    after = Settings(issuers=(ISSUER, "https://a/$(id)"), jwks_uri=JWKS, key_files=(key, "/a b"))
    result = render_plan(judge(goal(), None, after))
    assert result.files["kube-apiserver.flags"].text == (
        f"--service-account-issuer={ISSUER}\n"
        "'--service-account-issuer=https://a/$(id)'\n"
        f"--service-account-jwks-uri={JWKS}\n"
        f"--service-account-key-file={key}\n"
        "'--service-account-key-file=/a b'\n"
    )


@given(VALUES, VALUES, VALUES)
def test_the_part_jwt_says_what_the_flags_said(url: str, claim: str, required: str) -> None:
    flags = {
        "oidc-issuer-url": url,
        "oidc-client-id": url,
        "oidc-ca-file": claim,
        "oidc-username-claim": f"a{claim}",
        "oidc-username-prefix": f"a{url}",
        "oidc-groups-claim": claim,
        "oidc-groups-prefix": url,
        "oidc-required-claim": f"k={required}",
    }
    assume(not any("\ud800" <= each <= "\udfff" for each in url + claim + required))
    assert YAML(typ="safe", pure=True).load(jwt(flags).replace(": |  #", ":  #")) == {
        "jwt": [
            {
                "issuer": {"url": url, "audiences": [url], "certificateAuthority": None},
                "claimMappings": {
                    "username": {"claim": f"a{claim}", "prefix": f"a{url}"},
                    "groups": {"claim": claim, "prefix": url},
                },
                "claimValidationRules": [{"claim": "k", "requiredValue": required}],
            }
        ]
    }
