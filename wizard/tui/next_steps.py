"""What a person takes along from a deployment: its outputs, and the commands that come next."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployment.logs import shown
from federation.model.config import ClusterConfig


@dataclass(frozen=True)
class Copyable:
    """A text that is worth copying, and what it is."""

    label: str
    text: str


def copyables(
    config: ClusterConfig, path: Path, outputs: Mapping[str, Mapping[str, Any]], kind: str
) -> tuple[Copyable, ...]:
    """Commands first, outputs by stack after them.

    Args:
        config: What was deployed.
        path: Its file.
        outputs: Stack to output to value.
        kind: What was done: `deploy` or `destroy`.
    """
    commands = _after_destroy(path) if kind == "destroy" else _after_deploy(config, path)
    return (*commands, *_outputs(outputs))


def _after_deploy(config: ClusterConfig, path: Path) -> Iterator[Copyable]:
    context = config.kubernetes.context
    for pod in config.test_pods:
        namespace, _, name = pod.partition("/")
        command = ["kubectl", *(["--context", context] if context else []), "exec", "-n", namespace]
        command += [name, "--", "aws", "sts", "get-caller-identity"]
        yield Copyable(f"Try the role in the pod {pod}", shlex.join(command))
    yield Copyable("Prove it again at any time", _wizard("doctor", path))
    yield Copyable("What to set on the control plane", _wizard("apiserver", path))


def _after_destroy(path: Path) -> Iterator[Copyable]:
    yield Copyable("Make it again", _wizard("deploy", path))


def _wizard(command: str, path: Path) -> str:
    return shlex.join(["python", "-m", "wizard", command, "--config", shown(path)])


def _outputs(outputs: Mapping[str, Mapping[str, Any]]) -> Iterator[Copyable]:
    for stack, values in outputs.items():
        for name, value in values.items():
            if isinstance(value, Mapping):
                for key, each in value.items():
                    yield Copyable(f"{stack} {name} {key}", _text(each))
            else:
                yield Copyable(f"{stack} {name}", _text(value))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
