"""Texts that act on a terminal, on a pipeline or in a document, and what must not come out of them.

`TEXTS` go into whatever a command reads; `complaints` looks at what it printed, and `in_markdown`
and `in_html` at what it wrote.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser

ACTING = {
    "colour": "\x1b[31;5mred",
    "screen": "\x1b[2J\x1b[10A\x1b[1G",
    "title": "\x1b]0;title\x07",
    "link": "\x1b]8;;https://evil.example\x1b\\text\x1b]8;;\x1b\\",
    "C1": "\x9b31m\x85",
    "bell and back": "\x07\x08\x08\r\x0b\x0c\x7f",
    "direction": "\u202eright\u202c \u2066left\u2069 \u200f",
    "separators": "a\u2028b\u2029c",
    "no width": "a\u200bb\u200dc\ufeffd\u00ad",
    "no shape": "a\u3164b\ufe0fc\U000e0101d",
    "tags": "\U000e0041\U000e0042",
    "private": "\ue000\U0010fffe",
    "Azure": "##vso[task.complete result=Succeeded]",
    "old GitHub": "##[error]x",
    "TeamCity": "##teamcity[buildStop]",
    "GitLab": "section_start:1:x\r\x1b[0K",
    "comment": "<!-- hidden",
    "element": "</code></pre><script>alert(1)</script><img src=x>",
    "image": "![x](https://evil.example/x.png) [y](https://evil.example)",
    "code": "` `` ``` ~~~",
    "cell": "| a | b |",
    "markup": "[red]x[/red] [/] [@click=app.quit]y[/]",
    "entity": "&lt;b&gt; ]]> {0} {{ x }} %0A",
    "mathematics": "$\\color{white}{hidden}$",
}
ALL = " ".join(ACTING.values())
TEXTS = (
    ALL,
    "::error::hidden",
    "x\n::error file=a::hidden\n##[group]x\n",
    "x\n\n```\n<!--\n# Heading\n- item\n",
)
"""Everything at once, and what counts at the start of a line."""

_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_DRAWING = re.compile(r"\x1b\[(?:\?25[lh]|[0-9]*[AK])|\r")
_COMMAND = re.compile(
    r"\s*::[A-Za-z]|.*##\w*\[|\s*section_(?:start|end):|\s*travis_fold:", re.DOTALL
)
_ACTS = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_SHAPELESS = set("\u3164\ufe0f\U000e0101")


def complaints(output: str, *, drawn: bool = False) -> list[str]:
    """What is wrong with an output, one reason each; no line of it may act or hide.

    Args:
        output: What was printed, as text; bytes that are not UTF-8 as surrogates.
        drawn: Whether rich draws on a terminal meanwhile, with cursor movements of its own.
    """
    found = [
        f"{name} came out" for name, text in ACTING.items() if "\x1b" in text and text in output
    ]
    text = _STYLE.sub("", output.replace("\r\n", "\n"))
    text = _DRAWING.sub("", text) if drawn else text
    for line in text.split("\n"):
        found += [f"{each!a} in {line!a}" for each in sorted(set(line)) if _acts(each)]
        if _COMMAND.match(line):
            found.append(f"a command: {line!a}")
    if "Traceback (most recent call last)" in text:
        found.append("a traceback")
    return found


def in_html(text: str) -> list[str]:
    """What a page of ours has that comes from outside: elements, and what does not print."""
    return [*complaints(text), *_Elements(text).foreign]


def in_markdown(text: str) -> list[str]:
    """What would hide or act in Markdown: outside of code, each mark is behind a backslash."""
    found = complaints(text)
    for line in _outside_of_code(text):
        bare = re.sub(r"\\.", "", re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", line))
        bare = bare.replace("<br>", "").replace("<code>", "").replace("</code>", "")
        if re.search(r"<[!/A-Za-z]|!\[x|\]\(https://evil|\$\w|(?<!\\)<!--", bare):
            found.append(f"markup: {line!a}")
    return found


def _acts(character: str) -> bool:
    return unicodedata.category(character) in _ACTS or character in _SHAPELESS


def _outside_of_code(text: str) -> Iterator[str]:
    fence = ""
    for line in text.split("\n"):
        mark = re.match(r"`{3,}", line)
        if fence:
            fence = "" if mark and line.strip() == fence else fence
        elif mark:
            fence = mark[0]
        else:
            yield line


class _Elements(HTMLParser):
    """Elements and comments that no page of ours has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.foreign: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "img", "iframe") or any(name.startswith("on") for name, _ in attrs):
            self.foreign.append(f"<{tag}>")

    def handle_comment(self, data: str) -> None:
        self.foreign.append(f"<!--{data}")
