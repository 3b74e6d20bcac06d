"""Whatever a file or an option holds, no command breaks, hangs, acts or goes astray.

Hypothesis changes good documents at a few places (`hostile_documents`). Each run is a process of
its own, through a pipe or on a terminal. What it prints, its exit status, its processor time, and
its traces in the folders around it are judged.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import trustme
from hostile_documents import damaged, files, mutated, texts
from hostile_runs import Judged, examples
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from test_hostile_texts import (
    ACCOUNTS,
    ARGUMENTS,
    BUCKET,
    CASES,
    CLAIMS,
    KEYS,
    PLAN,
    POD,
    POLICY,
    SAFE,
    scripted,
)

from deployment.cdktf import planning
from deployment.cdktf.events import Succeeded
from federation.yaml.files import PROJECT, ConfigError, validate
from review.bundle import archive
from review.plan.changes import Plan, stack_plan
from review.sealing.seal import CHECKSUMS, checksum, listing
from stacks.app import synth
from wizard.cli import review as review_command

ADOPTED: dict[str, Any] = YAML(typ="safe").load(
    (PROJECT / "tests" / "stacks" / "configurations" / "adopted.yaml").read_text()
)
MIGRATION = ("apiserver", "-c", "safe.yaml", "--from", "pod.yaml", "--migrate")
GOOD = {
    "safe.yaml": json.dumps(SAFE).encode(),
    "policy.json": json.dumps(POLICY).encode(),
    "claims.json": json.dumps(CLAIMS).encode(),
    "pod.yaml": json.dumps(POD).encode(),
    "keys.json": json.dumps(KEYS).encode(),
}
"""Files that each run may name besides the one that is changed."""

FLAGS = POD["spec"]["containers"][0]["command"]
UNIT = "[Unit]\nDescription=x\n[Service]\nExecStart=/usr/bin/" + " \\\n  ".join(FLAGS) + "\n"
JOURNAL = f'one k3s[12]: time="x" level=info msg="Running kube-apiserver {" ".join(FLAGS[1:])}"\n'


def _expected() -> list[Any]:
    """What this program writes for each distribution, which it reads too."""
    found: list[Any] = []
    for path in sorted((PROJECT / "tests" / "apiserver" / "expected").glob("*/*")):
        text = path.read_text()
        found += [text, *(() if path.suffix == ".flags" else YAML(typ="safe").load_all(text))]
    return found


SOURCES: list[Any] = [
    *_expected(),
    POD,
    {"kind": "List", "apiVersion": "v1", "items": [POD, POD]},
    UNIT,
    JOURNAL,
    " ".join(FLAGS),
    "\0".join(FLAGS) + "\0",
    FLAGS,
    {"token": "x", "cluster-domain": "a.b", "kube-apiserver-arg": FLAGS[1:], "cni": "c"},
    {"version": "v1alpha1", "machine": {"install": {"image": "x:v1.12.0"}}, "cluster": {
        "controlPlane": {"endpoint": "https://10.0.0.1:6443"},
        "apiServer": {"extraArgs": {"a": ["b"]}, "image": "x:v1.34.1"},
    }},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kubeadm-config"}, "data": {
        "ClusterConfiguration": json.dumps({
            "apiVersion": "kubeadm.k8s.io/v1beta4", "kind": "ClusterConfiguration",
            "kubernetesVersion": "v1.34.2", "networking": {"dnsDomain": "a.b"},
            "apiServer": {"extraArgs": [{"name": "v", "value": "2"}]},
        })
    }},
    {"kube_version": "1.34.4", "dns_domain": "{{ cluster_name }}", "cluster_name": "a.b",
     "kube_oidc_auth": True, "kube_oidc_url": "https://dex.example.com", "kube_oidc_client_id": "k",
     "kube_feature_gates": ["A=true"], "kube_kubeadm_apiserver_extra_args": {"v": "2"}},
]  # fmt: skip
"""Each kind of what says how an API server runs."""

AUTHENTICATION: dict[str, Any] = {
    "apiVersion": "apiserver.config.k8s.io/v1",
    "kind": "AuthenticationConfiguration",
    "anonymous": {"enabled": True, "conditions": [{"path": "/livez"}]},
    "jwt": [
        {
            "issuer": {"url": "https://dex.example.com", "audiences": ["k"]},
            "claimMappings": {"username": {"claim": "sub", "prefix": ""}},
            "claimValidationRules": [{"claim": "hd", "requiredValue": "x"}],
        }
    ],
}
PEM = (PROJECT / "tests" / "stacks" / "keys" / "rsa.pub").read_text()
CHAIN = trustme.CA().create_child_ca().cert_pem.bytes().decode()
OTHERS_PLAN = json.loads((PROJECT / "tests" / "review" / "others_plan.json").read_text())
FROM = ("apiserver", "-c", "safe.yaml", "--from", "{}")

Files = tuple[tuple[str, ...], tuple[Any, ...]]
OF_FILES: dict[str, Files] = {
    **{name: (words, (document,)) for name, (words, _, document) in CASES.items()},
    "check of an adopted provider": (("check", "--offline", "-c", "{}"), (ADOPTED, BUCKET)),
    "apiserver --from --output": ((*FROM, "--output", "out"), tuple(SOURCES)),
    "apiserver --from --json, of each kind": ((*FROM, "--json"), tuple(SOURCES)),
    "apiserver --from, of each kind": (FROM, tuple(SOURCES)),
    "apiserver -c --output": (("apiserver", "-c", "{}", "--output", "out"), (SAFE, BUCKET)),
    "apiserver --authentication-config": (
        (*FROM[:3], "--exposure", "authentication-config", "--from", "pod.yaml",
         "--authentication-config", "{}", "--output", "out"),
        (AUTHENTICATION,),
    ),
    "apiserver --migrate --json": ((*FROM, "--migrate", "--json"), tuple(SOURCES)),
    "apiserver --rotate-key": (
        (*FROM, "--migrate", "--rotate-key", "/pki/new.pub", "/pki/new.key"), (POD,),
    ),
    "jwks --key of PEM": (("jwks", "--key", "{}"), (PEM,)),
    "jwks --key --output": (
        ("jwks", "--key", "{}", "--issuer", "https://a.example/b", "--output", "out"), (KEYS, PEM),
    ),
    "lint --plan of another": (("lint", "--plan", "{}", "--sarif"), (OTHERS_PLAN,)),
    "lint --chain": (("lint", "-c", "safe.yaml", "--chain", "{}"), (CHAIN, CHAIN * 2)),
    "lint --apiserver-manifest of each kind": (
        ("lint", "-c", "safe.yaml", "--apiserver-manifest", "{}"), tuple(SOURCES),
    ),
    "diff of an adopted provider": (("diff", "{}", "safe.yaml"), (ADOPTED, BUCKET)),
    "doctor --token": (
        ("doctor", "--offline", "-c", "safe.yaml", "--token", "{}"), ("e30.e30.e30",),
    ),
    "trust --token": (("trust", "--policy", "policy.json", "--token", "{}"), ("e30.e30.e30",)),
}  # fmt: skip
"""A command, in which `{}` is the file; the good documents from which its content is made."""


@examples(share=1)
@given(st.sampled_from(sorted(OF_FILES)), st.data())
def test_no_file_breaks_a_command(judged: Judged, case: str, data: st.DataObject) -> None:
    words, documents = OF_FILES[case]
    content = data.draw(files(*documents), label="content")
    judged.run(
        [word.replace("{}", "file") for word in words],
        {**GOOD, "file": content},
        terminal=data.draw(st.booleans(), label="terminal"),
    )


OPTIONS: dict[str, tuple[str, ...]] = {
    **ARGUMENTS,
    "a name of a cluster": (
        "init", "--cluster-dns", "a.example.com", "--cluster-name", "{}", "--output", "out/a.yaml",
    ),
    "a file of init": ("init", "--cluster-dns", "a.example.com", "--output", "out/{}"),
    "a folder of jwks": (
        "jwks", "--key", "keys.json", "--issuer", "https://a.example.com/{}", "--output", "out",
    ),
    "a reason": (*MIGRATION, "--next", "--set-aside", "{}"),
    "a lifetime": (*MIGRATION, "--token-lifetime", "{}"),
    "a key on the nodes": (*MIGRATION, "--rotate-key", "{}", "/pki/{}"),
    "an issuer that is kept": ("apiserver", "-c", "safe.yaml", "--keep-issuer", "{}"),
    "a folder of files": ("apiserver", "-c", "safe.yaml", "--new-cluster", "--output", "out/{}"),
    "a review": ("review", "--verify", "{}"),
    "what doctor leaves out": ("doctor", "-c", "safe.yaml", "--skip", "{}"),
    "a file of the authorities": ("doctor", "-c", "safe.yaml", "--offline", "--ca-file", "{}"),
    "a file of the report": ("doctor", "-c", "safe.yaml", "--offline", "--sarif", "out/{}"),
    "a day of a review": ("review", "-c", "safe.yaml", "--output", "out", "--today", "{}"),
}  # fmt: skip


@st.composite
def arguments(draw: st.DrawFn) -> str:
    """A text as a shell can hand it on: without NULs, bytes that are not UTF-8 as surrogates."""
    text = draw(texts).replace("\0", "").encode("utf-8", "surrogatepass")
    return text[:4000].decode("utf-8", "surrogateescape")


@examples(share=1)
@given(st.sampled_from(sorted(OPTIONS)), st.data())
def test_no_argument_breaks_a_command(judged: Judged, case: str, data: st.DataObject) -> None:
    text = data.draw(arguments(), label="argument")
    names = "out/{}" not in OPTIONS[case]  # that file has the name that a person gives
    if not names:
        text = re.sub(r"[/\\]|^[.]+", "_", text)[:60]
    words = [word.replace("{}", text) for word in OPTIONS[case]]
    if words[0] == "init" and "--output" not in words:
        words += ["--output", "out/a.yaml"]  # else a good answer makes a file of the project
    # Questions come on a terminal only.
    terminal = words[0] != "init" and data.draw(st.booleans(), label="terminal")
    judged.run(words, GOOD, terminal=terminal, names=names)


@examples(share=0.2)
@given(st.data())
def test_no_revision_breaks_diff(judged: Judged, data: st.DataObject) -> None:
    content = data.draw(files(SAFE, ADOPTED), label="content")
    name = data.draw(arguments(), label="revision")
    judged.run(["diff", f"HEAD:{name}", "safe.yaml"], GOOD)
    judged.run(["diff", "HEAD", "safe.yaml"], GOOD, history={"safe.yaml": content})


REVIEW = {"REVIEW.md": "read me\n", "terraform/a/main.tf": "a = 1\n"}
SUMS = listing({path: checksum(text.encode()) for path, text in REVIEW.items()})


@examples(share=0.4)
@given(st.data())
def test_no_review_breaks_its_verification(judged: Judged, data: st.DataObject) -> None:
    name = data.draw(arguments(), label="name")[:80].replace("/", "_") or "x"
    lines = data.draw(damaged(SUMS.encode()), label="list")
    named = f"{checksum(b'')}  {name}\n".encode("utf-8", "surrogateescape")
    folder = {f"out/{path}": text.encode() for path, text in REVIEW.items()} | {
        f"out/{CHECKSUMS}": data.draw(st.sampled_from([lines, SUMS.encode() + named])),
    }
    if name not in (".", ".."):
        folder[f"out/x{name}"] = b""
    zipped = data.draw(damaged(archive({**REVIEW, CHECKSUMS: SUMS}, "prod-review")), label="zip")
    terminal = data.draw(st.booleans(), label="terminal")
    for path in ("out", "r.zip"):
        judged.run(
            ["review", "--verify", path, *data.draw(st.sampled_from([[], ["--json"]]))],
            {**folder, "r.zip": zipped},
            terminal=terminal,
            writes=False,
        )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan that Terraform shows, with any names and values."""
    changes = []
    for kind in draw(st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=3)):
        before, after = CHANGES[kind]
        changes.append(
            {
                "address": f"{kind}.{draw(texts)}",
                "type": kind,
                "name": draw(texts),
                "change": {
                    "actions": draw(st.sampled_from(ACTIONS)),
                    "before": draw(mutated(before)),
                    "after": draw(mutated(after)),
                    "after_unknown": draw(
                        st.sampled_from([{}, {"arn": True}, True, {"x": [True]}])
                    ),
                    "after_sensitive": draw(st.sampled_from([False, {"name": True}, {}])),
                    "replace_paths": draw(st.sampled_from([[], [["name"]], [["x", 0]]])),
                },
            }
        )
    return Plan((stack_plan("prod-identity", {"resource_changes": changes}),))


