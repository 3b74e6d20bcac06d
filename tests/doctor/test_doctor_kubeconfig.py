"""Kubeconfigs: merged as kubectl does, and read within limits."""

from __future__ import annotations

import os
import time
from itertools import pairwise
from pathlib import Path

import pytest
from kubernetes.config.config_exception import ConfigException

from doctor.live.kubeconfig import connection

KUBECONFIG = """\
current-context: {name}
clusters: [{{name: {name}, cluster: {{server: "https://{name}.example.com"}}}}]
contexts: [{{name: {name}, context: {{cluster: {name}, user: {name}}}}}]
users: [{{name: {name}, user: {user}}}]
"""


def refusal(path: Path) -> str:
    begun = time.monotonic()
    with pytest.raises(ConfigException) as caught:
        connection(str(path), None)
    assert time.monotonic() - begun < 10
    return str(caught.value)


def test_several_files_are_one_and_the_last_context_is_the_current_one(in_folder: Path) -> None:
    for name in ("a", "b"):
        Path(name).write_text(KUBECONFIG.format(name=name, user="{token: t}"))
    hosts = [connection("a:none:b", context).configuration.host for context in ("a", "b", None)]
    assert hosts == ["https://a.example.com", "https://b.example.com", "https://b.example.com"]


def test_a_pipe_in_place_of_a_kubeconfig_is_refused(in_folder: Path) -> None:
    os.mkfifo("fifo")
    assert refusal(Path("fifo")) == (
        "The kubeconfig fifo: is a named pipe: name a regular file, '-' for stdin, or use <(...)."
    )


def test_a_pipe_in_place_of_a_token_is_refused(in_folder: Path) -> None:
    os.mkfifo("fifo")
    Path("config").write_text(KUBECONFIG.format(name="a", user="{tokenFile: fifo}"))
    assert refusal(Path("config")).startswith("config: fifo: is a named pipe: ")


def test_aliases_of_aliases_are_refused(in_folder: Path) -> None:
    lines = [KUBECONFIG.format(name="a", user="{token: t}"), "a: &a [x]"]
    lines += [f"{b}: &{b} [" + f"*{a}, " * 9 + "]" for a, b in pairwise("abcdefghijk")]
    Path("config").write_text("\n".join(lines))
    assert refusal(Path("config")).startswith("The kubeconfig is malformed (line ")
