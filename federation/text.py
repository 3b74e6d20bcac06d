"""The text of a file that somebody brings: UTF-8, or UTF-16 as PowerShell's `>` writes it."""

from __future__ import annotations

import codecs


def decoded(content: bytes) -> str:
    """The text, without a mark of its byte order.

    Raises:
        UnicodeDecodeError: it is text of neither encoding.
    """
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_utf16 else "utf-8-sig")
