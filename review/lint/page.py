"""docs/lint-codes.md: what each finding's code means, made from `federation.rules.registry`.

`python -m review.lint.page` writes it; a test says when it is out of date.
"""

from __future__ import annotations

from pathlib import Path

from federation.rules.registry import RULES, WEIGHTS, LintRule
from federation.yaml.files import PROJECT, write

PAGE: Path = PROJECT / "docs" / "lint-codes.md"


def page() -> str:
    parts = [
        "# Findings",
        "`check`, [`lint`](lint.md), the wizard and the review give each finding one of these "
        "codes. Codes and weights do not change between versions, unless CHANGELOG.md says so.",
    ]
    for weight in WEIGHTS:
        parts.append(f"## {weight}s")
        parts += [_section(rule) for rule in RULES if rule.weight == weight]
    return "\n\n".join(parts) + "\n"


def _section(rule: LintRule) -> str:
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
