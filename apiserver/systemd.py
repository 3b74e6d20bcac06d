"""The command of a systemd unit: read from one, and written into a drop-in.

Lines and quotes are those of systemd.syntax(7), specifiers those of systemd.unit(5), and commands
those of systemd.service(5), "Command lines".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from apiserver.commands import Reading, reading_of
from apiserver.flags import FROM_PROCESS, PROGRAM
from apiserver.shell import LONGEST
from federation.errors import UserError
from formats.escaping import quoted

_PLAIN = re.compile(r"[\w@%$+=:,./*-]+", re.ASCII)
_QUOTED = r'"(?:\\.|[^"\\])*"' + r"|'(?:\\.|[^'\\])*'"
_WORD = re.compile(rf"""(?:\\.|{_QUOTED}|[^ \t\n\r"'\\])+""", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL
)
_LETTERS = dict(zip("abfnrtvs\\\"'", "\a\b\f\n\r\t\v \\\"'", strict=True))
_PREFIXES = "-@:+!|"


def argument(text: str) -> str:
    """A word of a command that systemd passes on unchanged; control characters are not escaped.

    Not for the first word, where a leading `-`, `@`, `:`, `+`, `!` or `|` has a meaning even in
    quotes.
    """
    literal = text.replace("%", "%%").replace("$", "$$")
    if _PLAIN.fullmatch(literal):
        return literal
    escaped = literal.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def program(path: str) -> str:
    """The first word of a command.

    Raises:
        UserError: systemd would not start this program.
    """
    # Variables are not substituted in the first word, but '$$' is not '$' there either.
    is_found = path.startswith("/") or path == PROGRAM
    if not is_found or "$" in path or not path.isprintable():
        raise UserError(
            f"{quoted(path)} cannot be the program of a unit: write the absolute path of "
            f"{PROGRAM}, without '$' and control characters."
        )
    return argument(path)


def units(text: str, name: str) -> Iterator[Reading]:
    """`ExecStart=` of a systemd unit; the last one counts, and an empty one takes back.

    Raises:
        UserError: the unit does not say by itself how it starts an API server.
    """
    if not re.search(r"^[ \t]*\[Service\]", text, re.MULTILINE):
        return
    commands: list[str] = []
    for section, key, value in _entries(text):
        if (section, key) == ("Service", "ExecStart"):
            if value:
                commands.append(value)
            else:
                commands.clear()
    if not commands:
        raise UserError(f"{name}: is a systemd unit without ExecStart.")
    words = _command(commands[-1], name)
    yield replace(reading_of(words, name, "a systemd unit"), schema="systemd")


def _entries(text: str) -> Iterator[tuple[str, str, str]]:
    """Section, key and value of each setting."""
    section = ""
    for line in map(str.strip, _logical_lines(text)):
        if line.startswith("["):
            section = line.strip("[]")
            continue
        key, equals, value = line.partition("=")
        if equals:
            yield section, key.strip(), value.strip()


def _logical_lines(text: str) -> Iterator[str]:
    """Lines, where one that ends in a backslash goes on in the next; comments do not end it."""
    waiting: list[str] = []
    for line in re.split(r"\r\n|\n|\r", text):
        line = line.lstrip()
        if line.startswith(("#", ";")):
            continue
        if (len(line) - len(line.rstrip("\\"))) % 2 == 1:
            waiting.append(f"{line[:-1]} ")
            continue
        yield "".join((*waiting, line))
        waiting.clear()
    yield "".join(waiting)


def _command(line: str, name: str) -> list[str]:
    """The words of a command, as the program gets them."""
    words = [_without_specifiers(word, name) for word in _words(line, name)]
    path = words[0].lstrip(_PREFIXES)
    prefixes = words[0].removesuffix(path)
    # With '@' the second word is the name that the program sees as its own.
    arguments = words[2:] if "@" in prefixes else words[1:]
    if ":" not in prefixes:
        arguments = [_without_variables(word, name) for word in arguments]
    return [path, *arguments]


def _words(line: str, name: str) -> Iterator[str]:
    """The words of a line without their quotes and escapes."""
    if len(line) > LONGEST:
        raise UserError(
            f"{name}: has a line of {len(line)} characters, which is too long for a command."
        )
    if _WORD.sub("", line).strip():
        raise UserError(f"{name}: a quote is opened and never closed.")
    for word in _WORD.findall(line):
        if word == ";":
            raise UserError(f"{name}: ExecStart has several commands. {FROM_PROCESS}")
        yield ";" if word == r"\;" else _unquote(word)


def _unquote(word: str) -> str:
    pieces = re.findall(rf"{_QUOTED}|(?:\\.|[^\"'\\])+", word, re.DOTALL)
    bare = (each[1:-1] if each[0] in "\"'" else each for each in pieces)
    return "".join(_ESCAPE.sub(_character, each) for each in bare)


def _character(escape: re.Match[str]) -> str:
    two, octal, four, eight, letter = escape.groups()
    if letter is not None:
        return _LETTERS.get(letter, escape[0])
    return chr(int(octal, 8) if octal else int(two or four or eight, 16))


def _without_specifiers(word: str, name: str) -> str:
    found = re.search("%[A-Za-z]", word.replace("%%", ""))
    if found:
        raise UserError(f"{name}: ExecStart has the specifier {found[0]!r}. {FROM_PROCESS}")
    return word.replace("%%", "%")


def _without_variables(word: str, name: str) -> str:
    """A word in which `$$` is `$`; only `${NAME}`, and a whole word `$NAME`, are variables."""
    is_variable = word.startswith("$") and not word.startswith("$$")
    if is_variable or "${" in word.replace("$$", ""):
        raise UserError(f"{name}: ExecStart takes flags from the environment. {FROM_PROCESS}")
    return word.replace("$$", "$")
