"""What every save of a file of the content goes through, whichever page makes it.

Nothing that somebody typed is lost: where the file changed meanwhile, or cannot be written, the page says so and holds
both texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from starlette.responses import Response

from service.domain import text_diff
from service.domain.staff import LEVELS, Least
from service.flows.content import TEMPLATES
from service.flows.content_desk import NEW, Change, ChangedMeanwhileError, NotWritableError
from service.flows.content_log import Entry
from service.mail import approvals
from service.web.problems import ForbiddenError
from service.web.studio.doors import Visit, see
from service.web.studio.publishing import conflict, download

LARGEST_DIFF = 20_000
"""Letters of what one save changed that are kept in the audit log; what is cut off says so."""


def save(visit: Visit, changes: Mapping[str, Change], *, done: str, typed: bool = True) -> Response:
    """Write these files of the content folder, note it in the audit log, and go on to the page `done`. Both or neither.

    ForbiddenError where somebody whose role may not approve `typed` an approval. Where one of them changed meanwhile
    (409) or none can be written (409), the page that says so and offers what to do.
    """
    try:
        if typed and LEVELS[visit.me.role] < Least.MANAGER:
            _hold_approvals(visit, changes)
        visit.desk.save(changes, lambda written: [*_entries(visit, written, typed=typed)])
    except ChangedMeanwhileError as error:
        return conflict.show(visit, changes, error.files, done=done, typed=typed)
    except NotWritableError:
        return download.show(visit, changes, done=done, typed=typed)
    return see(done)


def _entries(visit: Visit, written: Mapping[str, Change], *, typed: bool) -> Iterator[Entry]:
    """What changed, and which texts were approved by it, for the audit log."""
    diff, cut = _diff(visit, written)
    told = {"files": sorted(written), "diff": diff} | ({"cut": True} if cut else {})
    yield Entry(actor=visit.me.actor, action="content saved", at=visit.now, details=told)
    for file, text in _other_approvals(visit, written) if typed else ():
        found = approvals.approval(text)
        if found.state == "approved":
            by = found.by if found.by.isprintable() else ascii(found.by)
            told = {"partial": file.removeprefix(f"{TEMPLATES}/"), "by": by}
            yield Entry(actor=visit.me.actor, action="approved", at=visit.services.clock.now(), details=told)


def _hold_approvals(visit: Visit, changes: Mapping[str, Change]) -> None:
    """The line of a head that says who approved a text stays as it is, or goes."""
    for file, _ in _other_approvals(visit, changes):
        if changes[file].seen != NEW and _bytes(visit, changes[file]) is None:
            raise ChangedMeanwhileError((file,))  # what was seen is not what was read just now, so it is not known here
        raise ForbiddenError(
            "leave the line `approved` as it is: your role does not approve texts",
            "Laat de regel `approved` zoals hij is: jouw rol keurt geen teksten goed.",
        )


def _other_approvals(visit: Visit, changes: Mapping[str, Change]) -> Iterator[tuple[str, str]]:
    """Each file in which another approval was written than stood there before, and its text."""
    for file, change in changes.items():
        if not file.startswith(f"{TEMPLATES}/") or not file.endswith(".md"):
            continue
        text = _text(change.data) or ""
        typed = approvals.given(text)
        if typed is not None and typed != approvals.given(_text(_bytes(visit, change)) or ""):
            yield file, text


def _bytes(visit: Visit, change: Change) -> bytes | None:
    """What stood there before, which was read to compare it."""
    return None if change.seen == NEW else visit.desk.known(change.seen)


def _diff(visit: Visit, changes: Mapping[str, Change]) -> tuple[dict[str, str], bool]:
    """By file, as patches are written, no more than is kept; and was something cut off? Images have none."""
    found: dict[str, str] = {}
    room = LARGEST_DIFF
    cut = False
    for file, change in sorted(changes.items()):
        before, after = _text(_bytes(visit, change)), _text(change.data)
        if before is None or after is None:
            continue
        told = text_diff.unified(before, after, file)
        cut = cut or len(told) > room
        found[file] = told[:room]
        room -= len(found[file])
    return found, cut


def _text(data: bytes | None) -> str | None:
    """As text that a database can keep; None for what is none."""
    try:
        return (data or b"").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    except UnicodeDecodeError:
        return None
