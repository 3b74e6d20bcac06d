"""A document as Markdown and as one self-contained page of HTML.

What is text becomes text: nothing of a value is markup in either (`formats.escaping`).
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from federation.templates import render
from formats.escaping import Escaped, markdown_code, printable
from formats.escaping import html as _html_text
from formats.escaping import markdown as _literal
from review.report.model import Cell, Code, ReviewDocument, Strong, Text


def markdown(document: ReviewDocument) -> str:
    """GitHub-flavoured Markdown; figures are files beside it."""
    return render(
        "review/REVIEW.md.j2",
        document=document,
        text=_markdown,
        cell=_markdown_cell,
    )


def html(document: ReviewDocument) -> str:
    """One page, with its style and its figures in it."""
    return render(
        "review/review.html.j2",
        document=document,
        text=_html,
        cell=_html_cell,
        lines=_lines,
        picture=Markup,
    )


def _lines(text: str) -> Markup:
    """A text of several lines in HTML."""
    return Markup("\n").join(map(_html_text, text.rstrip("\n").split("\n")))


def _markdown(text: Text) -> Escaped:
    return Escaped("".join(map(_markdown_span, text)))


def _markdown_cell(lines: Cell) -> Escaped:
    return Escaped("<br>".join("".join(map(_in_cell, line)) for line in lines))


def _markdown_span(span: str | Code | Strong) -> str:
    if isinstance(span, Code):
        return markdown_code(span.text)
    if isinstance(span, Strong):
        return f"**{_literal(span.text)}**"
    return _literal(span)


def _in_cell(span: str | Code | Strong) -> str:
    """A pipe ends a cell, inside of code too, where a backslash before it is none (GFM, 4.10)."""
    if isinstance(span, Code) and "|" in span.text:
        return f"<code>{_literal(span.text)}</code>"
    return _markdown_span(span)


def _html(text: Text) -> Markup:
    return Markup().join(map(_html_span, text))


def _html_span(span: str | Code | Strong) -> Markup:
    if isinstance(span, Code):
        return Markup("<code>{}</code>").format(_breakable(printable(span.text)))
    if isinstance(span, Strong):
        return Markup("<strong>{}</strong>").format(_html_text(span.text))
    return _html_text(span)


def _breakable(text: str) -> Markup:
    """A long name may be broken where a reader would: after a slash, or before a capital."""
    parts = re.split(r"(?<=[:/_@,])|(?<=[a-z0-9])(?=[A-Z])", text)
    return Markup("<wbr>").join(parts) if len(text) > _LONG else escape(text)


def _html_cell(lines: Cell) -> Markup:
    return Markup("<br>").join(map(_html, lines))


_LONG = 16
