"""Text that was not written by us, escaped for the place where it goes. Imports nothing of ours.

One function a medium: `line` and `page` for a terminal, a log and a pipeline; `markdown` and
`markdown_code`; `html` for HTML and SVG; `xml` for JUnit; `sarif`; `json_text` and `yaml_text`.
`quoted`, `listed` and `enumeration` are for the middle of a message of ours. All of them rest on
`printable`: a character that shows nothing, moves the cursor or turns the direction of text becomes
an escape that a reader can see (`\\x1b`, `\\u202e`), and no line is a command to a pipeline.

Whether a text holds a secret is judged before it gets here (`federation.secrets`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup


class Escaped(str):
    """A text that is in the form of its medium already: a template puts it in unchanged."""

    __slots__ = ()


LONGEST = 300
"""Characters of a text that are quoted; enough for every value that a rule may let through."""

MOST = 10
"""How many values of a list are quoted."""


def printable(text: str) -> str:
    """A text on one line in which each character shows, and nothing is a command to a pipeline.

    Escaped are control, format and direction characters, line ends, surrogates, spaces other than
    the common one, private and unassigned characters (`str.isprintable`), and letters without a
    shape (`_SHAPELESS`).
    """
    return _COMMAND.sub(_broken, _visible(text))


def line(text: str) -> str:
    """One line of a terminal, a log or a pipeline's log."""
    return printable(text)


def page(text: str) -> str:
    """Several lines of the same; a line feed ends a line, and a tab becomes blanks."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(printable(each.expandtabs(4)) for each in lines)


def uncoloured(text: str) -> str:
    """Lines of a program's output: without its colours, and with all else as it is safe."""
    return page(_CONTROL.sub("", text))


def acts(text: str) -> bool:
    """Whether a character of a text shows nothing of itself, or acts."""
    return not text.isprintable() or _SHAPELESS.search(text) is not None


def quoted(value: object) -> str:
    """A value in quotes, on one line, and cut where it is very long."""
    text = value if isinstance(value, str) else str(value)
    if len(text) <= LONGEST:
        return printable(repr(text))
    return f"{printable(repr(text[:60]))}... ({len(text)} characters)"


def listed(values: object) -> str:
    """Several values, quoted, in their order; `none` if there are none."""
    items = list(values) if isinstance(values, list | tuple | set | frozenset) else [values]
    return enumeration(list(map(quoted, items))) or "none"


def enumeration(items: Sequence[str], most: int = MOST) -> str:
    """Texts that are safe already, with commas; of many the first ones, and how many more."""
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more


def ascii_quoted(text: str) -> str:
    """A name in quotes, in ASCII, so that no character looks like another one."""
    return ascii(text) if len(text) <= LONGEST else f"{text[:LONGEST]!a}..."


def markdown(text: str) -> Escaped:
    """Text in GitHub-flavoured Markdown that is nothing but text, at the start of a line too."""
    escaped = printable(text).translate(_MARKDOWN)
    return Escaped(_BLOCK.sub(r"\g<0>\\", _ADDRESS.sub(r"\1\\\2", escaped)))


def markdown_code(text: str) -> Escaped:
    """Code within a line, between more backticks than it has in a row (CommonMark 0.31, 6.1)."""
    text = printable(text)
    ticks = "`" * (_longest_run(text) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return Escaped(f"{ticks}{space}{text}{space}{ticks}")


def markdown_block(text: str, language: str = "") -> Escaped:
    """A block of code of several lines, none of which ends it (CommonMark 0.31, 4.5)."""
    fence = "`" * max(3, 1 + _longest_run(text))
    lines = map(printable, text.rstrip("\n").split("\n"))
    return Escaped("\n".join([f"{fence}{language}", *lines, fence]))


def html(text: str) -> Markup:
    """Text in HTML or SVG, between tags or in a quoted attribute."""
    from markupsafe import escape  # most commands write no HTML

    return escape(printable(text))


def xml(text: str) -> str:
    """Several lines for an XML library: without characters that XML 1.0 cannot hold (2.2)."""
    return page(text)


def sarif(text: str) -> str:
    """Several lines in which nothing is a placeholder or a link (SARIF 2.1.0, 3.11.5, 3.11.6)."""
    return page(text).translate(_SARIF)


def json_text(value: Any, **layout: Any) -> str:
    """A value as JSON that is safe to print: what does not print is escaped, and says the same.

    Args:
        value: What `json.dumps` takes.
        layout: Its arguments `indent`, `separators` and `sort_keys`.
    """
    text = json.dumps(value, ensure_ascii=False, **layout)
    return _COMMAND_IN_JSON.sub(r"#\\u0023", _escaped_in_json(text, _utf16))


def yaml_text(value: Any) -> str:
    """A value on one line as JSON that YAML reads alike: it takes no halves of a character."""
    return _escaped_in_json(json.dumps(value, ensure_ascii=False), _utf32)


def _visible(text: str) -> str:
    return _each(text, lambda each: each.encode("unicode_escape").decode())


def _each(text: str, escape: Callable[[str], str]) -> str:
    """A text with each character escaped that shows nothing of itself."""
    return "".join(escape(each) if acts(each) else each for each in text) if acts(text) else text


def _broken(command: re.Match[str]) -> str:
    """The same with the second character of its mark as an escape."""
    before, mark = command[0][:-1], command[0][-1]
    return f"{before}\\x{ord(mark):02x}"


def _escaped_in_json(text: str, escape: Callable[[str], str]) -> str:
    return "\n".join(_each(each, escape) for each in text.split("\n"))


def _utf16(character: str) -> str:
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"


def _utf32(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


_SHAPELESS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Default_Ignorable_Code_Point of Unicode as far as `str.isprintable` takes it, and a blank
Braille pattern: one can write whole sentences in them that nobody sees."""
_COMMAND = re.compile(
    r"\A\s*::(?=[A-Za-z])"  # GitHub Actions: the runner trims the line, then looks
    r"|##(?=#*\w*\[)"  # Azure Pipelines, TeamCity and older GitHub runners: amid a line, too
    r"|\b(?:section_(?:start|end)|travis_(?:fold|time)):"  # GitLab, Travis
)
_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movements
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC: titles, links
    r"|\x1b[@-Z\\-_]"
)
_COMMAND_IN_JSON = re.compile(r"##(?=#*\w*\[)")
"""The others cannot begin a line of JSON: a text begins with its quotes."""
_ADDRESS = re.compile(r"(https?|ftp|www)(:|\.)", re.IGNORECASE)
"""Where GitHub would make a link of text (GFM, 6.9)."""
_BLOCK = re.compile(r"\A\s*(?:(?=[-+=](?:[\s=-]|\Z))|\d{1,9}(?=[.)](?:\s|\Z)))")
"""Before what makes a list, a rule or a heading of a line (CommonMark 0.31, 4.1, 4.3, 5.2)."""
_MARKDOWN = str.maketrans({each: f"\\{each}" for each in "\\`*[]<>_|~&#$"})
_SARIF = str.maketrans({"{": "{{", "}": "}}", "\\": "\\\\", "[": "\\[", "]": "\\]"})
