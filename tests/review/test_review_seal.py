"""Whether a review is as sealed: each way in which a folder or an archive can differ."""

from __future__ import annotations

import io
import os
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from federation.errors import UserError
from review.bundle import archive
from review.sealing import archive as sealed_archive
from review.sealing import seal, sealed
from review.sealing.seal import CHECKSUMS, checksum, listing, verify

FILES = {"REVIEW.md": "read me\n", "terraform/a/main.tf": "a = 1\n"}
SUMS = {path: checksum(text.encode()) for path, text in FILES.items()}
TEXTS = {**FILES, CHECKSUMS: listing(SUMS)}
OTHER = checksum(b"other")


def written(folder: Path, texts: dict[str, str] = TEXTS) -> Path:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def differences(path: Path) -> list[tuple[str, str, str]]:
    found = verify(sealed.read(path)).differences
    return [(each.why, each.path, each.text) for each in found]


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        verify(sealed.read(path))
    return str(caught.value).replace(str(path.parent), "...")


def zipped(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def packed(*entries: tuple[zipfile.ZipInfo | str, str], **options: int) -> bytes:
    """An archive of a review with more entries."""
    content = io.BytesIO(archive(TEXTS, "prod-review"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(content, "a") as made:
            for name, text in entries:
                made.writestr(name, text, **options)
    return content.getvalue()


def typed(name: str, kind: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (kind | 0o644) << 16
    return info


def test_a_review_as_it_was_written_is_verified(tmp_path: Path) -> None:
    found = verify(sealed.read(written(tmp_path / "out")))
    assert found == seal.Verification(checksum(listing(SUMS).encode()), SUMS, (), ())
    content = archive(TEXTS, "prod-review")
    assert verify(sealed.read(zipped(tmp_path / "out.zip", content))) == found


def test_signatures_of_the_list_may_be_beside_it_and_are_named(tmp_path: Path) -> None:
    names = [f"{CHECKSUMS}.{end}" for end in ("asc", "minisig", "owner.asc", "sig")]
    folder = written(tmp_path / "out", {**TEXTS, **dict.fromkeys(names, "signed")})
    found = verify(sealed.read(folder))
    assert (found.not_covered, found.differences) == (tuple(names), ())
    (folder / f"{CHECKSUMS}.a.sig").mkdir()
    (folder / f"{CHECKSUMS}.b.sig").symlink_to(folder / CHECKSUMS)
    (folder / "terraform" / f"{CHECKSUMS}.sig").touch()
    assert differences(folder) == [
        ("added", f"{CHECKSUMS}.a.sig", "is not in the list (empty folder)."),
        ("added", f"{CHECKSUMS}.b.sig", "is not in the list (symlink)."),
        ("added", f"terraform/{CHECKSUMS}.sig", "is not in the list (file)."),
    ]


def test_what_was_changed_or_removed_is_named(tmp_path: Path) -> None:
    folder = written(tmp_path / "out")
    (folder / "REVIEW.md").write_text("other")
    (folder / "terraform/a/main.tf").unlink()
    assert differences(folder) == [
        (
            "changed",
            "REVIEW.md",
            f"its SHA-256 is {OTHER}, and the list has {SUMS['REVIEW.md']}.",
        ),
        ("missing", "terraform/a/main.tf", "is listed, and not there."),
    ]


def test_whatever_was_added_is_named_however_it_hides(tmp_path: Path) -> None:
    folder = written(tmp_path / "out")
    (folder / ".hidden").touch()
    (folder / "terraform/a/b/c").mkdir(parents=True)
    (folder / "terraform/a/b/note").touch()
    (folder / "REVIEW.md ").touch()
    (folder / "REVIEW.md\n").touch()
    (folder / "\u202edm.WEIVER").touch()
    (folder / os.fsdecode(b"\xff")).touch()
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to("/")
    found = differences(folder)
    assert [(why, seal.shown(path), text) for why, path, text in found] == [
        ("added", ".hidden", "is not in the list (file)."),
        ("odd-name", r"'REVIEW.md\n'", "is not in the list (file)."),
        ("odd-name", "'REVIEW.md '", "is not in the list (file)."),
        ("added", "link", "is not in the list (symlink)."),
        ("added", "pipe", "is not in the list (special file)."),
        ("added", "terraform/a/b/c", "is not in the list (empty folder)."),
        ("added", "terraform/a/b/note", "is not in the list (file)."),
        ("odd-name", r"'\u202edm.WEIVER'", "is not in the list (file)."),
        ("odd-name", r"'\udcff'", "is not in the list (file)."),
    ]


@pytest.mark.parametrize(
    ("replace", "why", "text"),
    [
        (lambda path: path.symlink_to("same"), "symlink", "is a symlink in the place of a file."),
        (Path.mkdir, "directory", "is a folder in the place of a file."),
        (os.mkfifo, "not-a-file", "is a special file in the place of a regular one."),
    ],
)
def test_something_else_in_the_place_of_a_file_is_named_and_not_opened(
    tmp_path: Path, replace: Callable[[Path], object], why: str, text: str
) -> None:
    folder = written(tmp_path / "out")
    (folder / "REVIEW.md").rename(tmp_path / "same")
    replace(folder / "REVIEW.md")
    assert differences(folder) == [(why, "REVIEW.md", text)]


def test_another_spelling_of_a_name_is_named(tmp_path: Path) -> None:
    folder = written(tmp_path / "out")
    (folder / "REVIEW.md").rename(folder / "review.md")
    assert differences(folder) == [("other-case", "REVIEW.md", "is there as review.md.")]
    written(folder)
    assert differences(folder) == [("added", "review.md", "is not in the list (file).")]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"{OTHER}  REVIEW.md\n", ("twice", "REVIEW.md", "line 3 of the list lists it again.")),
        (
            f"{OTHER}  {CHECKSUMS}\n",
            ("list", CHECKSUMS, "line 3 of the list lists the list itself."),
        ),
        *(
            (
                f"{OTHER}  {path}\n",
                ("odd-name", path, "line 3 of the list is a path that no review has."),
            )
            for path in (
                "../out/REVIEW.md",
                "./REVIEW.md",
                "/etc/passwd",
                "terraform//a",
                "terraform/../REVIEW.md",
                "REVIEW.md ",
                "a\\b",
                "a\x1b[2Jb",
            )
        ),
        *(
            (
                line,
                ("list", CHECKSUMS, "line 3 is not a SHA-256, two spaces and a path."),
            )
            for line in (
                "\n",
                "# note\n",
                f"{OTHER} *REVIEW.md\n",
                f"\\{OTHER}  a\\nb\n",
                f"{OTHER.upper()}  b\n",
            )
        ),
        ("rest", ("list", CHECKSUMS, "its last line does not end.")),
    ],
)
def test_a_line_of_the_list_that_no_review_has_is_named(
    tmp_path: Path, line: str, expected: tuple[str, str, str]
) -> None:
    folder = written(tmp_path / "out")
    (folder / CHECKSUMS).write_text(listing(SUMS) + line)
    assert differences(folder) == [expected]


def test_two_spellings_in_the_list_are_named_both(tmp_path: Path) -> None:
    folder = written(tmp_path / "out")
    (folder / CHECKSUMS).write_text(listing({**SUMS, "review.md": OTHER}))
    (folder / "review.md").write_text("other")
    assert differences(folder) == [
        ("other-case", "REVIEW.md", "the list has it in several spellings."),
        ("other-case", "review.md", "the list has it in several spellings."),
    ]


def test_what_is_not_a_review_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert refusal(tmp_path / "empty") == f"'.../empty' has no {CHECKSUMS}: this is not a review."
    (tmp_path / "empty" / CHECKSUMS).write_text("\n")
    nothing = f"{CHECKSUMS} does not list any file: this is not a review."
    assert refusal(tmp_path / "empty") == nothing
    (tmp_path / "text").write_text("text")
    assert refusal(tmp_path / "text") == "'.../text' is neither a folder nor a zip archive."
    assert refusal(tmp_path / "none") == "'.../none' cannot be read: No such file or directory."
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == "'.../pipe' is not a regular file."
    (tmp_path / "empty" / CHECKSUMS).unlink()
    os.mkfifo(tmp_path / "empty" / CHECKSUMS)
    assert refusal(tmp_path / "empty") == f"'.../empty/{CHECKSUMS}' is not a regular file."


def test_a_list_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    folder = written(tmp_path / "out")
    (folder / CHECKSUMS).rename(tmp_path / "list")
    (folder / CHECKSUMS).symlink_to(tmp_path / "list")
    assert refusal(folder) == f"'.../out/{CHECKSUMS}' is not a regular file."


def test_more_than_a_review_can_have_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(tmp_path / "out")
    file = zipped(tmp_path / "out.zip", archive(TEXTS, "prod-review"))
    monkeypatch.setattr(sealed, "MOST_BYTES", 7)
    assert refusal(folder) == "'.../out/REVIEW.md' is larger than any part of a review."
    assert refusal(file) == "'.../out.zip' is larger than any part of a review."
    monkeypatch.setattr(sealed, "LONGEST_LIST", 7)
    assert refusal(folder) == f"'.../out/{CHECKSUMS}' is larger than any part of a review."
    monkeypatch.undo()
    monkeypatch.setattr(sealed, "MOST_FILES", 4)
    assert refusal(folder) == (
        "'.../out' has more than 4 entries, or folders in more than 32 others: this is not a "
        "review."
    )
    monkeypatch.setattr(sealed_archive, "MOST_FILES", 2)
    assert refusal(file) == "'.../out.zip' holds more than a review can have."


def test_a_large_file_that_was_added_is_named_and_not_read(tmp_path: Path) -> None:
    folder = written(tmp_path / "out")
    with (folder / "provider").open("wb") as file:
        file.truncate(10**13)
    assert differences(folder) == [("added", "provider", "is not in the list (file).")]


@pytest.mark.parametrize(
    ("entry", "why", "path", "text"),
    [
        ("prod-review/note", "added", "note", "is not in the list (file)."),
        ("note", "odd-name", "/note", "is not in the list (file)."),
        ("prod-review/../../note", "odd-name", "../../note", "is not in the list (file)."),
        ("/etc/note", "odd-name", "//etc/note", "is not in the list (file)."),
        ("prod-review/a\\b", "odd-name", "a\\b", "is not in the list (file)."),
        ("prod-review/new/", "added", "new", "is not in the list (empty folder)."),
        ("prod-review/REVIEW.md", "twice", "REVIEW.md", "is there 2 times."),
        ("prod-review/Review.md", "added", "Review.md", "is not in the list (file)."),
        (typed("prod-review/l", stat.S_IFLNK), "added", "l", "is not in the list (symlink)."),
        (typed("prod-review/f", stat.S_IFIFO), "added", "f", "is not in the list (special file)."),
    ],
)
def test_an_entry_that_was_added_to_an_archive_is_named(
    tmp_path: Path, entry: zipfile.ZipInfo | str, why: str, path: str, text: str
) -> None:
    content = packed((entry, "" if str(entry).endswith("/") else "text"))
    assert differences(zipped(tmp_path / "out.zip", content)) == [(why, path, text)]


def test_an_archive_that_somebody_packed_again_is_verified(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name in ("prod-review/", "prod-review/terraform/"):
            made.writestr(name, "")
        for name, text in TEXTS.items():
            made.writestr(f"prod-review/{name}", text)
        made.writestr(f"prod-review/{CHECKSUMS}.sig", "signed")
    found = verify(sealed.read(zipped(tmp_path / "out.zip", content.getvalue())))
    assert (found.not_covered, found.differences) == ((f"{CHECKSUMS}.sig",), ())


def test_bytes_that_belong_to_no_file_of_an_archive_are_named(tmp_path: Path) -> None:
    content = archive(TEXTS, "prod-review")
    before = zipped(tmp_path / "before.zip", b"#!/bin/sh\n" + content)
    assert differences(before) == [
        ("archive", "", "REVIEW.md comes after 10 bytes that belong to no file."),
        ("archive", "", "it has bytes after its files that belong to none of them."),
    ]
    after = [("archive", "", "it has bytes after its files that belong to none of them.")]
    assert differences(zipped(tmp_path / "after.zip", content + b"more")) == after
    assert differences(zipped(tmp_path / "zips.zip", packed(("prod-review/x", "")) + content)) == [
        (
            "archive",
            "",
            f"REVIEW.md comes after {len(packed(('prod-review/x', '')))} bytes that "
            "belong to no file.",
        ),
        *after,
    ]


def test_a_file_that_the_directory_of_an_archive_hides_is_named(tmp_path: Path) -> None:
    """A program that reads an archive from its beginning unpacks it."""
    with zipfile.ZipFile(io.BytesIO(packed(("prod-review/evil", "text")))) as made:
        at, start = made.getinfo("prod-review/evil").header_offset, made.start_dir
    content = packed(("prod-review/evil", "text"))
    hidden = content[at:start]
    honest = archive(TEXTS, "prod-review")
    with zipfile.ZipFile(io.BytesIO(honest)) as made:
        start = made.start_dir
    directory = bytearray(honest[start:])
    directory[-6:-2] = struct.pack("<L", start + len(hidden))
    content = honest[:start] + hidden + bytes(directory)
    assert differences(zipped(tmp_path / "out.zip", content)) == [
        ("archive", "", "it has bytes after its files that belong to none of them.")
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"prod-review/REVIEW.md", b"prod-review/review.md"), (b"PK\x03\x04", b"PK\x03\x05")],
)
def test_a_file_with_two_headers_that_differ_is_named(
    tmp_path: Path, old: bytes, new: bytes
) -> None:
    content = archive(TEXTS, "prod-review").replace(old, new, 1)
    assert ("archive", "", "its two headers of REVIEW.md differ.") in differences(
        zipped(tmp_path / "out.zip", content)
    )


