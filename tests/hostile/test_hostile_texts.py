"""No text from outside acts, hides or ends a command, through a pipe and on a terminal.

Each case is a command and a place that it reads; each runs with every text of the corpus.
"""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command_runs import Ran, run
from hostile_texts import TEXTS, complaints, in_html, in_markdown

from deployment.cdktf import applying, planning, synthesis
from deployment.cdktf.events import (
    Failed,
    PhaseStarted,
    ResourceDone,
    ResourceStarted,
    Retrying,
    StackDone,
    Succeeded,
)
from deployment.preflight import Requirement
from federation.keys.jwks import key_set
from federation.keys.key_files import read
from federation.yaml.files import PROJECT
from formats.escaping import yaml_text
from review.facts.planned import documents, judge_plan
from review.plan.changes import AttributeChange, Plan, ResourceChange, StackPlan
from wizard.cli import review as review_command

SAFE: dict[str, Any] = {
    "cluster": "prod",
    "issuer": "https://oidc.example.com",
    "audience": ["sts.amazonaws.com"],
    "discovery": {"thumbprint": "omit"},
    "aws": {
        "region": "eu-west-1",
        "account_id": "123456789012",
        "endpoint_url": "http://127.0.0.1:1",
        "permissions_boundary": "arn:aws:iam::123456789012:policy/bound",
        "tags": {"team": "platform"},
    },
    "kubernetes": {"kubeconfig": "/nowhere/kubeconfig", "context": "prod", "version": "1.34"},
    "workloads": [
        {
            "namespace": "prod",
            "service_account": "web",
            "role": {
                "name": "web",
                "managed_policy_arns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
            },
        }
    ],
    "backend": {"type": "s3", "bucket": "states", "region": "eu-west-1"},
    "lint": {"accept": [{"code": "pinned-thumbprint", "reason": "because", "until": "2099-01-01"}]},
}
BUCKET: dict[str, Any] = SAFE | {
    "discovery": {
        "hosting": "s3", "s3": {"bucket": "docs", "keys": ["tests/stacks/keys/rsa.pub"]},
    },
    "issuer": "https://docs.s3.eu-west-1.amazonaws.com",
}  # fmt: skip
POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "One",
            "Effect": "Allow",
            "Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/oidc.example.com"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringLike": {
                    "oidc.example.com:aud": "sts.amazonaws.com",
                    "oidc.example.com:sub": "system:serviceaccount:prod:*",
                }
            },
        }
    ],
}
CLAIMS: dict[str, Any] = {
    "iss": "https://oidc.example.com",
    "sub": "system:serviceaccount:prod:web",
    "aud": ["sts.amazonaws.com"],
}
PLAN: dict[str, Any] = {
    "format_version": "1.2",
    "resource_changes": [
        {
            "address": "aws_iam_role.web",
            "mode": "managed",
            "type": "aws_iam_role",
            "name": "web",
            "change": {
                "actions": ["create"],
                "after": {
                    "name": "web",
                    "assume_role_policy": json.dumps(POLICY),
                    "tags": {"password": "x"},
                    "managed_policy_arns": ["arn:aws:iam::aws:policy/AdministratorAccess"],
                },
            },
        }
    ],
}
POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "kube-apiserver"},
    "spec": {
        "containers": [
            {
                "name": "kube-apiserver",
                "command": [
                    "kube-apiserver",
                    "--service-account-issuer=https://old.example.com",
                    "--service-account-key-file=/pki/sa.pub",
                    "--service-account-signing-key-file=/pki/sa.key",
                    "--api-audiences=https://old.example.com",
                ],
            }
        ]
    },
}
ACCOUNTS: dict[str, Any] = {
    "kind": "List",
    "items": [{"kind": "ServiceAccount", "metadata": {"namespace": "prod", "name": "web"}}],
}
KEYS: dict[str, Any] = json.loads(key_set(read(["tests/stacks/keys/rsa.pub"], PROJECT)))
LINT = ("lint", "--today", "2027-01-31")

