"""`review --verify`: whether a review is what its list of checksums says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from formats.escaping import quoted
from wizard import printer

if TYPE_CHECKING:
    from review.sealing.seal import Verification

_LONGEST_WHY = 11
"""Characters of the longest word of `review.sealing.seal.Why`."""


def show(path: Path, *, as_json: bool) -> int:
    """Print what is as sealed, what is not, and the answer.

    Args:
        path: The review, a folder or its archive.
        as_json: Whether to print JSON.

    Returns:
        The exit code: 0 verified, 1 something differs.

    Raises:
        UserError: it is not a review, or cannot be read.
    """
    from review.sealing import seal, sealed

    found = seal.verify(sealed.read(path))
    if as_json:
        printer.show_json(_document(found))
    else:
        _print(found, path)
    return 1 if found.differences else 0


def _document(found: Verification) -> dict[str, Any]:
    from review.sealing.seal import shown

    return {
        "verified": not found.differences,
        "seal": found.seal,
        "files": [
            {"path": shown(path), "sha256": digest, "verified": not found.differs(path)}
            for path, digest in found.files.items()
        ],
        "not_covered": list(found.not_covered),
        "differences": [
            {"why": each.why, "path": shown(each.path), "text": each.text}
            for each in found.differences
        ],
    }


def _print(found: Verification, path: Path) -> None:
    from review.sealing.seal import CHECKSUMS, shown

    for name, digest in found.files.items():
        if not found.differs(name):
            printer.say(f"{'ok':{_LONGEST_WHY}} {digest}  {shown(name)}")
    for name in found.not_covered:
        printer.say(f"{'not covered':{_LONGEST_WHY}} {name} (verify the signature itself)")
    for each in found.differences:
        about = shown(each.path) if each.path else "the archive"
        printer.say(f"{each.why:{_LONGEST_WHY}} {about}: {each.text}")
    printer.say(f"SHA-256 of {CHECKSUMS}: {found.seal}")
    if count := len(found.differences):
        differences = "1 difference" if count == 1 else f"{count} differences"
        printer.say(f"Not verified: {quoted(str(path))} has {differences} from its list.")
    else:
        files = "the file" if len(found.files) == 1 else f"the {len(found.files)} files"
        printer.say(f"Verified: {quoted(str(path))} holds exactly {files} of its list, unchanged.")
