"""Secrets nobody set: made once and kept beside the data, so that a first try needs no set-up."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from service.errors import Problem, ProblemsError


def kept_secret(folder: Path, name: str, *, setting: str) -> str:
    """The secret in `folder/name`, made there on the first call with 256 bits, readable by its owner alone.

    Two processes that start together agree on one. Raises ProblemsError where it cannot be read or kept.
    """
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _place(path, secrets.token_urlsafe(32))
        kept = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not plain text"
        sentence = f"{setting} is not set, and a secret of our own cannot be kept in {path}: {reason}"
        raise ProblemsError([Problem(id="setting-kept-secret", message=sentence)]) from error
    if len(kept) < 32:
        sentence = f"the secret kept in {path} is damaged; put the file back from a backup, or set {setting}"
        raise ProblemsError([Problem(id="setting-kept-secret", message=sentence)])
    return kept


def _place(path: Path, secret: str) -> None:
    # Written whole before it has its name, and linked rather than renamed: the first of two processes wins.
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # 0600 by itself
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secret + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        Path(temporary).unlink()