Case = tuple[tuple[str, ...], str, dict[str, Any]]
CASES: dict[str, Case] = {
    "check": (("check", "--offline", "-c", "{}"), "a.yaml", SAFE),
    "check --json": (("check", "--offline", "--json", "-c", "{}"), "a.yaml", SAFE),
    "lint -c": ((*LINT, "-c", "{}"), "a.yaml", SAFE),
    "lint -c --json": ((*LINT, "-c", "{}", "--json"), "a.yaml", SAFE),
    "lint -c --sarif": ((*LINT, "-c", "{}", "--sarif"), "a.yaml", SAFE),
    "diff": (("diff", "safe.yaml", "{}"), "a.yaml", SAFE),
    "diff --json": (("diff", "{}", "safe.yaml", "--json"), "a.yaml", SAFE),
    "apiserver": (("apiserver", "-c", "{}"), "a.yaml", SAFE),
    "jwks": (("jwks", "-c", "{}"), "a.yaml", BUCKET),
    "doctor": (("doctor", "--offline", "-c", "{}"), "a.yaml", SAFE),
    "doctor --json": (("doctor", "--offline", "--json", "-c", "{}"), "a.yaml", SAFE),
    "doctor --sarif": (("doctor", "--offline", "--sarif", "-", "-c", "{}"), "a.yaml", SAFE),
    "doctor --junit": (("doctor", "--offline", "--junit", "-", "-c", "{}"), "a.yaml", SAFE),
    "drift": (("drift", "--timeout", "1", "--skip", "aws", "-c", "{}"), "a.yaml", SAFE),
    "trust": (("trust", "--policy", "{}", "--claims", "claims.json"), "p.json", POLICY),
    "trust --json": (
        ("trust", "--policy", "{}", "--claims", "claims.json", "--json"), "p.json", POLICY,
    ),
    "trust --claims": (("trust", "--policy", "policy.json", "--claims", "{}"), "c.json", CLAIMS),
    "lint --trust-policy": ((*LINT, "--trust-policy", "{}"), "p.json", POLICY),
    "lint --trust-policy --sarif": (
        (*LINT, "--trust-policy", "{}", "--sarif", "-"), "p.json", POLICY,
    ),
    "lint --plan": ((*LINT, "--plan", "{}"), "plan.json", PLAN),
    "lint --plan --json": ((*LINT, "--plan", "{}", "--json"), "plan.json", PLAN),
    "lint --plan --sarif": ((*LINT, "--plan", "{}", "--sarif"), "plan.json", PLAN),
    "lint --apiserver-manifest": (
        (*LINT, "-c", "safe.yaml", "--apiserver-manifest", "{}"), "pod.yaml", POD,
    ),
    "lint --service-accounts": (
        (*LINT, "--trust-policy", "policy.json", "--service-accounts", "{}"), "s.json", ACCOUNTS,
    ),
    "apiserver --from": (("apiserver", "-c", "safe.yaml", "--from", "{}"), "pod.yaml", POD),
    "apiserver --from --json": (
        ("apiserver", "-c", "safe.yaml", "--from", "{}", "--json"), "pod.yaml", POD,
    ),
    "apiserver --migrate": (
        ("apiserver", "-c", "safe.yaml", "--migrate", "--from", "{}"), "pod.yaml", POD,
    ),
    "jwks --key": (("jwks", "--key", "{}"), "keys.json", KEYS),
}  # fmt: skip
"""A command, in which `{}` is the file; its name; what is in it, of which each text is replaced."""
ARGUMENTS = {
    "a name of a file": ("check", "--config", "{}"),
    "an option": ("check", "--{}"),
    "a command": ("{}",),
    "an argument too many": ("check", "{}"),
    "a choice": ("apiserver", "-c", "safe.yaml", "--distribution", "{}"),
    "a version": ("apiserver", "-c", "safe.yaml", "--version", "{}"),
    "a schema": ("apiserver", "-c", "safe.yaml", "--schema", "{}"),
    "a number": ("drift", "--timeout", "{}"),
    "a layer": ("doctor", "-c", "safe.yaml", "--only", "{}"),
    "a pod": ("doctor", "-c", "safe.yaml", "--pod", "{}"),
    "a day": ("lint", "--today", "{}"),
    "a pair": (*("trust", "--policy", "policy.json"), "--claims", "claims.json", "--context", "{}"),
    "a provider": (
        *("trust", "--policy", "policy.json", "--claims", "claims.json"), "--provider", "{}",
    ),
    "a folder": ("review", "-c", "safe.yaml", "--output", "safe.yaml/{}"),
    "a revision": ("diff", "{}", "safe.yaml"),
    "an issuer": ("jwks", "--issuer", "{}"),
    "a place of keys": ("jwks", "--key", "{}"),
    "an answer": ("init", "--cluster-dns", "{}", "--region", "{}", "--namespace", "{}"),
    "a service account": ("init", "--cluster-dns", "a.example.com", "--service-account", "{}"),
    "a state": ("sandbox", "{}"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _files(in_folder: Path) -> None:
    for name, content in {
        "safe.yaml": SAFE,
        "policy.json": POLICY,
        "claims.json": CLAIMS,
    }.items():
        (in_folder / name).write_text(json.dumps(content))


def assert_safe(ran: Ran, *, drawn: bool = False) -> None:
    """Nothing in what a command printed acts or hides, and it ended as documented."""
    assert complaints(ran.output, drawn=drawn) == []
    assert ran.status in (0, 1, 2), ran.output


def replaced(document: Any, text: str) -> Iterator[Any]:
    """The document with a text in the place of one of its texts or keys, for each of them."""
    for place in _places(document):
        changed = copy.deepcopy(document)
        inner: Any = changed
        for key in place[:-1]:
            inner = inner[key]
        last = place[-1]
        if last == "new key":
            inner[text] = "x"
        else:
            inner[last] = f"{inner[last]}{text}" if text is TEXTS[0] else text
        yield changed


def _places(document: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(document, dict):
        yield (*at, "new key")
        for key, value in document.items():
            yield from _places(value, (*at, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from _places(value, (*at, index))
    else:
        yield at


@pytest.mark.parametrize("case", CASES)
def test_without_a_hostile_text_each_command_does_what_it_is_for(
    case: str, in_folder: Path
) -> None:
    words, name, document = CASES[case]
    (in_folder / name).write_text(yaml_text(document))
    ran = run([word.replace("{}", name) for word in words], in_folder, terminal=False)
    assert (case, ran.status in _STATUSES.get(words[0], (0,)), ran.output[:300]) == (
        case, True, ran.output[:300],
    )  # fmt: skip
    assert "is not a key that is known" not in ran.output


_STATUSES = {"lint": (0, 1), "doctor": (0, 1), "drift": (1,)}
BREADTH = pytest.param(False, TEXTS, id="pipe", marks=pytest.mark.breadth)
QUICK = pytest.param(True, TEXTS[:1], id="terminal")


@pytest.mark.parametrize(("terminal", "texts"), [BREADTH, QUICK])
@pytest.mark.parametrize("case", CASES)
def test_no_text_of_a_file_acts_or_hides(
    case: str, terminal: bool, texts: tuple[str, ...], in_folder: Path
) -> None:
    words, name, document = CASES[case]
    arguments = [word.replace("{}", name) for word in words]
    for text in texts:
        for changed in replaced(document, text):
            (in_folder / name).write_text(yaml_text(changed))
            (in_folder / "safe.migration.yaml").unlink(missing_ok=True)
            drawn = terminal and words[0] == "doctor"
            assert_safe(run(arguments, in_folder, terminal=terminal), drawn=drawn)


@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
@pytest.mark.parametrize("case", ARGUMENTS)
def test_no_argument_acts_or_hides(case: str, terminal: bool, in_folder: Path) -> None:
    for text in TEXTS:
        arguments = [word.replace("{}", text.replace("\0", "")) for word in ARGUMENTS[case]]
        assert_safe(run(arguments, in_folder, terminal=terminal and case != "an answer"))


@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
@pytest.mark.parametrize("text", TEXTS)
def test_no_name_of_a_file_acts_or_hides(text: str, terminal: bool, in_folder: Path) -> None:
    name = f"{text[:80].replace('/', '_')}.yaml"
    (in_folder / name).write_text(json.dumps(SAFE))
    for words in (
        ("check", "--offline", "-c", name),
        ("lint", "-c", name),
        ("lint", "-c", name, "--sarif"),
        ("lint", "--trust-policy", name),
        ("apiserver", "-c", name),
        ("diff", name, "safe.yaml"),
        ("doctor", "--offline", "-c", name, "--json"),
    ):
        assert_safe(run(words, in_folder, terminal=terminal))


@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
def test_a_name_that_is_no_text_is_no_defect(terminal: bool, in_folder: Path) -> None:
    name = b"\xff\xfe.yaml".decode("utf-8", "surrogateescape")
    (in_folder / name).write_text(json.dumps(SAFE))
    for words in (
        ("check", "--offline", "-c", name),
        ("check", "--offline", "-c", f"{name}x"),
        ("lint", "-c", name),
        ("lint", "-c", name, "--sarif"),
        ("lint", "-c", name, "--json"),
    ):
        assert_safe(run(words, in_folder, terminal=terminal))


@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
@pytest.mark.parametrize("variable", ["OIDC_IAM_CONFIG", "KUBECONFIG", "AWS_PROFILE", "AWS_REGION"])
def test_no_variable_of_the_environment_acts_or_hides(
    variable: str, terminal: bool, in_folder: Path
) -> None:
    for text in TEXTS:
        for words in (("check",), ("doctor", "--only", "aws-provider", "--timeout", "1")):
            path = {} if variable == "OIDC_IAM_CONFIG" else {"OIDC_IAM_CONFIG": "safe.yaml"}
            ran = run(words, in_folder, terminal=terminal, environment={**path, variable: text})
            assert_safe(ran, drawn=terminal and words[0] == "doctor")


def hostile_plan(text: str) -> Plan:
    """A plan, as Terraform shows one, whose names and values are a text."""
    policy = copy.deepcopy(POLICY)
    policy["Statement"][0]["Condition"]["StringLike"]["oidc.example.com:sub"] = text
    changes = [
        ResourceChange(
            f'aws_iam_role.web["{text}"]',
            "aws_iam_role",
            "web",
            "replace",
            (
                AttributeChange("name", json.dumps(text), json.dumps("web"), replaces=True),
                AttributeChange("description", text, json.dumps(text)),
                AttributeChange(f"tags.{text}", None, json.dumps(text)),
                AttributeChange(
                    "assume_role_policy",
                    json.dumps(json.dumps(POLICY)),
                    json.dumps(json.dumps(policy)),
                ),
            ),
        ),
        ResourceChange(f"{text}.x", text, "x", "create", (AttributeChange(text, None, text),)),
        ResourceChange(
            "aws_iam_openid_connect_provider.cluster",
            "aws_iam_openid_connect_provider",
            "cluster",
            "replace",
            (AttributeChange("url", json.dumps(text), json.dumps("x"), replaces=True),),
        ),
    ]
    return Plan((StackPlan("prod-identity", tuple(changes)),))


@pytest.mark.parametrize("text", TEXTS)
def test_a_plan_hides_nothing_in_its_documents(text: str) -> None:
    made = documents("prod", judge_plan(hostile_plan(text)))
    assert in_markdown(made["PLAN.md"]) == []
    assert complaints(made["plan.json"]) == []


class _Scripted:
    """A run of Terraform that says what it is told to."""

    def __init__(self, *events: object) -> None:
        self._events = list(events)

    async def __aenter__(self) -> _Scripted:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    def interrupt(self) -> None:
        return None

    def __aiter__(self) -> _Scripted:
        return self

    async def __anext__(self) -> object:
        if not self._events:
            raise StopAsyncIteration
        return self._events.pop(0)


def scripted(text: str, outcome: object) -> Callable[..., _Scripted]:
    def start(*_: object, **__: object) -> _Scripted:
        return _Scripted(
            PhaseStarted("prod-identity", f"planning {text}"),
            ResourceStarted("prod-identity", text, "create"),
            ResourceDone("prod-identity", text, "create", 1),
            Retrying(text, text, 2, 3),
            StackDone("prod-identity", 1, 0, 0),
            outcome,
        )

    return start


@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
@pytest.mark.parametrize("text", TEXTS)
def test_nothing_that_terraform_says_acts_or_hides(
    text: str, terminal: bool, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deployment.causes import Cause

    outputs = {"prod-identity": {"role_arns": {text: text}, text: text}}
    succeeded = Succeeded(outputs, hostile_plan(text))
    failed = Failed(1, (Cause(text, text, text, text),), Path(text.replace("/", "_")))
    checks = [Requirement("cluster", "warn", text, text), Requirement(text, "ok", text)]
    monkeypatch.setattr("deployment.preflight.preflight", lambda _: iter(checks))
    monkeypatch.setattr("federation.yaml.files.PROJECT", in_folder)
    for outcome in (succeeded, failed):
        for module, kind in (
            (planning, "plan"),
            (applying, "deploy"),
            (applying, "destroy"),
            (synthesis, "synth"),
        ):
            monkeypatch.setattr(module, kind, scripted(text, outcome))
        for words in (
            ("plan", "-c", "safe.yaml"),
            ("plan", "-c", "safe.yaml", "--json"),
            ("plan", "-c", "safe.yaml", "--destroy"),
            ("deploy", "-c", "safe.yaml", "--yes"),
            ("synth", "-c", "safe.yaml"),
        ):
            assert_safe(run(words, in_folder, terminal=terminal))
    monkeypatch.setattr(
        "deployment.preflight.preflight", lambda _: iter([Requirement(text, "fail", text, text)])
    )
    assert_safe(run(("deploy", "-c", "safe.yaml", "--yes"), in_folder, terminal=terminal))


FREE: tuple[tuple[Any, ...], ...] = (
    ("kubernetes", "context"),
    ("lint", "accept", 0, "reason"),
)
"""Places of a configuration that take any text that prints."""


@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
def test_nothing_in_a_review_acts_or_hides(
    terminal: bool, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = PROJECT / "tests" / "stacks" / "expected" / "minimal" / "stacks"
    stacks = {
        f"prod-{kind}": json.loads((expected / f"minimal-{kind}" / "cdk.tf.json").read_text())
        for kind in ("discovery", "identity", "workloads")
    }
    monkeypatch.setattr(review_command, "_synthesized", lambda _: stacks)
    monkeypatch.setattr(review_command, "follow", lambda _: None)
    monkeypatch.setattr(review_command, "require_ready", lambda _, *, plan_only: None)
    monkeypatch.setattr(review_command, "require", lambda _: ())
    printing = "".join(each for each in TEXTS[0] if each.isprintable()).strip()
    for at, text in enumerate((printing, *TEXTS[1:])):
        document = copy.deepcopy(SAFE)
        for place in FREE:
            inner = functools.reduce(lambda part, key: part[key], place[:-1], document)
            inner[place[-1]] = text.replace("\n", " ")[:400].strip()
        (in_folder / "a.yaml").write_text(yaml_text(document))
        accounts, pod = copy.deepcopy(ACCOUNTS), copy.deepcopy(POD)
        accounts["items"][0]["metadata"]["name"] = text
        pod["spec"]["containers"][0]["command"][-1] = f"--api-audiences={text}"
        (in_folder / "s.json").write_text(yaml_text(accounts))
        (in_folder / "pod.yaml").write_text(yaml_text(pod))
        monkeypatch.setattr(review_command, "make_plan", lambda _, text=text: hostile_plan(text))
        known = ("--service-accounts", "s.json", "--apiserver-manifest", "pod.yaml")
        for options in (("--plan", "--zip"), known):
            words = ("review", "-c", "a.yaml", "--output", f"out{at}{len(options)}", *options)
            ran = run(words, in_folder, terminal=terminal)
            assert_safe(ran)
            assert ran.status == 0, ran.output
    # The canonical form of the configuration is compared byte for byte, and so has texts unchanged.
    canonical = "configuration.json"
    written = [each for each in in_folder.glob("out*/**/*") if each.is_file()]
    written = [each for each in written if each.name != canonical]
    assert written
    for path in written:
        judge = {".md": in_markdown, ".html": in_html}.get(path.suffix, complaints)
        assert (path.name, judge(path.read_text("utf-8"))) == (path.name, [])
