"""Secrets nobody set: made once and kept beside the data, so that a first try needs no set-up."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from service.errors import Problem, ProblemsError

FILES: Mapping[str, str] = MappingProxyType({"secret_keys": "secret-key", "suppression_key": "suppression-key"})
"""Setting -> the name of the file that stands for it in the data folder."""


def kept_secret(folder: Path, name: str, *, setting: str) -> str:
    """The secret in `folder/name`, made there on the first call with 256 bits, readable by its owner alone.

    Two processes that start together agree on one. Where several stand in it, the newest. Raises ProblemsError where
    it cannot be read or kept.
    """
    return kept_secrets(folder, name, setting=setting)[0]


def kept_secrets(folder: Path, name: str, *, setting: str) -> tuple[str, ...]:
    """As `kept_secret`, with those of before a rotation: one a line, newest first."""
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _place(path, secrets.token_urlsafe(32))
        kept = tuple(path.read_text(encoding="ascii").split())
    except (OSError, UnicodeDecodeError) as error:
        sentence = f"{setting} is not set, and a secret of our own cannot be kept in {path}: {_reason(error)}"
        raise ProblemsError([Problem(id="setting-kept-secret", message=sentence)]) from error
    if not kept or min(map(len, kept)) < 32:
        sentence = f"the secret kept in {path} is damaged; put the file back from a backup, or set {setting}"
        raise ProblemsError([Problem(id="setting-kept-secret", message=sentence)])
    return kept


def put_in_front(folder: Path, name: str, *, setting: str) -> str:
    """Make a new secret that stands before those in `folder/name`, and return it. The file is whole at any moment.

    This and what follows raise ProblemsError where a file cannot be read or written.
    """
    with _told(folder / name), _turn(folder, name):
        new = secrets.token_urlsafe(32)
        _replace(folder / name, (new, *kept_secrets(folder, name, setting=setting)))
    return new


def take_out(folder: Path, name: str, secret: str) -> bool:
    """Drop one secret from `folder/name`; False where it does not stand there, or nothing would be left."""
    if not (folder / name).exists():
        return False
    with _told(folder / name), _turn(folder, name):
        kept = (folder / name).read_text("ascii").split()
        left = tuple(each for each in kept if each != secret)
        if not left or len(left) == len(kept):
            return False
        _replace(folder / name, left)
    return True


def read_kept(folder: Path) -> dict[str, str]:
    """file name -> what is kept in it, a secret a line, of those that are there."""
    found = {}
    for name in FILES.values():
        with _told(folder / name):
            if (folder / name).exists():
                found[name] = (folder / name).read_text("ascii").strip()
    return found


def put_kept(folder: Path, secrets_by_name: Mapping[str, str]) -> None:
    """Put secrets of a backup where `kept_secret` finds them. One that is there already stays as it is."""
    for name, secret in secrets_by_name.items():
        with _told(folder / name):
            folder.mkdir(parents=True, exist_ok=True)
            _place(folder / name, secret)


def _place(path: Path, secret: str) -> None:
    # Written whole before it has its name, and linked rather than renamed: the first of two processes wins.
    temporary = _written(path, secret)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink()


def _replace(path: Path, several: tuple[str, ...]) -> None:
    temporary = _written(path, "\n".join(several))
    try:
        temporary.replace(path)
    except BaseException:
        temporary.unlink()
        raise


def _written(path: Path, text: str) -> Path:
    """A file beside `path` that holds the text for good."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # 0600 by itself
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(temporary).unlink()
        raise
    return Path(temporary)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        sentence = f"the secrets kept in {path} cannot be used: {_reason(error)}"
        raise ProblemsError([Problem(id="setting-kept-secret", message=sentence)]) from error


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return str(error.strerror) if isinstance(error, OSError) else "it is not plain text"


@contextlib.contextmanager
def _turn(folder: Path, name: str) -> Iterator[None]:
    """Of two who change a file at once one waits, or the key of the first would be lost."""
    with (folder / f".{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
