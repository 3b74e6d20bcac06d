"""The commands that the documents tell people and pipelines to run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from federation.yaml.files import PROJECT

PIPELINES = PROJECT / "docs" / "pipelines"
PIPELINE_FILES = sorted({*PIPELINES.rglob("*.yml"), *PIPELINES.rglob("*.yaml")})

_COMMAND_KEYS = ("run", "script", "before_script", "command")
_WIZARD = re.compile(r"python -m wizard\b[^`'\"#|>&;)\n]*")


def pipeline(path: Path) -> Any:
    """What a pipeline's file holds."""
    return YAML(typ="safe").load(path)


def pipeline_lines(path: Path) -> list[str]:
    """Each line that a pipeline has a shell run, in the order of the file."""
    return [
        line for text in _commands(pipeline(path)) for line in text.splitlines() if line.strip()
    ]


def _commands(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _commands(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key in _COMMAND_KEYS and not isinstance(each, dict):
                yield from [each] if isinstance(each, str) else each
            else:
                yield from _commands(each)


def wizard_commands(text: str) -> list[str]:
    """Each command of ours in a text, without what a shell makes of its output."""
    joined = re.sub(r"\\\n\s*", "", text)
    return [found.strip() for found in _WIZARD.findall(joined)]
