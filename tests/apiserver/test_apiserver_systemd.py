"""The command of a unit, read as systemd reads it, and written so that it reads the same."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from apiserver_cases import ISSUER, JWKS, OLD, planned
from hypothesis import given
from hypothesis import strategies as st

from apiserver.reading import read
from apiserver.rendering import Existing, render_plan
from apiserver.settings import Settings
from federation.errors import UserError

PRINTABLE = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" ")).filter(
    str.isprintable
)
HOSTILE = (
    "a b", "a  b", " a ", "%n %%", "$HOME", "${HOME}", "$$", "$", "'", '"', "\\", "\\n", "\\\\ ",
    ";", "a ; /bin/evil", "-x", "@x", "+x", "!x", "#x", "--x", "=", "é %", "^https://.*\\.a\\.b$",
)  # fmt: skip
PROGRAM = "/usr/local/bin/kube-apiserver"


def arguments(command: str) -> tuple[tuple[str, str], ...]:
    """The flags other than the settings that a unit with this command starts."""
    (found,) = read(f"[Service]\nExecStart={command}\n".encode(), "unit")
    return found.settings.others


def drop_in(*others: tuple[str, str], program: str = PROGRAM) -> str:
    """The drop-in for an API server with these further flags."""
    before = Settings(issuers=(OLD,), others=others)
    plan = planned(before, "plain", "systemd")
    assert plan.refusals == ()
    return render_plan(plan, Existing(before.others, program)).files["oidc-iam.conf"].text


@pytest.mark.parametrize(
    ("command", "value"),
    [
        ("kube-apiserver --x='a b'", "a b"),
        ('kube-apiserver "--x=a b"', "a b"),
        ("/a/kube-apiserver --x=a\\x20b\\041\\u00e9\\U0001f600\\s\\t", "a b!é\U0001f600 \t"),
        (r"kube-apiserver --x=\"\'\\", "\"'\\"),
        (r"kube-apiserver --x=\q", r"\q"),
        ("kube-apiserver --x=100%%", "100%"),
        ("kube-apiserver --x=a%2Fb", "a%2Fb"),
        ("kube-apiserver --x=$$HOME$$$${X}", "$HOME$${X}"),
        ("kube-apiserver --x=^a$", "^a$"),
        ("kube-apiserver --x \\;", ";"),
        ("-kube-apiserver --x=1", "1"),
        ("+!/a/kube-apiserver --x=1", "1"),
        ("@/a/kube-apiserver --name --x=1", "1"),
        (":/a/kube-apiserver --x=${HOME}$$", "${HOME}$$"),
        ("kube-apiserver \\\n# comment\n  ; comment\n  --x=1", "1"),
        ("kube-apiserver --x=a\\\\\nBogus=--x=2", "a\\"),
    ],
)
def test_a_command_is_read_as_systemd_reads_it(command: str, value: str) -> None:
    assert arguments(command) == (("x", value),)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("kube-apiserver --x=${HOME}", "ExecStart takes flags from the environment."),
        ("kube-apiserver --x $HOME", "ExecStart takes flags from the environment."),
        ("kube-apiserver --x=$$${HOME}", "ExecStart takes flags from the environment."),
        ("kube-apiserver --x=%H", "ExecStart has the specifier '%H'."),
        ("kube-apiserver --x=%%%H", "ExecStart has the specifier '%H'."),
        ("kube-apiserver --x=1 ; /bin/other", "ExecStart has several commands."),
    ],
)
def test_a_command_that_systemd_fills_in_is_refused(command: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        arguments(command)
    assert str(caught.value) == (
        f"unit: {message} Pass the running process instead: 'cat /proc/$(pgrep -x "
        "kube-apiserver)/cmdline | python -m wizard apiserver --from -'."
    )


def test_a_quote_that_stays_open_is_refused() -> None:
    with pytest.raises(UserError) as caught:
        arguments("kube-apiserver --x='a")
    assert str(caught.value) == "unit: a quote is opened and never closed."


def test_an_empty_command_takes_back_and_other_sections_have_none() -> None:
    text = (
        "[Service]\nExecStart=/bin/other --x=1\nExecStart = \nExecStart = kube-apiserver --x=2\n"
        "[Install]\nExecStart=kube-apiserver --x=3\n"
    )
    (found,) = read(text.encode(), "unit")
    assert found.settings.others == (("x", "2"),)


@given(st.lists(st.sampled_from(HOSTILE) | PRINTABLE, min_size=2, max_size=8))
def test_a_value_in_a_drop_in_reads_the_same(values: list[str]) -> None:
    # What looks like a variable of a pod has a test of its own.
    others = tuple(("x", value) for value in (*values, "".join(values)) if "$(" not in value)
    text = drop_in(*others)
    (found,) = read(text.encode(), "oidc-iam.conf")
    assert found.settings.others == others
    assert found.program == PROGRAM


def test_a_drop_in_quotes_a_word_as_a_whole_and_doubles_what_systemd_expands() -> None:
    text = drop_in(("a", 'x "y" \\ %n ${HOME}'), ("b", "plain"), program="/opt/a b/kube-apiserver")
    assert text.splitlines()[3:] == [
        "[Service]",
        "ExecStart=",
        'ExecStart="/opt/a b/kube-apiserver" \\',
        '  "--a=x \\"y\\" \\\\ %%n $${HOME}" \\',
        "  --b=plain \\",
        f"  --service-account-issuer={ISSUER} \\",
        f"  --service-account-issuer={OLD} \\",
        f"  --service-account-jwks-uri={JWKS}",
    ]


@pytest.mark.parametrize("character", ["\n", "\r", "\0", "\t", "\x1b", "\x85", "\u2028", "\u202e"])
@pytest.mark.parametrize("name", ["service-account-key-file", "oidc-client-id", "etcd-servers"])
def test_a_value_with_a_line_end_is_refused(name: str, character: str) -> None:
    value = f"x{character}ExecStartPre=/bin/evil"
    plan = planned(
        Settings.of([("service-account-issuer", OLD), (name, value)]), "plain", "systemd"
    )
    assert plan.refusals == (
        f"--{name} has {value!r}, with a character that is not allowed in a flag.",
    )


def test_a_variable_of_a_pod_is_refused() -> None:
    before = Settings(issuers=(OLD,), others=(("advertise-address", "$(HOST_IP)"),))
    assert planned(before, "plain", "systemd").refusals == (
        "--advertise-address has '$(HOST_IP)', with '$(': a unit does not expand a pod's "
        "variables. Pass the running process with --from.",
    )


@pytest.mark.parametrize(
    "program", ["", "./kube-apiserver", "-/x/kube-apiserver", "/$X/kube-apiserver", "/a\nb"]
)
def test_a_program_that_systemd_would_not_start_is_refused(program: str) -> None:
    with pytest.raises(UserError) as caught:
        drop_in(program=program)
    assert str(caught.value) == (
        f"{program!r} cannot be the program of a unit: write the absolute path of kube-apiserver, "
        "without '$' and control characters."
    )


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_itself_reads_the_values_of_a_drop_in(tmp_path: Path) -> None:
    others = tuple((f"x{at}", value) for at, value in enumerate(HOSTILE))
    program = tmp_path / "a b%n" / "kube-apiserver"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "kube-apiserver.service"
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    folder = tmp_path / "kube-apiserver.service.d"
    folder.mkdir()
    (folder / "oidc-iam.conf").write_text(drop_in(*others, program=str(program)))
    shown = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--generators=no", str(unit)],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:", "SYSTEMD_LOG_LEVEL": "debug"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (line,) = re.findall(r"^\s*Command Line: (.*)$", shown, re.MULTILINE)
    assert dumped(line) == [
        str(program),
        *(f"--{name}={value}" for name, value in others),
        f"--service-account-issuer={ISSUER}",
        f"--service-account-issuer={OLD}",
        f"--service-account-jwks-uri={JWKS}",
    ]


def dumped(line: str) -> list[str]:
    """The words of a command as systemd's dump quotes them, `$$` being `$` when it starts."""
    words = re.findall(r'"(?:\\.|[^"\\])*"|[^\s"]+', line)
    bare = (re.sub(r"\\(.)", r"\1", word[1:-1] if word[0] == '"' else word) for word in words)
    return [word.replace("$$", "$") for word in bare]
