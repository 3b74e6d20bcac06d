"""Command lines of an API server: of `ps`, a process or a pod, or flags alone.

`apiserver.reading` tries these on a text, and `apiserver.configurations` on the pods that
it finds. `apiserver.systemd` reads the command of a unit.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from apiserver.settings import (
    ANONYMOUS_AUTH,
    ISSUER,
    KEY_FILE,
    NAMES,
    SIGNING_KEY_FILE,
    Flags,
    Settings,
    parsed,
)
from federation.errors import UserError
from federation.strict_json import JsonError, json_value

PROGRAM = "kube-apiserver"

_JOURNAL = f' msg="Running {PROGRAM} '
LONGEST = 131_072
"""Characters of a line that is cut into words, which takes the square of their number: Linux gives
a program no longer argument (MAX_ARG_STRLEN)."""
_MOST_CUT = 4 * LONGEST
"""Characters of all lines that are cut into words."""
_FLAG_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")


@dataclass(frozen=True)
class Reading:
    """The settings of one API server.

    Attributes:
        name: what errors call it.
        kind: what it was read from.
        settings: what is set, with what the distribution sets by itself.
        distribution: which one it is of, where that can be seen.
        schema: the form of its configuration, where that can be seen.
        version: `1.MINOR`, where it can be seen.
        program: the path of the program, where it can be seen.
        authentication: the AuthenticationConfiguration, where it is part of what was read.
    """

    name: str
    kind: str
    settings: Settings
    distribution: str | None = None
    schema: str | None = None
    version: str | None = None
    program: str = PROGRAM
    authentication: Mapping[str, Any] | None = None


def flag_lists(text: str, name: str) -> Iterator[Reading]:
    """Flags alone, one or several on a line."""
    lines = [line.strip() for line in _joined(text).splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if lines and all(line.startswith("--") for line in lines):
        _check_length(lines, name)
        arguments = [word for line in lines for word in _words(line, name)]
        yield Reading(name, "flags", settings_in(parsed(arguments), name))


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
        arguments = [str(each) for part in parts if isinstance(part, list) for each in part]
        if program_of_pod(arguments) is not None:
            yield of_pod(arguments, f"{name}:{number}")


def processes(text: str, name: str) -> Iterator[Reading]:
    """Lines of `ps`, each with or without columns before the program; `grep` finds itself too."""
    lines = enumerate(_joined(text).splitlines(), start=1)
    near = [(number, line) for number, line in lines if PROGRAM in line and len(line) <= LONGEST]
    _check_length([line for _, line in near], name)
    cut = [(number, _shown_words(line)) for number, line in near]
    found = [(number, words) for number, words in cut if _has_flags(words)]
    for number, words in found:
        place = f"{name}:{number}" if len(found) > 1 else name
        if words[-1].endswith(("…", "...")):
            raise UserError(f"{place}: the line ends with '{words[-1]}': it is cut. {_ALL_OF_PS}")
        yield _whole(of_command(words, place, "the output of ps"))


def _check_length(lines: list[str], name: str) -> None:
    """Cutting lines into words takes seconds for each megabyte."""
    if sum(len(line) for line in lines if len(line) <= LONGEST) > _MOST_CUT:
        raise UserError(
            f"{name}: has more than {_MOST_CUT} characters of flags: give only the line that "
            f"starts {PROGRAM}."
        )


def _has_flags(words: list[str]) -> bool:
    """Whether words start an API server, which has flags in any case."""
    at = _program(words)
    return at is not None and any(word.startswith("--") for word in words[at:])


def _shown_words(line: str) -> list[str]:
    """The words of a line of ps, of a script, or of the journal of k3s and RKE2."""
    before, found, flags = line.rstrip().rpartition(_JOURNAL)
    shown = f"{PROGRAM} {flags[:-1]}" if found and before and flags.endswith('"') else line
    try:
        return shlex.split(shown)
    except ValueError:
        return shown.split()


def _whole(reading: Reading) -> Reading:
    """A line of ps that was not cut where the terminal ended."""
    settings = reading.settings
    if any(name == "service-account-signing-endpoint" for name, _ in settings.others):
        return reading
    lacks = None
    if not settings.key_files:
        lacks = f"--{KEY_FILE}, without which no API server starts"
    elif settings.issuers and not settings.signing_key_file:
        lacks = f"--{SIGNING_KEY_FILE}, without which no API server starts that has --{ISSUER}"
    if lacks:
        raise UserError(f"{reading.name}: the line has no {lacks}. It may be cut: {_ALL_OF_PS}")
    return reading


_ALL_OF_PS = f"'ps -ww -o args= -C {PROGRAM}' shows all of it."


def of_command(arguments: list[str], name: str, kind: str) -> Reading:
    """The reading of a command, from its words.

    Raises:
        UserError: it starts something else, or with flags that no API server takes.
    """
    at = _program(arguments)
    if at is None:
        shown = PurePosixPath(arguments[0]).name if arguments else "nothing"
        hint = _HINT_OF_K3S if shown == "k3s" else ""
        raise UserError(f"{name}: starts {shown!r}, not {PROGRAM}.{hint}")
    settings = settings_in(parsed(arguments[at + 1 :]), name)
    return Reading(name, kind, settings, program=arguments[at])


_HINT_OF_K3S = (
    ' k3s runs the API server in itself: give its config.yaml, or the line "Running '
    f'{PROGRAM}" of its journal, which has what stands in the unit too.'
)
FROM_PROCESS = (
    f"Give the running process instead: 'cat /proc/$(pgrep -x {PROGRAM})/cmdline | python -m "
    "wizard apiserver --from -'."
)


def program_of_pod(arguments: list[str]) -> int | None:
    """As `_program`, behind the flags of a wrapper too (kOps: `go-runner --log-file=...`)."""
    names = [PurePosixPath(argument).name for argument in arguments]
    return names.index(PROGRAM) if PROGRAM in names else None


def of_pod(arguments: list[str], name: str) -> Reading:
    """The reading of a pod's container, from its command and its arguments.

    Raises:
        UserError: the kubelet or a shell puts values in that the pod does not show.
    """
    at = program_of_pod(arguments) or 0
    reading = of_command(arguments[at:], name, "a static pod")
    for flag, value in reading.settings.flags():
        if "$" in value:
            raise UserError(
                f"{name}: --{flag}={value} takes its value from the environment. {FROM_PROCESS}"
            )
    return reading


def unwrapped(arguments: list[str]) -> list[str]:
    """The command that a shell starts for the API server: `sh -c SCRIPT`; others as they are."""
    for script in arguments:
        if re.search(rf"\b{PROGRAM}\s", script) and program_of_pod(arguments) is None:
            words = _words_of_script(_joined(script))
            at = program_of_pod(words)
            if at is not None:
                ends = (i for i, word in enumerate(words[at:], at) if not word.strip("();<>|&"))
                return words[at : next(ends, None)]
    return arguments


def _words_of_script(script: str) -> list[str]:
    if len(script) > LONGEST:
        return []
    lexer = shlex.shlex(script, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        return list(lexer)
    except ValueError:
        return []


def settings_in(flags: Flags, name: str) -> Settings:
    """The settings in flags that an API server can have been started with."""
    for flag, value in flags:
        if not _FLAG_NAME.fullmatch(flag):
            raise UserError(f"{name}: --{flag} is not the name of a flag: write NAME=VALUE.")
        if value == "true" and flag in NAMES and flag != ANONYMOUS_AUTH:
            raise UserError(f"{name}: --{flag} has no value, and kube-apiserver needs one.")
    return Settings.of(flags)


def _program(words: list[str]) -> int | None:
    """The position of the program among the words of a command."""
    for at, word in enumerate(words):
        if word.startswith("--"):
            return None
        if PurePosixPath(word).name == PROGRAM and "grep" not in words[:at]:
            return at
    return None


def _joined(text: str) -> str:
    """Text in which a line that ends with a backslash goes on in the next one."""
    return re.sub(r"\\\s*(\n\s*|$)", " ", text)


def _words(text: str, name: str) -> list[str]:
    if len(text) > LONGEST:
        raise UserError(f"{name}: has a line of {len(text)} characters, which starts no program.")
    try:
        return shlex.split(text)
    except ValueError:
        raise UserError(f"{name}: a quote is opened and never closed.") from None
