"""Reads the archive of a review from its bytes, without extracting anything.

Programs that unpack archives differ in what they look at: the directory at the end, or the headers
before each file. So each byte of the archive has to belong to one entry that both describe alike
(PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 and 4.4).
"""

from __future__ import annotations

import hashlib
import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial

from federation.errors import UserError
from review.sealing.seal import (
    CHECKSUMS,
    LONGEST_LIST,
    MOST_BYTES,
    MOST_FILES,
    Kind,
    SealDifference,
    Sealed,
    SealedEntry,
    is_plain,
    shown,
)

_PIECE = 1_000_000

_LOCAL = struct.Struct("<4s5H3L2H")
_END = struct.Struct("<4s4H2LH")
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_STREAMED = 0x8
"""Sizes and checksum follow the file, in 12 to 24 bytes."""
_OTHER_NAME = 0x7075
"""An extra field that gives the entry another name (Info-ZIP Unicode Path)."""
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    OverflowError,
    struct.error,
)


def read(content: bytes, name: str) -> Sealed:
    """What is in an archive.

    Args:
        content: Its bytes.
        name: What errors call it.

    Raises:
        UserError: it is not an archive of one review, or holds more than a review can have.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (*_DAMAGED, OSError) as error:
        raise UserError(f"{name} is neither a folder nor a zip archive.") from error
    infos = archive.infolist()
    if len(infos) > MOST_FILES or sum(each.file_size for each in infos) > MOST_BYTES:
        raise UserError(f"{name} holds more than a review can have.")
    root, info = _list(infos, name)
    listing = None if info.file_size > LONGEST_LIST else _content(archive, info)
    if listing is None:
        raise UserError(f"{name}: its {CHECKSUMS} cannot be read.")
    entries = (_entry(archive, each, root) for each in infos if each.filename != root)
    return Sealed(listing, tuple(entries), tuple(_faults(content, archive, root)))


def _list(infos: list[zipfile.ZipInfo], name: str) -> tuple[str, zipfile.ZipInfo]:
    """The folder that holds the review, with its slash, and the entry of the list."""
    found = [
        each
        for each in infos
        if each.filename.count("/") <= 1 and f"/{each.filename}".endswith(f"/{CHECKSUMS}")
    ]
    if len(found) != 1:
        count = "more than one" if found else "no"
        raise UserError(f"{name} holds {count} {CHECKSUMS}: it is not the archive of a review.")
    root = found[0].filename.removesuffix(CHECKSUMS)
    if (root and not is_plain(root.removesuffix("/"))) or _kind(found[0]) != "file":
        raise UserError(f"{name}: its {CHECKSUMS} is not a file in a folder of the archive.")
    return root, found[0]


def _entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, root: str) -> SealedEntry:
    kind = _kind(info)
    path = info.orig_filename  # the name before zipfile cuts it at a NUL
    # What is outside the review's folder keeps the whole of its name.
    inside = path.removeprefix(root) if path.startswith(root) else f"/{path}"
    path = inside.removesuffix("/") if kind == "folder" else inside
    return SealedEntry(path, kind, partial(_digest, archive, info))


def _kind(info: zipfile.ZipInfo) -> Kind:
    type_of_file = stat.S_IFMT(info.external_attr >> 16)
    if info.flag_bits & _ENCRYPTED:
        return "encrypted file"
    if stat.S_ISLNK(type_of_file):
        return "symlink"
    if info.filename.endswith("/"):
        is_folder = type_of_file in (0, stat.S_IFDIR) and not info.file_size
        return "folder" if is_folder else "special file"
    return "file" if type_of_file in (0, stat.S_IFREG) else "special file"


def _digest(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> str | None:
    content = _content(archive, info)
    return None if content is None else hashlib.sha256(content).hexdigest()


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes | None:
    """The content of an entry; None if it is damaged, or packed in an unusual way."""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return None
    content = bytearray()
    try:
        with archive.open(info) as file:
            while piece := file.read(_PIECE):
                content += piece
                if len(content) > info.file_size:
                    return None
    except _DAMAGED:
        return None
    return bytes(content)


def _faults(content: bytes, archive: zipfile.ZipFile, root: str) -> Iterator[SealDifference]:
    """What a program that unpacks it could see otherwise than another."""
    end = 0
    for info in sorted(archive.infolist(), key=lambda each: each.header_offset):
        name = shown(info.orig_filename.removeprefix(root))
        if not _is_described_alike(content, info):
            yield SealDifference("archive", "", f"its two headers of {name} differ.")
            return
        gap = info.header_offset - end
        if gap:
            what = f"{gap} bytes that belong to no file" if gap > 0 else "a file that overlaps it"
            yield SealDifference("archive", "", f"{name} comes after {what}.")
        end = _end(content, info)
    if not _ends(content, archive, end):
        yield SealDifference(
            "archive", "", "it has bytes after its files that belong to none of them."
        )


def _is_described_alike(content: bytes, info: zipfile.ZipInfo) -> bool:
    try:
        local = _LOCAL.unpack_from(content, info.header_offset)
    except struct.error:
        return False
    signature, _, flags, method, _, _, crc, packed, size, name_length, extra_length = local
    start = info.header_offset + _LOCAL.size
    name = content[start : start + name_length]
    extra = content[start + name_length : start + name_length + extra_length]
    sizes = (info.CRC, info.compress_size, info.file_size)
    return (
        signature == b"PK\x03\x04"
        and flags == info.flag_bits
        and method == info.compress_type
        and name.decode("utf-8" if flags & 0x800 else "cp437", "replace") == info.orig_filename
        and ((crc, packed, size) == sizes or bool(flags & _STREAMED))
        and not any(_gives_other_name(each) for each in (extra, info.extra))
    )


def _gives_other_name(extra: bytes) -> bool:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == _OTHER_NAME:
            return True
        at += 4 + length
    return at != len(extra)


def _end(content: bytes, info: zipfile.ZipInfo) -> int:
    """Where an entry ends; with what describes it after it."""
    name_length, extra_length = struct.unpack_from("<2H", content, info.header_offset + 26)
    end = int(info.header_offset + _LOCAL.size + name_length + extra_length + info.compress_size)
    if not info.flag_bits & _STREAMED:
        return end
    sizes = (info.CRC, info.compress_size, info.file_size)
    for mark in (b"PK\x07\x08", b""):
        for form in ("<3L", "<L2Q"):
            descriptor = mark + struct.pack(form, *sizes)
            if content.startswith(descriptor, end):
                return end + len(descriptor)
    return end


def _ends(content: bytes, archive: zipfile.ZipFile, end: int) -> bool:
    """Whether the directory follows the last file, and nothing follows the directory."""
    at = len(content) - _END.size
    signature, _, _, _, count, size, offset, comment = _END.unpack_from(content, at)
    return bool(
        signature == b"PK\x05\x06"
        and comment == 0
        and count == len(archive.infolist())
        and offset == end == archive.start_dir
        and offset + size == at
    )