ACTIONS = (["create"], ["update"], ["delete"], ["delete", "create"], ["read"], ["forget"])
ROLE = PLAN["resource_changes"][0]["change"]["after"]
CHANGES: dict[str, tuple[Any, Any]] = {
    "aws_iam_role": (ROLE, ROLE),
    "aws_iam_openid_connect_provider": (
        {"url": "https://a.example.com", "client_id_list": ["a"], "thumbprint_list": ["0" * 40]},
        {"url": "https://b.example.com", "client_id_list": ["b"], "thumbprint_list": ["1" * 40]},
    ),
    "kubernetes_config_map_v1": (
        {"metadata": [{"name": "web", "namespace": "prod"}], "data": {"AWS_ROLE_ARN": "a"}},
        {"metadata": [{"name": "web", "namespace": "prod"}], "data": {"AWS_ROLE_ARN": "b"}},
    ),
    "aws_s3_bucket_policy": ({"policy": json.dumps(POLICY)}, {"policy": json.dumps(POLICY)}),
    "kubernetes_cluster_role_binding_v1": (
        {"subject": [{"kind": "Group", "name": "system:unauthenticated"}]},
        {"subject": [{"kind": "Group", "name": "a"}]},
    ),
}
"""What a resource of each kind was, and is to be."""


