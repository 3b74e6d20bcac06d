"""The command that starts an API server: of a process, a container, a unit, or a line of `ps`.

`command_of` finds it behind wrappers and in shells, `reading_of` reads its flags. Every place where
a command can be seen comes here: `apiserver.pods`, `apiserver.systemd`, and the texts below, which
`apiserver.reading` tries.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from apiserver.flags import FROM_PROCESS, ISSUER, KEY_FILE, PROGRAM, SIGNING_KEY_FILE, parse_flags
from apiserver.settings import Settings
from apiserver.shell import LONGEST, ScriptError, commands
from federation.errors import UserError
from federation.strict_json import JsonError, json_value
from formats.escaping import quoted

_JOURNAL = f' msg="Running {PROGRAM} '
_MOST_CUT = 4 * LONGEST
"""Characters of all lines that are cut into words, which takes the square of a line's length."""
_OPERATOR = re.compile(r"[|&;]+|[0-9]*[<>].*|&>.*", re.DOTALL)
"""A word of a line of a script with which the command ends."""
_IN_SCRIPT = re.compile(rf"(?:^|[\s/;&|('\"]){PROGRAM}(?=[\s'\"]|$)")
_IN_SHELLS = ("$", "`")
_BY_KUBELET = ("$(",)
"""What begins a value that is filled in (`Expand` in third_party/forked/golang/expansion)."""
_ALL_OF_PS = f"'ps -ww -o args= -C {PROGRAM}' shows all of it."


@dataclass(frozen=True)
class Reading:
    """The settings of one API server.

    Attributes:
        name: what errors call it.
        kind: what it was read from.
        settings: what is set, with what the distribution sets by itself.
        distribution: which one it is of, if that can be seen.
        schema: the form of its configuration, if that can be seen.
        version: `1.MINOR`, if it can be seen.
        program: the path of the program, if it can be seen.
        authentication: the AuthenticationConfiguration, if it is part of what was read.
    """

    name: str
    kind: str
    settings: Settings
    distribution: str | None = None
    schema: str | None = None
    version: str | None = None
    program: str = PROGRAM
    authentication: Mapping[str, Any] | None = None


class OtherProgramError(UserError):
    """A command that does not start kube-apiserver.

    Attributes:
        program: what it starts, without its folder.
    """

    def __init__(self, place: str, program: str) -> None:
        self.program = program
        super().__init__(f"{place}: starts {quoted(program)}, not {PROGRAM}.")


def command_of(words: Sequence[str], place: str) -> list[str] | None:
    """The words from the program on, or None if the words start something else.

    Found behind wrappers (`go-runner --log-file=x kube-apiserver ...`) and in a script that a shell
    gets (`sh -c "exec kube-apiserver ..."`).

    Raises:
        UserError: a script that names kube-apiserver cannot be understood.
    """
    at = _position(words)
    if at is not None:
        return list(words[at:])
    for word in words:
        if re.search(r"\s", word) and _IN_SCRIPT.search(word):
            return _command_in_script(word, place)
    return None


def _position(words: Sequence[str]) -> int | None:
    """Where the program is. The value of a flag in a word of its own is not a program."""
    for at, word in enumerate(words):
        before = words[at - 1] if at else ""
        is_value = before.startswith("--") and "=" not in before and "/" not in word
        if PurePosixPath(word).name == PROGRAM and not is_value:
            return at
    return None


def _command_in_script(script: str, place: str) -> list[str]:
    try:
        found = [(words, _position(words)) for words in commands(script)]
    except ScriptError as error:
        raise UserError(
            f"{place}: a script starts {PROGRAM}, and {error}. {FROM_PROCESS}"
        ) from None
    started = [words[at:] for words, at in found if at is not None]
    with_flags = [words for words in started if any(word.startswith("-") for word in words)]
    candidates = with_flags or started
    if len(candidates) != 1:
        how_often = f"{len(candidates)} times" if candidates else "in a way that is not understood"
        raise UserError(f"{place}: a script starts {PROGRAM} {how_often}. {FROM_PROCESS}")
    return candidates[0]


def reading_of(words: Sequence[str], place: str, kind: str) -> Reading:
    """The reading of a command.

    Args:
        words: the command with its arguments.
        place: where it is, for errors.
        kind: what it was read from.

    Raises:
        OtherProgramError: it starts something else.
        UserError: it starts kube-apiserver with words that are not flags, or a shell fills in
            values that the script does not show.
    """
    command = command_of(words, place)
    if command is None:
        raise OtherProgramError(place, PurePosixPath(words[0]).name if words else "nothing")
    settings = Settings.of(parse_flags(command[1:], place))
    if _position(words) is None:
        _check_filled_in(settings, _IN_SHELLS, place)
    return Reading(place, kind, settings, program=command[0])


