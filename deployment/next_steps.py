"""What a deployment leaves for the user to copy: the commands that come next, and its outputs."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployment.logs import display_path
from federation.model.config import ClusterConfig

PROOF = "HOME=$(mktemp -d) aws sts get-caller-identity"
"""What proves a role in a pod. The AWS CLI (1 and 2) caches a web identity's credentials below HOME
until they expire; with an empty HOME it asks STS again."""


@dataclass(frozen=True)
class Copyable:
    """A text to copy, and what it is."""

    label: str
    text: str


def next_commands(
    path: Path, config: ClusterConfig, *, destroyed: bool = False
) -> tuple[Copyable, ...]:
    """The commands that come next.

    Args:
        path: The configuration's file.
        config: What was deployed or destroyed.
        destroyed: Which of the two it was.
    """
    return tuple(_after_destroy(path) if destroyed else _after_deploy(path, config))


def copyable_outputs(outputs: Mapping[str, Mapping[str, Any]]) -> Iterator[Copyable]:
    """The outputs by stack, and each entry of those that are maps.

    Args:
        outputs: Stack to output to value.
    """
    for stack, values in outputs.items():
        for name, value in values.items():
            if isinstance(value, Mapping):
                for key, each in value.items():
                    yield Copyable(f"{stack} {name} {key}", _text(each))
            else:
                yield Copyable(f"{stack} {name}", _text(value))


def _after_deploy(path: Path, config: ClusterConfig) -> Iterator[Copyable]:
    context = config.kubernetes.context
    for pod in config.test_pods:
        namespace, _, name = pod.partition("/")
        command = ["kubectl", *(["--context", context] if context else []), "exec", "-n", namespace]
        command += [name, "--", "sh", "-c", PROOF]
        yield Copyable(f"Try the role in the pod {pod}", shlex.join(command))
    yield Copyable("Run the proof again", _wizard("doctor", path))
    yield Copyable("Settings of the control plane", _wizard("apiserver", path))


def _after_destroy(path: Path) -> Iterator[Copyable]:
    yield Copyable("Deploy again", _wizard("deploy", path))


def _wizard(command: str, path: Path) -> str:
    return shlex.join(["python", "-m", "wizard", command, "--config", display_path(path)])


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
