"""An export as a folder: what programs read, what people read, and every mail as it left."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from service.errors import RefusedError
from service.flows.export_page import readable
from service.flows.export_shown import Export


def write(export: Export, folder: Path) -> int:
    """Write `export.json`, `export.html` and `mails/*.eml` to a folder that is not there yet: all of it, or nothing.

    Readable by its owner alone. Returns the number of mails. Raises RefusedError where it cannot be written.
    """
    if folder.exists():
        raise RefusedError(
            f"{folder} is there already; name a folder that is not",
            f"{folder} bestaat al; noem een map die er nog niet is",
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        half = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))  # 0700 by itself
        try:
            written = _fill(export, half)
            half.rename(folder)
        except BaseException:
            shutil.rmtree(half, ignore_errors=True)
            raise
    except OSError as error:
        raise RefusedError(
            f"{folder} cannot be written: {error.strerror}", f"{folder} is niet te schrijven: {error.strerror}"
        ) from error
    return written


def _fill(export: Export, folder: Path) -> int:
    mails = folder / "mails"
    mails.mkdir(0o700)
    whole = json.dumps(export.as_json(), ensure_ascii=False, indent=2)
    files = {folder / "export.json": whole.encode(), folder / "export.html": readable(export).encode()}
    files |= {mails / mail.file: mail.data for mail in export.mails if mail.data is not None}
    for path, data in files.items():
        path.touch(0o600)
        path.write_bytes(data)
    return len(files) - 2