def _check_filled_in(settings: Settings, marks: Sequence[str], place: str) -> None:
    """That no value is filled in later than it is read."""
    for flag, value in settings.flags():
        if any(mark in value for mark in marks):
            raise UserError(
                f"{place}: --{flag}={value} takes its value from the environment. {FROM_PROCESS}"
            )


def flag_lists(text: str, name: str) -> Iterator[Reading]:
    """Flags alone, one or several on a line."""
    lines = [line.strip() for line in _join_lines(text).splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if lines and all(line.startswith("--") for line in lines):
        _check_length(lines, name)
        words = [word for line in lines for word in _words(line, name)]
        yield Reading(name, "flags", Settings.of(parse_flags(words, name)))


def arrays(text: str, name: str) -> Iterator[Reading]:
    """A line of JSON for each pod, its command and its arguments, as `kubectl -o jsonpath` shows.

    `Distribution.verify` has the command.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            parts = json_value("The line", f"[{line.replace('][', '],[')}]")
        except JsonError:
            return
        words = [str(each) for part in parts if isinstance(part, list) for each in part]
        place = f"{name}:{number}"
        if command_of(words, place) is not None:
            yield reading_of_pod(words, place)


def reading_of_pod(words: Sequence[str], place: str) -> Reading:
    """The reading of a container, from its command and its arguments.

    Raises:
        OtherProgramError: it starts something else.
        UserError: the kubelet or a shell fills in values that the pod does not show.
    """
    reading = reading_of(words, place, "a static pod")
    _check_filled_in(reading.settings, _BY_KUBELET, place)
    return reading


def processes(text: str, name: str) -> Iterator[Reading]:
    """Lines of `ps`, each with or without columns before the program; `grep` finds itself too."""
    lines = enumerate(_join_lines(text).splitlines(), start=1)
    near = [(number, line) for number, line in lines if PROGRAM in line and len(line) <= LONGEST]
    _check_length([line for _, line in near], name)
    cut = [(number, _shown_words(line)) for number, line in near]
    found = [(number, words) for number, words in cut if _has_flags(words, f"{name}:{number}")]
    for number, words in found:
        place = f"{name}:{number}" if len(found) > 1 else name
        if words[-1].endswith(("…", "...")):
            raise UserError(f"{place}: the line ends with '{words[-1]}': it is cut. {_ALL_OF_PS}")
        yield _check_whole(reading_of(words, place, "the output of ps"))


def _check_length(lines: list[str], name: str) -> None:
    """Cutting lines into words takes seconds for each megabyte."""
    if sum(len(line) for line in lines if len(line) <= LONGEST) > _MOST_CUT:
        raise UserError(
            f"{name}: has more than {_MOST_CUT} characters of flags: give only the line that "
            f"starts {PROGRAM}."
        )


def _has_flags(words: list[str], place: str) -> bool:
    """Whether words start an API server, which has flags in any case."""
    command = command_of(words, place) if "grep" not in words else None
    return command is not None and any(word.startswith("--") for word in command)


def _shown_words(line: str) -> list[str]:
    """The words of a line of ps, of a script, or of the journal of k3s and RKE2."""
    before, found, flags = line.rstrip().rpartition(_JOURNAL)
    shown = f"{PROGRAM} {flags[:-1]}" if found and before and flags.endswith('"') else line
    try:
        words = shlex.split(shown)
    except ValueError:
        words = shown.split()
    starts = next((at for at, word in enumerate(words) if word.startswith("--")), len(words))
    ends = (at for at, word in enumerate(words) if at > starts and _OPERATOR.fullmatch(word))
    return words[: next(ends, None)]


def _check_whole(reading: Reading) -> Reading:
    """A line of ps that was not cut where the terminal ended."""
    settings = reading.settings
    if any(name == "service-account-signing-endpoint" for name, _ in settings.others):
        return reading
    lacks = None
    if not settings.key_files:
        lacks = f"--{KEY_FILE}, which is required"
    elif settings.issuers and not settings.signing_key_file:
        lacks = f"--{SIGNING_KEY_FILE}, which is required together with --{ISSUER}"
    if lacks:
        raise UserError(f"{reading.name}: the line has no {lacks}. It may be cut: {_ALL_OF_PS}")
    return reading


def _join_lines(text: str) -> str:
    """Text in which a line that ends with a backslash goes on in the next one."""
    return re.sub(r"\\\s*(\n\s*|$)", " ", text)


def _words(text: str, name: str) -> list[str]:
    if len(text) > LONGEST:
        raise UserError(
            f"{name}: has a line of {len(text)} characters, which is too long for a command."
        )
    try:
        return shlex.split(text)
    except ValueError:
        raise UserError(f"{name}: a quote is opened and never closed.") from None
