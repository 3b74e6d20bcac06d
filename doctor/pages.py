"""docs/doctor-codes.md: what each code of the doctor means, from the rules' own texts.

`python -m doctor.pages` writes it; a test fails when it is out of date.
"""

from __future__ import annotations

from itertools import groupby

from doctor.catalog import EVERY_RULE
from doctor.finding import PAGE, Rule
from federation.yaml.files import PROJECT, write


def page() -> str:
    """The text of the page: a section for each layer, and in it a heading for each code."""
    parts = [
        "# The doctor's codes",
        "`python -m wizard doctor` ([how to use it](doctor.md)) checks a federation layer by "
        "layer. Each finding has one of these codes, which stay the same from version to version.",
    ]
    for layer, rules in groupby(EVERY_RULE, key=lambda rule: rule.layer):
        parts += [f"## {layer}", *map(_section, rules)]
    return "\n\n".join(parts) + "\n"


def _section(rule: Rule) -> str:
    paragraphs = (f"{rule.title}. {rule.meaning}", f"Cause: {rule.cause}", f"Fix: {rule.fix}")
    return "\n\n".join([f"### {rule.code}", *map(_literal, paragraphs)])


def _literal(text: str) -> str:
    """A text in which nothing is Markdown."""
    return text.translate(_ESCAPES)


_ESCAPES = str.maketrans({character: f"\\{character}" for character in "\\`*[]<>_"})

if __name__ == "__main__":
    write(PROJECT / PAGE, page())
