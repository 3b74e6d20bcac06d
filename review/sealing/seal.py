"""The seal of a review: the list of its files with their checksums, and what differs from it.

`review.sealing.sealed` reads a folder or an archive; here is what its entries are compared with,
and how. Anyone who writes a review (`review.bundle_folder`) and anyone who verifies one ask the
same judgement.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from federation.errors import UserError
from formats.escaping import ascii_quoted

CHECKSUMS = "oidc-iam-review.sha256"
"""The file that lists all others with their checksums, for `sha256sum --check`."""

MOST_FILES = 20_000
"""Entries that a review can have; one of a thousand roles has some dozens."""
MOST_BYTES = 300_000_000
"""Of a file in a review, and of all in an archive; a thousand roles take some megabytes."""
LONGEST_LIST = 5_000_000
"""Bytes of the list."""

Kind = Literal["file", "folder", "symlink", "special file", "encrypted file"]
Why = Literal[
    "changed",
    "missing",
    "added",
    "twice",
    "symlink",
    "directory",
    "not-a-file",
    "unreadable",
    "other-case",
    "odd-name",
    "list",
    "archive",
]
"""Why something is not as sealed; `list` is about the list itself, `archive` about the archive."""

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_PLAIN = re.compile(
    r"(?!\.{1,2}(/|$))[A-Za-z0-9._-]{1,255}(/(?!\.{1,2}(/|$))[A-Za-z0-9._-]{1,255})*"
)
_SIGNATURE = re.compile(re.escape(CHECKSUMS) + r"(\.[A-Za-z0-9_-]{1,64})?\.(asc|sig|minisig)")


@dataclass(frozen=True)
class SealedEntry:
    """Something in a review.

    Attributes:
        path: Below the review's folder, with `/`; bytes that are not UTF-8 are surrogates.
        kind: What it is.
        digest: Computes the SHA-256 of a file; None if its content cannot be read.
    """

    path: str
    kind: Kind
    digest: Callable[[], str | None] = field(default=lambda: None, repr=False, compare=False)


@dataclass(frozen=True)
class Sealed:
    """A review as it was found.

    Attributes:
        listing: The content of the list.
        entries: All that is in it, in no particular order.
        faults: What is wrong with the archive itself.
    """

    listing: bytes
    entries: tuple[SealedEntry, ...]
    faults: tuple[SealDifference, ...] = ()


@dataclass(frozen=True)
class SealDifference:
    """Something that is not as sealed.

    Attributes:
        why: In a word.
        path: What it is about; empty if it is about the archive.
        text: The same in words.
    """

    why: Why
    path: str
    text: str


@dataclass(frozen=True)
class Verification:
    """What came of comparing a review with its list.

    Attributes:
        seal: The SHA-256 of the list: what a signature is over, and what two people compare.
        files: The SHA-256 of each listed file, by its path.
        not_covered: The signatures beside the list, which the list cannot cover.
        differences: What is not as sealed, sorted; empty if the review is verified.
    """

    seal: str
    files: Mapping[str, str]
    not_covered: tuple[str, ...]
    differences: tuple[SealDifference, ...]

    def differs(self, path: str) -> bool:
        """Whether anything is different about a file."""
        return any(each.path == path for each in self.differences)


def listing(checksums: Mapping[str, str]) -> str:
    """The text of the list.

    Args:
        checksums: The SHA-256 of each file, by its path.
    """
    return "".join(f"{checksums[path]}  {path}\n" for path in sorted(checksums))


def checksum(content: bytes) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(content).hexdigest()


def verify(found: Sealed) -> Verification:
    """Compare a review with its list.

    Raises:
        UserError: the list names no file: this is not a review.
    """
    listed, faults = _parse_list(found.listing)
    if not listed:
        raise UserError(f"{CHECKSUMS} does not list any file: this is not a review.")
    entries: defaultdict[str, list[SealedEntry]] = defaultdict(list)
    for entry in found.entries:
        entries[entry.path].append(entry)
    signatures = {path for path, all_of_it in entries.items() if _is_signature(all_of_it)}
    compared = [each for path in listed for each in _compare(path, listed[path], entries)]
    added = _added_entries(entries, {*listed, CHECKSUMS, *signatures})
    differences = {*found.faults, *faults, *compared, *added}
    return Verification(
        checksum(found.listing),
        dict(sorted(listed.items())),
        tuple(sorted(signatures)),
        tuple(sorted(differences, key=lambda each: (each.path, each.why, each.text))),
    )


def shown(path: str) -> str:
    """A path as it may be printed; one that no review has is quoted, with escapes."""
    if is_plain(path):
        return path
    return ascii_quoted(path)


def is_plain(path: str) -> bool:
    """Whether a review can have a file of this path."""
    return _PLAIN.fullmatch(path) is not None


def _parse_list(content: bytes) -> tuple[dict[str, str], list[SealDifference]]:
    """The checksums by path, and what is wrong with the list."""
    *lines, rest = content.decode("utf-8", "surrogateescape").split("\n")
    if len(lines) > MOST_FILES:
        raise UserError(f"{CHECKSUMS} has more than {MOST_FILES} lines: this is not a review.")
    faults = [SealDifference("list", CHECKSUMS, "its last line does not end.")] if rest else []
    listed: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        found = _LINE.fullmatch(line)
        if found is None:
            text = f"line {number} is not a SHA-256, two spaces and a path."
            faults.append(SealDifference("list", CHECKSUMS, text))
            continue
        path = found[2]
        faults += [
            SealDifference(why, path, f"line {number} of the list {text}")
            for why, text in _faults(path, listed)
        ]
        listed.setdefault(path, found[1])
    return listed, [*faults, *_twins(listed)]


def _faults(path: str, before: Mapping[str, str]) -> Iterator[tuple[Why, str]]:
    if path == CHECKSUMS:
        yield "list", "lists the list itself."
    elif not is_plain(path):
        yield "odd-name", "is a path that no review has."
    elif path in before:
        yield "twice", "lists it again."


def _twins(listed: Iterable[str]) -> Iterator[SealDifference]:
    counts = Counter(path.lower() for path in listed)
    for path in listed:
        if counts[path.lower()] > 1:
            yield SealDifference("other-case", path, "the list has it in several spellings.")


def _compare(
    path: str, expected: str, entries: Mapping[str, Sequence[SealedEntry]]
) -> Iterator[SealDifference]:
    """What differs of a listed file."""
    if path == CHECKSUMS or not is_plain(path):
        return  # the list is at fault, and nothing outside the review is looked at
    match entries.get(path, ()):
        case []:
            yield _absent(path, entries)
        case [SealedEntry(kind="file") as entry]:
            actual = entry.digest()
            if actual is None:
                yield SealDifference("unreadable", path, "its content is damaged.")
            elif actual != expected:
                text = f"its SHA-256 is {actual}, and the list has {expected}."
                yield SealDifference("changed", path, text)
        case [entry]:
            why, text = _INSTEAD[entry.kind]
            yield SealDifference(why, path, text)
        case several:
            yield SealDifference("twice", path, f"is there {len(several)} times.")


def _absent(path: str, entries: Iterable[str]) -> SealDifference:
    others = sorted(each for each in entries if each.lower() == path.lower())
    if others:
        return SealDifference("other-case", path, f"is there as {shown(others[0])}.")
    return SealDifference("missing", path, "is listed, and not there.")


_INSTEAD: Mapping[Kind, tuple[Why, str]] = {
    "folder": ("directory", "is a folder in the place of a file."),
    "symlink": ("symlink", "is a symlink in the place of a file."),
    "special file": ("not-a-file", "is a special file in the place of a regular one."),
    "encrypted file": ("unreadable", "is encrypted."),
}


def _added_entries(
    entries: Mapping[str, Sequence[SealedEntry]], known: set[str]
) -> Iterator[SealDifference]:
    """What is there and not listed; a folder counts if nothing is in it."""
    spellings = {path.lower() for path in known} - {path.lower() for path in known & set(entries)}
    parents = {each for path in (*known, *_not_folders(entries)) for each in _parents(path)}
    for path, several in entries.items():
        empty = all(each.kind == "folder" for each in several)
        if path in known or path.lower() in spellings or (empty and path in parents):
            continue
        kind = "empty folder" if empty else several[0].kind
        why: Why = "added" if is_plain(path) else "odd-name"
        yield SealDifference(why, path, f"is not in the list ({kind}).")


def _not_folders(entries: Mapping[str, Sequence[SealedEntry]]) -> Iterator[str]:
    return (path for path, several in entries.items() if several[0].kind != "folder")


def _parents(path: str) -> Iterator[str]:
    parts = path.split("/")
    return ("/".join(parts[:count]) for count in range(1, len(parts)))


def _is_signature(entries: Sequence[SealedEntry]) -> bool:
    [entry, *more] = entries
    return not more and entry.kind == "file" and _SIGNATURE.fullmatch(entry.path) is not None
