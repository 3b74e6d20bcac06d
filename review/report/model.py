"""A document for reviewers as a value: sections of paragraphs, lists, tables, listings, figures.

The sections' modules build it, `review.report.rendering` writes it as Markdown and as HTML; both
get this and nothing else, so that neither can say what the other does not.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq


@dataclass(frozen=True)
class Code:
    """A part of a text that is to be read letter by letter."""

    text: str


@dataclass(frozen=True)
class Strong:
    """A part of a text that must not be overlooked."""

    text: str


Span = str | Code | Strong
Text = tuple[Span, ...]
Cell = tuple[Text, ...]
"""What stands in a cell of a table, line by line."""


def prose(template: str, *values: str | Code | Strong) -> Text:
    """A text of ours with values of others.

    Args:
        template: The text. `{}` is where a value goes, and `words between backticks` are code.
        values: What goes there; a `str` becomes code. Nothing in it is markup.
    """
    given = iter(values)
    spans: list[Span] = []
    for part in _PARTS.split(template):
        if part == "{}":
            value = next(given)
            spans.append(Code(value) if isinstance(value, str) else value)
        elif part.startswith("`"):
            spans.append(Code(part.strip("`")))
        elif part:
            spans.append(part)
    return tuple(spans)


def code_list(values: tuple[str, ...]) -> Text:
    """Values of others as code, with commas between them."""
    spans: list[Span] = []
    for value in values:
        spans += [", ", Code(value)] if spans else [Code(value)]
    return tuple(spans)


def yaml(documents: Iterable[Mapping[str, Any]]) -> str:
    """Objects as YAML, one document each, as people read it."""
    written = []
    for document in documents:
        stream = io.StringIO()
        dumper = YAML(pure=True)
        dumper.indent(mapping=2, sequence=4, offset=2)
        dumper.width = 10_000
        dumper.dump(_laid_out(document), stream)
        written.append(stream.getvalue())
    return "---\n".join(written)


def _laid_out(value: Any) -> Any:
    """The same with lists of texts on a line each."""
    if isinstance(value, Mapping):
        return {key: _laid_out(each) for key, each in value.items()}
    if not isinstance(value, list | tuple):
        return value
    written = CommentedSeq(map(_laid_out, value))
    if all(isinstance(each, str) for each in value):
        written.fa.set_flow_style()
    return written


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 role`, `2 roles`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


@dataclass(frozen=True)
class Paragraph:
    """Sentences; `alert` where anyone who signs has to see them first."""

    text: Text
    alert: bool = False
    kind: ClassVar[str] = "paragraph"


@dataclass(frozen=True)
class Subheading:
    """A heading inside a section."""

    text: str
    kind: ClassVar[str] = "subheading"


@dataclass(frozen=True)
class Points:
    """A list, numbered where the order matters."""

    items: tuple[Text, ...]
    numbered: bool = False
    kind: ClassVar[str] = "points"


@dataclass(frozen=True)
class Table:
    """Rows of as many cells as there are columns; the first of each names the row.

    Attributes:
        to_fill: Whether there has to be room for a pen.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    to_fill: bool = False
    kind: ClassVar[str] = "table"


@dataclass(frozen=True)
class Listing:
    """Text for a program, such as a policy.

    Attributes:
        language: `json` or `yaml`.
    """

    caption: str
    language: str
    text: str
    kind: ClassVar[str] = "listing"


@dataclass(frozen=True)
class Figure:
    """A picture.

    Attributes:
        file: The name of its file beside the document.
        svg: The picture.
        alternative: What it shows, for those who do not see it.
    """

    file: str
    svg: str
    caption: str
    alternative: str
    kind: ClassVar[str] = "figure"


Block = Paragraph | Subheading | Points | Table | Listing | Figure


@dataclass(frozen=True)
class Section:
    """A part of the document with a heading."""

    title: str
    blocks: tuple[Block, ...]

    @property
    def anchor(self) -> str:
        """What links to it are made of."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


@dataclass(frozen=True)
class ReviewDocument:
    title: str
    sections: tuple[Section, ...]


_PARTS = re.compile(r"(\{\}|`[^`]+`)")
