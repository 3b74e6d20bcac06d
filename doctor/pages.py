"""The pages of docs/doctor/: one for each code, and an index, made of the rules' own texts.

`python -m doctor.pages` writes them; a test says when they are out of date.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

from doctor.finding import Rule
from doctor.rules import EVERY as ALL

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "doctor"


def pages() -> dict[str, str]:
    """Each page's text by its file name."""
    return {"README.md": _index(), **{f"{rule.code}.md": _page(rule) for rule in ALL}}


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write pages, and remove those of codes that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _index() -> str:
    parts = [
        "# What the doctor looks at",
        "",
        "`python -m wizard doctor` ([how to use it](../doctor.md)) looks at a federation layer by "
        "layer. Each line below is a code that its findings carry; codes stay the same from "
        "version to version.",
    ]
    for layer, rules in groupby(ALL, key=lambda rule: rule.layer):
        parts += ["", f"## {layer}", ""]
        parts += [f"- [`{rule.code}`]({rule.code}.md): {_literal(rule.title)}" for rule in rules]
    return "\n".join([*parts, ""])


def _page(rule: Rule) -> str:
    sections = {"What it means": rule.meaning, "Cause": rule.cause, "Fix": rule.fix}
    return (
        "\n\n".join(
            [
                f"# {rule.code}",
                f"{_literal(rule.title)}.",
                f"Layer: [{rule.layer}](README.md#{rule.layer})",
                *(f"## {heading}\n\n{_literal(text)}" for heading, text in sections.items()),
            ]
        )
        + "\n"
    )


def _literal(text: str) -> str:
    """A text in which nothing is Markdown."""
    return text.translate(_ESCAPES)


_ESCAPES = str.maketrans({character: f"\\{character}" for character in "\\`*[]<>"})

if __name__ == "__main__":
    write(FOLDER, pages())