@pytest.fixture
def stands_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[Plan], None]:
    """Has `plan` and `review --plan` find a plan without Terraform."""
    expected = PROJECT / "tests" / "stacks" / "expected" / "minimal" / "stacks"
    stacks = {
        f"prod-{kind}": json.loads((expected / f"minimal-{kind}" / "cdk.tf.json").read_text())
        for kind in ("discovery", "identity", "workloads")
    }
    monkeypatch.setattr(review_command, "_synthesized", lambda _: stacks)
    monkeypatch.setattr("deployment.preflight.preflight", lambda _: iter(()))

    def have(plan: Plan) -> None:
        monkeypatch.setattr(planning, "plan", scripted("x", Succeeded({}, plan)))

    return have


@examples(share=0.2)
@given(st.data())
def test_no_plan_breaks_what_shows_it(
    judged: Judged, stands_in: Callable[[Plan], None], data: st.DataObject
) -> None:
    stands_in(data.draw(plans(), label="plan"))
    terminal = data.draw(st.booleans(), label="terminal")
    words = data.draw(
        st.sampled_from(
            [
                ("plan", "-c", "safe.yaml"),
                ("plan", "-c", "safe.yaml", "--json"),
                ("review", "-c", "safe.yaml", "--plan", "--zip", "--output", "out"),
            ]
        )
    )
    judged.run(words, GOOD, terminal=terminal)


