"""No text of a configuration is a Terraform template, which could read files and variables."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from federation.errors import UserError
from federation.yaml.files import load, validate
from stacks.app import synth

CONFIGURATIONS = sorted((Path(__file__).parent / "configurations").glob("*.yaml"))
TEMPLATE = "${timestamp()}%{if(true)}x"
UNESCAPED = re.compile(r"(?<!\$)\$\{timestamp|(?<!%)%\{if")
KEY_FILES = ("discovery", "s3", "keys")
"""Names of files, of which only the content is in the Terraform."""

Place = tuple[str | int, ...]


def texts(value: Any, at: Place = ()) -> Iterator[Place]:
    """The place of each text in a configuration."""
    if isinstance(value, str):
        yield at
    elif isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in members:
            yield from texts(each, (*at, key))


def changed(settings: dict[str, Any], place: Place, text: str) -> dict[str, Any]:
    """The configuration with another text at a place, after the text that is there."""
    made = copy.deepcopy(settings)
    holder: Any = made
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] += text
    return made


def with_templates(configuration: Path) -> tuple[dict[str, Any], list[Place]]:
    """The configuration with a template in each text that can have one."""
    settings = load(configuration).model_dump(mode="json")
    settings["aws"]["tags"] = settings["aws"].get("tags") or {"team": "platform"}
    taken: list[Place] = []
    for place in texts(settings):
        for text in (TEMPLATE, f"/{TEMPLATE}"):
            attempt = changed(settings, place, text)
            if place[:3] != KEY_FILES and is_valid(attempt):
                settings, taken = attempt, [*taken, place]
                break
    return settings, taken


def is_valid(settings: dict[str, Any]) -> bool:
    try:
        validate(settings)
    except UserError:
        return False
    return True


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda path: path.stem)
def test_a_template_in_a_text_stays_a_text(configuration: Path, tmp_path: Path) -> None:
    settings, taken = with_templates(configuration)

    synth([validate(settings)], str(tmp_path))

    written = [path.read_text() for path in tmp_path.rglob("cdk.tf.json")]
    assert [text for text in written if UNESCAPED.search(text)] == []
    if configuration.stem == "emulator":
        assert ("kubernetes", "context") in taken
