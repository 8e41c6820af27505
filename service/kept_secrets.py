"""Secrets nobody set: made once and kept beside the data, so that a first try needs no set-up."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from service.errors import Problem, ProblemsError

FILES: Mapping[str, str] = MappingProxyType({"secret_keys": "secret-key", "suppression_key": "suppression-key"})
"""Setting -> the name of the file that stands for it in the data folder."""


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


def read_kept(folder: Path) -> dict[str, str]:
    """file name -> the secret kept in it, of those that are there. OSError where one cannot be read."""
    return {name: (folder / name).read_text("ascii").strip() for name in FILES.values() if (folder / name).exists()}


def put_kept(folder: Path, secrets_by_name: Mapping[str, str]) -> None:
    """Put secrets of a backup where `kept_secret` finds them. One that is there already stays as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, secret in secrets_by_name.items():
        _place(folder / name, secret)


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
