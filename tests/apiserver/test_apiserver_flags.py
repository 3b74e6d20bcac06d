"""The flags of kube-apiserver: one reader, whose answer is the same for everyone who asks."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest
from apiserver_cases import ISSUER, OLD, config

from apiserver.flags import join_list, parse_flags, split_list
from apiserver.reading import read
from apiserver.settings import Settings
from apiserver.shell import commands
from doctor.checks import cluster
from doctor.examination import Options
from doctor.runner import examined
from federation.errors import UserError
from review.facts.evidence import api_server

SIGNS = f"--service-account-issuer={ISSUER}"
KEEPS = f"--service-account-issuer={OLD}"
FILES = (
    "--service-account-key-file=/etc/kubernetes/pki/sa.pub",
    "--service-account-signing-key-file=/etc/kubernetes/pki/sa.key",
)
KUBE = ("kube-apiserver", SIGNS)
SH = ("/bin/sh", "-c")
FROM_PROCESS = (
    "Pass the running process instead: 'cat /proc/$(pgrep -x kube-apiserver)/cmdline | python -m "
    "wizard apiserver --from -'."
)

UNDERSTOOD: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "no audiences: the issuers": ((*KUBE, KEEPS), (ISSUER, OLD)),
    "a value with =": ((*KUBE, "--api-audiences=a,b"), ("a", "b")),
    "a value in the next word": ((*KUBE, "--api-audiences", "a,b"), ("a", "b")),
    "given twice, a list appends": (
        (*KUBE, "--api-audiences=a", "--api-audiences", "b"),
        ("a", "b"),
    ),
    "underscores": ((*KUBE, "--api_audiences=a_b"), ("a_b",)),
    "white space counts": ((*KUBE, "--api-audiences=a, b"), ("a", " b")),
    "quotes of CSV": ((*KUBE, '--api-audiences="a,b",c'), ("a,b", "c")),
    "an empty value": ((*KUBE, "--api-audiences="), (ISSUER,)),
    "empty words": ((*KUBE, "", "--api-audiences=a", ""), ("a",)),
    "a boolean before it": ((*KUBE, "--anonymous-auth", "--api-audiences=a"), ("a",)),
    "verbosity": ((*KUBE, "-v", "2", "--api-audiences=a", "-v=4"), ("a",)),
    "an absolute path": (("/usr/local/bin/kube-apiserver", SIGNS, "--api-audiences=a"), ("a",)),
    "hyperkube": (("/hyperkube", "kube-apiserver", SIGNS, "--api-audiences=a"), ("a",)),
    "kOps's wrapper": (
        ("/go-runner", "--log-file=/log", "--also-stdout", "/x/kube-apiserver", SIGNS),
        (ISSUER,),
    ),
    "exec in a shell": ((*SH, f"exec kube-apiserver {SIGNS} --api-audiences=a"), ("a",)),
    "a shell with options": (
        ("bash", "-euo", "pipefail", "-c", f"kube-apiserver {SIGNS} --api-audiences=a"),
        ("a",),
    ),
    "quotes of a shell": (
        (*SH, f"exec kube-apiserver '{SIGNS}' --api-audiences=\"a\",'b' 2>&1"),
        ("a", "b"),
    ),
    "a redirection among the flags": (
        (*SH, f"kube-apiserver {SIGNS} >>/var/log/x 2>&1 --api_audiences a"),
        ("a",),
    ),
    "lines that go on, and a comment": (
        (*SH, f"# all of it\nexec kube-apiserver \\\n  {SIGNS} \\\n  --api-audiences=a # b\necho"),
        ("a",),
    ),
    "a # within a word": (
        (*SH, f"kube-apiserver {SIGNS} --oidc-username-prefix=oidc# --api-audiences=a"),
        ("a",),
    ),
    "kOps's pipe": (
        (
            *SH,
            "mkfifo /tmp/pipe; (tee -a /var/log/kube-apiserver.log < /tmp/pipe & ) ; exec "
            f"/usr/local/bin/kube-apiserver {SIGNS} --api-audiences=a > /tmp/pipe 2>&1",
        ),
        ("a",),
    ),
    "another command with the name": (
        (*SH, f"pkill kube-apiserver || true; kube-apiserver {SIGNS} --api-audiences=a && echo"),
        ("a",),
    ),
    "a $ without a shell": ((*KUBE, "--api-audiences=$a"), ("$a",)),
    "a substitution in another flag": (
        (*SH, f"kube-apiserver --advertise-address=$(hostname -i) {SIGNS} --api-audiences=a"),
        ("a",),
    ),
}
REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "flags from the environment": (
        (*SH, f"exec kube-apiserver {SIGNS} $EXTRA_ARGS"),
        f"takes flags from the environment ('$EXTRA_ARGS'). {FROM_PROCESS}",
    ),
    "a value from the environment": (
        ("kube-apiserver", "--service-account-issuer=$(ISSUER)"),
        f"--service-account-issuer=$(ISSUER) takes its value from the environment. {FROM_PROCESS}",
    ),
    "a value from a variable of the shell": (
        (*SH, "exec kube-apiserver --service-account-issuer=${ISSUER}"),
        f"--service-account-issuer=${{ISSUER}} takes its value from the environment. "
        f"{FROM_PROCESS}",
    ),
    "an open quote": (
        (*SH, f"exec kube-apiserver {SIGNS} '--api-audiences=a"),
        f"a script starts kube-apiserver, and a quote is opened and never closed. {FROM_PROCESS}",
    ),
    "two commands": (
        (*SH, f"if a; then kube-apiserver {SIGNS}; else kube-apiserver {KEEPS}; fi"),
        f"a script starts kube-apiserver 2 times. {FROM_PROCESS}",
    ),
    "a word that is not a flag": (
        (*KUBE, "sts.amazonaws.com"),
        "'sts.amazonaws.com' is not a flag, and kube-apiserver takes no other arguments.",
    ),
    "a boolean with its value in the next word": (
        (*KUBE, "--anonymous-auth", "false"),
        "'false' is not a flag, and kube-apiserver takes no other arguments. If it belongs to "
        "--anonymous-auth, write --anonymous-auth=false.",
    ),
    "one dash": (
        (*KUBE, "-api-audiences=a"),
        "'-api-audiences=a' is not a flag, and kube-apiserver takes no other arguments.",
    ),
    "no value": (
        (*KUBE, "--api-audiences"),
        "--api-audiences has no value, and kube-apiserver needs one.",
    ),
    "a name that is none": (
        (*KUBE, "--api audiences=a"),
        "--api audiences is not the name of a flag: write NAME=VALUE.",
    ),
}


def pod(command: tuple[str, ...], at: int = 1) -> dict[str, Any]:
    """A static pod that is started with a command, whose words from `at` on are arguments."""
    container = {"command": list(command[:at]), "args": list(command[at:]), "name": "server"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "one"},
        "spec": {"containers": [container]},
    }


class Pods:
    """A cluster that has a pod, and answers nothing else."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def _list(self, path: str, labelSelector: str) -> list[dict[str, Any]]:  # noqa: N803
        assert path == "/api/v1/namespaces/kube-system/pods"
        return [self._document] if labelSelector == "component=kube-apiserver" else []


