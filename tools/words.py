"""Refuses phrases that are not plain English, and says what to write: `make lint` runs it.

Looks at every text file that git tracks. Words that are only used too often (`alone`, `where`) are
for a reader to judge, and are not refused here.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PHRASES = {
    r"anew": "again, or: recreated, replaced",
    r"who(?:m)?ever": "anyone who, the user, the deployer",
    r"(?:is|are|was) none that": "is not a, is malformed",
    r"(?<!there\s)(?:is|are|was) no (?!longer|more|way|need|reason|change|doubt)": "is not a",
    r"(?:a|any) second thought": "a warning",
    r"to look at": "a warning, or: to check",
    r"has ended in order|ends in order": "stopped cleanly",
    r"as somebody of": "with credentials of",
    r"without a word": "without a response",
}
"""Each phrase, as a pattern between word boundaries, and what to write in its place."""

_PATTERN = re.compile(
    "|".join(rf"(?P<p{at}>\b(?:{phrase})\b)" for at, phrase in enumerate(PHRASES)).replace(
        " ", r"\s+"
    ),
    re.IGNORECASE,
)
_LEFT_OUT = re.compile(r"(?:\.lock|lock\.json|\.svg|bootstrap\.txt|tools/words\.py)$")


def main() -> int:
    """Print each place with such a phrase; the number of them decides the exit code."""
    found = [line for path in _tracked() for line in refused(path)]
    print(*found, sep="\n" if found else "", end="\n" if found else "")
    return 1 if found else 0


def refused(path: Path) -> Iterator[str]:
    """The places in a file, as `FILE:LINE: 'PHRASE': write ...`."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    for match in _PATTERN.finditer(text):
        remedy = tuple(PHRASES.values())[int(match.lastgroup[1:])]  # type: ignore[index]
        line = text.count("\n", 0, match.start()) + 1
        yield f"{path}:{line}: {' '.join(match[0].split())!r}: write {remedy}."


def _tracked() -> Iterator[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        path = Path(name)
        if path.is_file() and not _LEFT_OUT.search(name):
            yield path


if __name__ == "__main__":
    sys.exit(main())
