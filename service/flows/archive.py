"""A backup file: a zip of one file of JSON lines a table, and a manifest that says what must be in them."""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from service.errors import RefusedError

DAMAGED = (OSError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, KeyError, EOFError, RuntimeError, ValueError)
"""What reading a zip may raise where a byte of it is another: its numbers and names are believed until they fail."""
_MANIFEST, _KEYS = "manifest.json", "keys.json"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Fingerprints(_Frozen):
    """Which keys a database was made with: SHA-256 over each, never the key."""

    signing: tuple[str, ...]
    suppression: str


class Part(_Frozen):
    """One table: its columns in the order of each line, how many lines, and the SHA-256 of the file."""

    table: str
    columns: tuple[str, ...]
    rows: int
    sha256: str

    @property
    def file(self) -> str:
        """Its name in the archive."""
        return f"{self.table}.jsonl"


class Manifest(_Frozen):
    """What a backup says of itself."""

    format: Literal[1] = 1
    revision: str  # of the schema
    engine: str  # it came from; it may be restored into either
    made_at: AwareDatetime  # real time
    clock: AwareDatetime  # the service's own time, which differs in the demo
    keys: Fingerprints | None  # None: the service never ran on this database
    parts: tuple[Part, ...]  # each table after those it refers to
    keys_sha256: str | None = None  # set where the keys themselves are in the archive


class Writer:
    """Adds to an archive that is being made."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def table(self, name: str, columns: tuple[str, ...], lines: Iterable[str]) -> Part:
        """One table, streamed."""
        digest, count = hashlib.sha256(), 0
        with self._archive.open(f"{name}.jsonl", "w", force_zip64=True) as file:
            for line in lines:
                data = line.encode() + b"\n"
                digest.update(data)
                file.write(data)
                count += 1
        return Part(table=name, columns=columns, rows=count, sha256=digest.hexdigest())

    def keys(self, kept: Mapping[str, str]) -> str:
        """The kept secrets by their file names; returns their SHA-256."""
        data = json.dumps(dict(kept)).encode()
        self._archive.writestr(_KEYS, data)
        return hashlib.sha256(data).hexdigest()

    def manifest(self, manifest: Manifest) -> None:
        """The last part: an archive without one was never finished."""
        self._archive.writestr(_MANIFEST, manifest.model_dump_json(indent=1))


class Archive:
    """An archive whose every part was found to be what the manifest says."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self._archive = archive
        self.manifest = manifest

    def lines(self, part: Part) -> Iterator[str]:
        """The rows of one table, streamed."""
        with self._archive.open(part.file) as file:
            for line in file:
                yield line.decode()

    def keys(self) -> dict[str, str]:
        """The kept secrets by their file names; none where the backup only names them."""
        if self.manifest.keys_sha256 is None:
            return {}
        kept: dict[str, str] = json.loads(self._archive.read(_KEYS))
        return kept


@contextmanager
def writing(file: Path) -> Iterator[Writer]:
    """Write an archive whole or not at all, readable by its owner alone. Raises RefusedError with the reason."""
    try:
        _must_be_new(file)
        descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")  # 0600 by itself
        try:
            with os.fdopen(descriptor, "wb") as out:
                with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                    yield Writer(archive)
                out.flush()
                os.fsync(out.fileno())
            _must_be_new(file)
            Path(temporary).rename(file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise RefusedError(f"the backup cannot be written to {file}: {error.strerror}") from error


def _must_be_new(file: Path) -> None:
    if file.exists():
        raise RefusedError(f"{file} is there already; a backup never replaces a file")


@contextmanager
def reading(file: Path) -> Iterator[Archive]:
    """Open an archive and check all of it, before anything is done with it. Raises RefusedError with what is wrong."""
    with closing(_opened(file)) as archive:
        yield Archive(archive, _checked(archive, file))


def manifest_of(file: Path) -> Manifest:
    """What an archive says of itself; its parts are not checked. RefusedError for no archive."""
    with closing(_opened(file)) as found:
        try:
            return Manifest.model_validate_json(found.read(_MANIFEST))
        except DAMAGED as error:
            raise RefusedError(f"{file} is no backup, or damaged") from error


def _opened(file: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except OSError as error:
        raise RefusedError(f"the backup {file} cannot be read: {error.strerror or error}") from error
    except DAMAGED as error:
        raise RefusedError(f"{file} is no backup, or was never finished") from error


def _checked(archive: zipfile.ZipFile, file: Path) -> Manifest:
    try:
        manifest = Manifest.model_validate_json(archive.read(_MANIFEST))
        expected = {part.file: part.sha256 for part in manifest.parts}
        if manifest.keys_sha256 is not None:
            expected[_KEYS] = manifest.keys_sha256
        for name, digest in expected.items():
            with archive.open(name) as part:
                if hashlib.file_digest(part, "sha256").hexdigest() != digest:  # type: ignore[arg-type]
                    raise RefusedError(f"{file} is damaged: {name} is not what was written")
    except ValidationError as error:
        raise RefusedError(f"{file} is no backup that this version knows; was it made by a newer one?") from error
    except DAMAGED as error:
        raise RefusedError(f"{file} is no backup, or damaged") from error
    return manifest