async def doctor_says(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, code: str
) -> tuple[str, str]:
    """Verdict and `seen` of the doctor, which finds the pod in a cluster."""
    monkeypatch.setattr(cluster, "_connect", lambda *_: Pods(pod(command)))
    options = Options(only=frozenset({f"control-plane-{code}"}))
    (finding,) = await examined(config(), options)
    return finding.verdict, finding.seen


@pytest.mark.parametrize(("command", "audiences"), UNDERSTOOD.values(), ids=UNDERSTOOD)
async def test_everyone_who_asks_gets_the_same_answer(
    command: tuple[str, ...], audiences: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in (1, len(command)):
        text = json.dumps(pod(command, at))
        (found,) = read(text.encode(), "pod.json")
        (linted,) = api_server(text, "pod.json").audiences
        assert found.settings.issuers[0] == ISSUER
        assert (found.settings.accepted_audiences, linted.values) == (
            audiences,
            tuple(sorted(audiences)),
        )
    (process,) = read("\0".join(command).encode() + b"\0", "cmdline")
    assert process.settings == found.settings
    shown = ", ".join(f"'{each}'" for each in audiences)
    assert await doctor_says(command, monkeypatch, "api-audiences") == ("pass", f"{shown} on one")


@pytest.mark.parametrize(("command", "reason"), REFUSED.values(), ids=REFUSED)
async def test_everyone_says_what_is_not_understood(
    command: tuple[str, ...], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = json.dumps(pod(command))
    for ask in (lambda: read(text.encode(), "f"), lambda: api_server(text, "f")):
        with pytest.raises(UserError) as caught:
            ask()
        assert str(caught.value) == f"f (one): {reason}"
    for code in ("flags", "api-audiences"):
        verdict, seen = await doctor_says(command, monkeypatch, code)
        assert (verdict, seen.removeprefix("kube-system (one): ")) == ("skip", reason)


async def test_what_is_wrong_on_one_server_is_a_failure_though_another_is_not_understood(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong, unread = pod(("kube-apiserver", KEEPS)), pod((*KUBE, "x"))
    unread["metadata"]["name"] = "two"
    pods = Pods(wrong)
    monkeypatch.setattr(pods, "_list", lambda *_, **__: [wrong, unread])
    monkeypatch.setattr(cluster, "_connect", lambda *_: pods)
    (finding,) = await examined(config(), Options(only=frozenset({"control-plane-flags"})))
    assert (finding.verdict, finding.seen, finding.expected) == (
        "fail",
        f"--service-account-issuer '{OLD}' on one",
        f"{ISSUER} first",
    )


async def test_a_pod_that_starts_something_else_is_said_by_the_doctor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await doctor_says(("/start.sh",), monkeypatch, "flags") == (
        "skip",
        "kube-system: the pod 'one' runs /start.sh, not kube-apiserver.",
    )


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([("api_audiences", "a"), ("api-audiences", "b")], {"api_audiences": ("a", "b")}),
        ([("anonymous_auth", "F")], {"anonymous_auth": "false"}),
        ([("anonymous-auth", "1")], {"anonymous_auth": "true"}),
        ([("anonymous-auth", "no")], {"anonymous_auth": "no"}),
        ([("service-account-issuer", "a,b")], {"issuers": ("a,b",)}),
        ([("feature-gates", "A=true, B=false")], {"feature_gates": ("A=true", "B=false")}),
        ([("authentication_config", "a"), ("authentication-config", "b")],
         {"authentication_config": "b"}),
    ],
)  # fmt: skip
def test_settings_follow_the_names_and_kinds_of_the_flags(
    flags: list[tuple[str, str]], expected: dict[str, Any]
) -> None:
    assert Settings.of(flags) == Settings(**expected)


@pytest.mark.parametrize("entries", [(), ("a",), ("a", "b"), ("a,b", 'c"d'), (" a", ""), ("é\n",)])
def test_a_list_reads_back_the_same(entries: tuple[str, ...]) -> None:
    assert split_list([join_list(entries)]) == entries


def test_a_value_of_a_list_with_an_open_quote_is_one_entry() -> None:
    assert split_list(['"a,b']) == ('"a,b',)


def test_no_flag_is_lost() -> None:
    words = ["--a", "--b=1", "--c", "2", "--d_e=f=g"]
    assert parse_flags(words, "f") == (("a", "true"), ("b", "1"), ("c", "2"), ("d-e", "f=g"))


@pytest.mark.skipif(not shutil.which("sh"), reason="there is no shell")
@pytest.mark.parametrize(
    "script",
    [
        "p a 'b c' \"d $ e\" f\\ g",
        'p \'a\'"b"c\\\'d "e\\"f\\\\g\\h"',
        "p a#b '#c' # d",
        "p a \\\n  b",
        "p a >/dev/null 2>&1 b 2 >/dev/null",
        "p a; p b && p c | cat",
        "(p a)\np b &",
        "p --x=a=b'' ''",
    ],
)
def test_a_script_has_the_words_that_a_shell_gives_a_program(script: str) -> None:
    """Each call of `p` writes its words to descriptor 3, which no redirection of it takes away."""
    shown = 'p() { for w in "$@"; do printf "%s\\0" "$w" >&3; done; printf "\\1\\0" >&3; }\n'
    done = subprocess.run(
        ["sh", "-c", f"exec 3>&1 >/dev/null\n{shown}{script}\nwait"],
        capture_output=True,
        text=True,
        check=True,
    )
    called = [each.split("\0")[:-1] for each in done.stdout.split("\1\0")[:-1]]
    ours = [words[1:] for words in commands(script) if words[:1] == ["p"]]
    assert sorted(ours) == sorted(called)
