"""A document as Markdown and as one self-contained page of HTML.

What is text becomes text: nothing of a value is markup in either. Characters that do not print,
such as those that turn the direction of text, come out as escapes.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from federation.templates import render
from formats.escaping import printable
from review.report.model import Cell, Code, Document, Strong, Text


def markdown(document: Document) -> str:
    """GitHub-flavoured Markdown; figures are files beside it."""
    return render(
        "review/REVIEW.md.j2",
        document=document,
        text=_markdown,
        cell=lambda lines: "<br>".join("".join(map(_in_cell, line)) for line in lines),
        lines=_lines,
        plain=lambda value: _markdown((value,)),
        fence=_fence,
    )


def html(document: Document) -> str:
    """One page, with its style and its figures in it."""
    return render(
        "review/review.html.j2",
        document=document,
        text=_html,
        cell=_html_cell,
        literal=printable,
        lines=_lines,
        picture=Markup,
    )


def _lines(text: str) -> str:
    """The same of a text of several lines."""
    return "\n".join(map(printable, text.rstrip("\n").split("\n")))


def _markdown(text: Text) -> str:
    return "".join(map(_markdown_span, text))


def _markdown_span(span: str | Code | Strong) -> str:
    if isinstance(span, Code):
        return _markdown_code(printable(span.text))
    if isinstance(span, Strong):
        return f"**{_literal(span.text)}**"
    return _literal(span)


def _literal(text: str) -> str:
    return _ADDRESS.sub(r"\1\\\2", printable(text).translate(_ESCAPES))


def _markdown_code(text: str) -> str:
    """Code between more backticks than it has in a row (CommonMark 0.31, 6.1)."""
    ticks = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def _in_cell(span: str | Code | Strong) -> str:
    """A pipe ends a cell, inside of code too, where a backslash before it is none (GFM, 4.10)."""
    if isinstance(span, Code) and "|" in span.text:
        return f"<code>{_literal(span.text)}</code>"
    return _markdown_span(span)


def _fence(text: str) -> str:
    return "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))


def _html(text: Text) -> Markup:
    return Markup().join(map(_html_span, text))


def _html_span(span: str | Code | Strong) -> Markup:
    if isinstance(span, Code):
        return Markup("<code>{}</code>").format(_breakable(printable(span.text)))
    if isinstance(span, Strong):
        return Markup("<strong>{}</strong>").format(printable(span.text))
    return escape(printable(span))


def _breakable(text: str) -> Markup:
    """A long name may be broken where a reader would: after a slash, or before a capital."""
    parts = re.split(r"(?<=[:/_@,])|(?<=[a-z0-9])(?=[A-Z])", text)
    return Markup("<wbr>").join(parts) if len(text) > _LONG else escape(text)


def _html_cell(lines: Cell) -> Markup:
    return Markup("<br>").join(map(_html, lines))


_LONG = 16
_ADDRESS = re.compile(r"(https?|ftp|www)(:|\.)", re.IGNORECASE)
"""Where GitHub would make a link of text (GFM, 6.9)."""
_ESCAPES = str.maketrans({each: f"\\{each}" for each in "\\`*[]<>_|~&#"})
