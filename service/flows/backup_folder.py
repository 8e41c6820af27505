"""A folder of backups that expire: each with its moment in its name, none kept longer than it may (ACCEPTANCE P1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from service.errors import RefusedError
from service.flows import archive
from service.flows.services import Services
from service.store import events

_NAME = re.compile(r"nurture-\d{8}-\d{6}\.zip")
_HALF = re.compile(r"\.nurture-\d{8}-\d{6}\.zip-\w+")  # what a command that was killed had come to
_NIGHT = timedelta(days=1)  # a backup is made every night: what would be too old before the next one goes now


@dataclass(frozen=True, kw_only=True)
class Expired:
    """What was removed; and what was left alone: named like a backup of ours but not to be read as one, or as old but
    of another installation."""

    removed: tuple[Path, ...]
    unreadable: tuple[Path, ...]
    foreign: tuple[Path, ...]


def new_file(folder: Path, now: datetime) -> Path:
    """The name of a backup made at this moment (UTC), in a folder that is made where it is not there yet.

    Raises RefusedError where it cannot be.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise RefusedError(f"the folder {folder} cannot be made: {error.strerror}") from error
    return folder / f"nurture-{now:%Y%m%d-%H%M%S}.zip"


def expire(services: Services, folder: Path, *, keep: Path, now: datetime, actor: str) -> Expired:
    """Remove the backups in this folder that will be too old before tomorrow's; `keep` was made just now, and stays.

    `now` is real time. Only files go that have a name of ours and say themselves that they are a backup, of when, and
    of which suppression key, which never changes: a wrong folder, or one that others use too, loses nothing. But for
    one that was never finished: it can say nothing, is of no use, and holds people all the same.
    """
    last = now + _NIGHT - services.retention.backups
    # The keys of the database, by what was just made of it: a command given without the settings knows none of them.
    own = archive.manifest_of(keep).keys
    removed, unreadable, foreign = [], [], []
    for path in sorted(folder.iterdir()):
        half = _HALF.fullmatch(path.name)
        if not (half or _NAME.fullmatch(path.name)) or path.is_symlink() or path == keep:
            continue
        try:
            if half:  # a young one may be on its way to be one
                over, theirs = path.stat().st_mtime <= (now - _NIGHT).timestamp(), False
            else:
                found = archive.manifest_of(path)
                over = found.made_at <= last
                theirs = bool(found.keys and (own is None or found.keys.suppression != own.suppression))
            if over and theirs:
                foreign.append(path)
            elif over:
                path.unlink()
                removed.append(path)
        except RefusedError:
            unreadable.append(path)
        except OSError as error:
            raise RefusedError(f"the expired backup {path} cannot be removed: {error.strerror}") from error
    if removed:
        with services.database.transaction() as session:
            events.audit(session, actor, "backups expired", services.clock.now(), backups=len(removed))
    return Expired(removed=tuple(removed), unreadable=tuple(unreadable), foreign=tuple(foreign))
