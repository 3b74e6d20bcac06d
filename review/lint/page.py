"""docs/lint-codes.md: what each code of the linter means, made of the rules' own texts.

`python -m review.lint.page` writes it; a test says when it is out of date.
"""

from __future__ import annotations

from pathlib import Path

from federation.yaml.files import PROJECT, write
from review.lint.finding import WEIGHTS, Rule
from review.lint.linter import EVERY

PAGE: Path = PROJECT / "docs" / "lint-codes.md"


def page() -> str:
    """The text of the page."""
    parts = [
        "# What the linter objects to",
        "`python -m wizard lint` ([how to use it](lint.md)) gives each finding one of these codes, "
        "which stay the same from version to version.",
    ]
    for weight in WEIGHTS:
        parts.append(f"## {weight}s")
        parts += [_section(rule) for rule in EVERY if rule.weight == weight]
    return "\n\n".join(parts) + "\n"


def _section(rule: Rule) -> str:
    paragraphs = (
        f"### {rule.code}",
        f"{rule.title}. {rule.reasoning}",
        f"Fix: {rule.fix}",
        f"Source: {rule.source}.",
    )
    return "\n\n".join(_literal(paragraph) for paragraph in paragraphs)


def _literal(text: str) -> str:
    """A text in which nothing is Markdown but its heading."""
    return text.translate(_ESCAPES)


_ESCAPES = str.maketrans({character: f"\\{character}" for character in "\\`*[]<>_"})

if __name__ == "__main__":
    write(PAGE, page())
