"""Files of staff are written whole or not at all: a half-written partial would be a half-written mail."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_NEW_FILE = 0o644
_BOM = b"\xef\xbb\xbf"


def plain(data: bytes) -> str:
    """A file's text with LF at its lines' ends and no mark at its start. UnicodeDecodeError where it is no UTF-8."""
    return data.decode("utf-8-sig").replace("\r\n", "\n")


def as_before(before: bytes, text: str) -> bytes:
    """A new text as a file's bytes: with the line ends, and the mark at the start, that it had."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if before.count(b"\r\n") == before.count(b"\n") > 0:
        text = text.replace("\n", "\r\n")
    return (_BOM if before.startswith(_BOM) else b"") + text.encode()


def replace_file(path: Path, content: str | bytes, *, mode: int | None = None) -> None:
    """Write a file whole or not at all; with the `mode` given, else its own, else readable by everybody."""
    data = content.encode() if isinstance(content, str) else content
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        own = path.stat().st_mode & 0o777 if path.exists() else _NEW_FILE
        Path(temporary).chmod(own if mode is None else mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