@examples(share=0.2)
@given(st.data())
def test_no_configuration_breaks_a_review(
    judged: Judged, stands_in: Callable[[Plan], None], data: st.DataObject
) -> None:
    stands_in(Plan(()))
    content = data.draw(files(SAFE, BUCKET, ADOPTED), label="configuration")
    given_files = {
        "accounts.json": data.draw(files(ACCOUNTS), label="accounts"),
        "manifest.yaml": data.draw(files(POD), label="manifest"),
    }
    judged.run(
        ["review", "-c", "file", "--plan", "--output", "out", "--service-accounts",
         "accounts.json", "--apiserver-manifest", "manifest.yaml"],
        {**GOOD, **given_files, "file": content},
    )  # fmt: skip


@examples(share=0.1)
@given(st.data())
def test_no_text_of_a_configuration_breaks_a_synth(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    settings = copy.deepcopy(data.draw(st.sampled_from([SAFE, BUCKET]), label="configuration"))
    text = data.draw(texts.filter(lambda text: text.isprintable()), label="text").strip()[:200]
    settings["kubernetes"]["context"] = text
    settings["audience"] = [text]
    settings["aws"]["tags"] = {"a": text}
    around = tmp_path_factory.mktemp("synth")
    try:
        config = validate(settings)
    except ConfigError:
        return
    synth([config], str(around / "out"))
    assert [each.name for each in around.iterdir()] == ["out"]
    assert [
        json.loads(path.read_text())["terraform"]["required_providers"] != {}
        for path in around.glob("out/stacks/*/cdk.tf.json")
    ] == [True] * len(list(around.glob("out/stacks/*")))
