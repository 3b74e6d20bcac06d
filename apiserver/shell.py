"""The command that a shell script starts, word by word (POSIX Shell Command Language, 2.2-2.10).

Only what an API server's start script needs: quotes, comments, redirections and lists of commands.
Nothing is expanded: `$` stays in a word, and the caller decides what that means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 131_072
"""Characters of a script or line: Linux gives a program no longer argument (MAX_ARG_STRLEN)."""

_SINGLE = r"'[^']*'"
_DOUBLE = r'"(?:\\.|[^"\\])*"'
_EXPANSION = r"\$\([^()]*\)|\$\{[^{}]*\}|`[^`]*`"
_TOKEN = re.compile(
    rf"""
    (?P<space>[ \t\r]+|\\\n)
    | (?P<comment>\#[^\n]*)
    | (?P<redirection>[0-9]*(?:&>>?|[<>]+[&|]?))
    | (?P<end>\n|[;()|&]+)
    | (?P<word>(?:[^\s'"\\;()<>|&$`]|\\.|{_SINGLE}|{_DOUBLE}|{_EXPANSION}|\$)+)
    """,
    re.DOTALL | re.VERBOSE,
)
_PIECE = re.compile(
    rf"(?P<single>{_SINGLE})|(?P<double>{_DOUBLE})|\\(?P<escaped>.)|(?P<bare>.)", re.DOTALL
)
_IN_DOUBLE = re.compile(r'\\([$`"\\\n])')


class ScriptError(ValueError):
    """A script that cannot be cut into words; the text says why."""


def commands(script: str) -> Iterator[list[str]]:
    """The words of each simple command in a script, without its redirections.

    Raises:
        ScriptError: a quote or a parenthesis is not closed, or the script is too long.
    """
    words: list[str] = []
    is_target = False
    for kind, text in _tokens(script):
        if kind == "end":
            yield words
            words, is_target = [], False
        elif kind == "redirection":
            is_target = True
        elif is_target:
            is_target = False
        else:
            words.append(_unquote(text))
    yield words


def _tokens(script: str) -> Iterator[tuple[str, str]]:
    if len(script) > LONGEST:
        raise ScriptError(f"it has {len(script)} characters, which starts no program")
    at = 0
    while at < len(script):
        found = _TOKEN.match(script, at)
        if not found:
            raise ScriptError("a quote is opened and never closed")
        if found.lastgroup == "end" and script[at - 1 : at] == "$" and found[0].startswith("("):
            raise ScriptError("it has a command substitution within another")
        if found.lastgroup not in ("space", "comment"):
            yield str(found.lastgroup), found[0]
        at = found.end()


def _unquote(word: str) -> str:
    return "".join(map(_text, _PIECE.finditer(word)))


def _text(piece: re.Match[str]) -> str:
    if piece["single"]:
        return piece["single"][1:-1]
    if piece["double"]:
        return _IN_DOUBLE.sub(lambda found: found[1].strip("\n"), piece["double"][1:-1])
    if piece["escaped"]:
        return piece["escaped"].strip("\n")
    return piece["bare"]
