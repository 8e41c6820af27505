"""A save over a file that changed meanwhile: both texts side by side, and what can be done."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from starlette.responses import Response

from service.domain import text_diff
from service.flows.content_desk import NEW, Change, OpenFile, mark_of
from service.store import sequences
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.publishing import held
from service.web.studio.publishing.held import Held
from service.web.studio.publishing.views import ConflictFile, ConflictPage


def show(
    visit: Visit, changes: Mapping[str, Change], moved: Collection[str], *, done: str, typed: bool = True
) -> Response:
    """Nothing was saved. Whatever is chosen is held against the state that this page shows."""
    now = {file: visit.desk.open(file) for file in moved}
    merged = {file: both for file in moved if (both := _merged(visit, changes[file], now[file])) is not None}
    seen = {file: replace(change, seen=now[file].mark) if file in now else change for file, change in changes.items()}
    page = ConflictPage(
        frame=visit.frame(),
        files=tuple(_file(file, changes[file], now[file], merged.get(file)) for file in sorted(moved)),
        beside=tuple(sorted(set(changes) - set(moved))),
        can_merge=set(merged) == set(moved),
        held=held.seal(visit, Held(changes=seen, merged=merged, done=done, typed=typed)),
    )
    return rendering.render(page, status=409)


def _merged(visit: Visit, change: Change, now: OpenFile) -> bytes | None:
    """Both edits in one text; None where they touch each other, or it is not known what both began with."""
    base = _base(visit, now.file, change.seen) if change.seen != NEW else None
    if base is None or change.data is None or now.mark == NEW:
        return None
    try:
        both = text_diff.merged(base.decode(), change.data.decode(), now.data.decode())
    except UnicodeDecodeError:
        return None
    return None if both is None else both.encode()


def _base(visit: Visit, file: str, mark: str) -> bytes | None:
    """What both began with: as this process read it, else as it was published; None where neither has it."""
    if (known := visit.desk.known(mark)) is not None:
        return known
    with visit.services.database.reading() as session:
        texts = (sequences.by_id(session, each).source.get(file) for each in sequences.live_ids(session).values())
        return next((data for text in texts if text and mark_of(data := text.encode()) == mark), None)


def _file(file: str, mine: Change, now: OpenFile, merged: bytes | None) -> ConflictFile:
    try:
        theirs, own = now.data.decode(), (mine.data or b"").decode()
    except UnicodeDecodeError:
        return ConflictFile(file=file, is_text=False, gone_there=now.mark == NEW, gone_here=mine.data is None)
    return ConflictFile(
        file=file,
        gone_there=now.mark == NEW,
        gone_here=mine.data is None,
        rows=text_diff.rows(theirs, own),
        mine=own,
        merged=text_diff.rows(theirs, merged.decode()) if merged is not None else None,
    )