def test_a_damaged_or_encrypted_file_of_an_archive_is_named(tmp_path: Path) -> None:
    content = archive(TEXTS, "prod-review").replace(b"read me", b"READ me")
    assert differences(zipped(tmp_path / "damaged.zip", content)) == [
        ("unreadable", "REVIEW.md", "its content is damaged.")
    ]
    flagged = bytearray(archive(TEXTS, "prod-review"))
    flagged[6] |= 1
    flagged[flagged.index(b"PK\x01\x02") + 8] |= 1
    assert differences(zipped(tmp_path / "encrypted.zip", bytes(flagged))) == [
        ("unreadable", "REVIEW.md", "is encrypted.")
    ]


def test_an_archive_that_unpacks_to_more_than_a_review_is_refused_unread(tmp_path: Path) -> None:
    content = packed(("prod-review/bomb", "0" * 301_000_000), compress_type=zipfile.ZIP_DEFLATED)
    assert len(content) < 1_000_000
    assert refusal(zipped(tmp_path / "bomb.zip", content)) == (
        "'.../bomb.zip' holds more than a review can have."
    )


def test_an_archive_without_one_list_is_refused(tmp_path: Path) -> None:
    one = " it is not the archive of a review."
    for name, entries, count in (
        ("none", {"a/REVIEW.md": ""}, "no"),
        ("deep", {f"a/b/{CHECKSUMS}": ""}, "no"),
        ("two", {f"a/{CHECKSUMS}": "", f"b/{CHECKSUMS}": ""}, "more than one"),
    ):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as made:
            for each, text in entries.items():
                made.writestr(each, text)
        assert refusal(zipped(tmp_path / name, content.getvalue())) == (
            f"'.../{name}' holds {count} {CHECKSUMS}:{one}"
        )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        made.writestr(f"../{CHECKSUMS}", listing(SUMS))
    assert refusal(zipped(tmp_path / "slip", content.getvalue())) == (
        f"'.../slip': its {CHECKSUMS} is not a file in a folder of the archive."
    )
