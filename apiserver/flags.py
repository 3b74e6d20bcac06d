"""The one reader of kube-apiserver's flags: names, values, lists and booleans as pflag takes them.

Command lines, static pods, and the configurations of distributions all come here, for the command
`apiserver`, for the linter and for the doctor. The rules are those of github.com/spf13/pflag 1.0
(`parseLongArg`, `readAsCSV`) and of `NewAPIServerCommand` in cmd/kube-apiserver/app/server.go
(Kubernetes 1.34).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from federation.errors import UserError
from formats.escaping import quoted

PROGRAM = "kube-apiserver"

Flags = tuple[tuple[str, str], ...]
"""Flags in their order, each with its name without dashes and its value."""

ISSUER = "service-account-issuer"
JWKS_URI = "service-account-jwks-uri"
AUDIENCES = "api-audiences"
KEY_FILE = "service-account-key-file"
SIGNING_KEY_FILE = "service-account-signing-key-file"
FEATURE_GATES = "feature-gates"
AUTHENTICATION_CONFIG = "authentication-config"
ANONYMOUS_AUTH = "anonymous-auth"

NAMES = (
    ISSUER,
    JWKS_URI,
    AUDIENCES,
    KEY_FILE,
    SIGNING_KEY_FILE,
    FEATURE_GATES,
    AUTHENTICATION_CONFIG,
    ANONYMOUS_AUTH,
)
"""The flags that a plan may change, in the order in which they are written."""

FROM_PROCESS = (
    f"Pass the running process instead: 'cat /proc/$(pgrep -x {PROGRAM})/cmdline | python -m "
    "wizard apiserver --from -'."
)

_BOOLEANS = (
    "allow-privileged",
    ANONYMOUS_AUTH,
    "contention-profiling",
    "enable-aggregator-routing",
    "enable-bootstrap-token-auth",
    "profiling",
    "service-account-extend-token-expiration",
    "service-account-lookup",
)
"""Flags that take no value from the next word (pflag's `NoOptDefVal`)."""
_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("0", "f", "F", "FALSE", "false", "False")
_VERBOSITY = re.compile(r"^-v(?==|$)")
_FLAG_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")


def normalize(name: str) -> str:
    """The name of a flag, in which `_` means `-` (`WordSepNormalizeFunc` in component-base)."""
    return name.replace("_", "-")


def parse_flags(words: Sequence[str], place: str) -> Flags:
    """The flags in the words behind the program.

    `--name=value`, `--name value`, or `--name` for a boolean. `-v` is the one flag with a short
    name.

    Args:
        words: the arguments, without quotes or escapes of a shell.
        place: where they are, for errors.

    Raises:
        UserError: a word is not a flag, or a flag has no value; with it no API server starts.
    """
    flags: list[tuple[str, str]] = []
    waiting: str | None = None
    for word in (_VERBOSITY.sub("--v", each) for each in words if each):
        if word.startswith("--") and word != "--":
            flags += _without_value(waiting, place)
            name, equals, value = word.removeprefix("--").partition("=")
            name = normalize(name)
            waiting = None if equals or name in _BOOLEANS else name
            if waiting is None:
                flags.append((name, value if equals else "true"))
        elif waiting is None:
            raise _not_a_flag(word, flags[-1:], place)
        else:
            flags.append((waiting, word))
            waiting = None
    flags += _without_value(waiting, place)
    return checked_flags(flags, place)


def checked_flags(flags: Iterable[tuple[str, str]], place: str) -> Flags:
    """Flags with normalized names.

    Raises:
        UserError: a name is not the name of a flag.
    """
    found = tuple((normalize(name), value) for name, value in flags)
    for name, _ in found:
        if not _FLAG_NAME.fullmatch(name):
            raise UserError(f"{place}: --{name} is not the name of a flag: write NAME=VALUE.")
    return found


def _without_value(name: str | None, place: str) -> Flags:
    """A flag that nothing follows: true if it is a boolean that is not listed here."""
    if name in NAMES:
        raise UserError(f"{place}: --{name} has no value, and {PROGRAM} needs one.")
    return ((name, "true"),) if name else ()


def _not_a_flag(word: str, before: Sequence[tuple[str, str]], place: str) -> UserError:
    if "$" in word:
        return UserError(
            f"{place}: takes flags from the environment ({quoted(word)}). {FROM_PROCESS}"
        )
    reason = f"{quoted(word)} is not a flag, and {PROGRAM} takes no other arguments."
    if before and before[0] in ((name, "true") for name in _BOOLEANS):
        reason += f" If it belongs to --{before[0][0]}, write --{before[0][0]}={word}."
    return UserError(f"{place}: {reason}")


def values_of(flags: Flags, name: str) -> tuple[str, ...]:
    """Every value of a flag, in order: a string array, which does not split at commas."""
    return tuple(value for flag, value in flags if flag == name)


def last_of(flags: Flags, name: str) -> str | None:
    """The value of a flag that counts once: the last one given."""
    return next((value for flag, value in reversed(flags) if flag == name), None)


def split_list(values: Iterable[str]) -> tuple[str, ...]:
    """The entries of a string slice: each value is a line of CSV, and further ones append.

    White space counts. A value with an open quote, with which no API server starts, is one entry.
    """
    return tuple(entry for value in values for entry in _entries(value))


def _entries(value: str) -> list[str]:
    if '"' not in value:
        return value.split(",") if value else []
    try:
        return next(csv.reader([value], strict=True))
    except (csv.Error, StopIteration):
        return [value]


def join_list(entries: Sequence[str]) -> str:
    """The value of a string slice with these entries."""
    if not any(set(entry) & set(',"\r\n') for entry in entries):
        return ",".join(entries)
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(entries)
    return line.getvalue()


def boolean(value: str) -> str:
    """`true` or `false` for what Go's `strconv.ParseBool` takes; other text unchanged."""
    if value in _TRUE:
        return "true"
    return "false" if value in _FALSE else value
