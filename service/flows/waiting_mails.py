"""Mails that wait for a person, in groups by why; and the same decision about a whole group, or about one.

A page may be old when its button is pressed, and two people may press at once: whoever decides says what they saw, and
nothing happens where that is not so any more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from service.domain.waiting import Choice, Why, choices, choices_for_all, why
from service.errors import NotFoundError, RefusedError
from service.flows import backlog, clock_check, resolving
from service.flows.services import Services
from service.store import waiting as store
from service.store.tables import Lead, Message
from service.store.waiting import Sort, Tally

_BATCH = 200
_GUARDED = {Why.BACKLOG, Why.RESTORED}


@dataclass(frozen=True, kw_only=True)
class Group:
    """All mails that wait for the same reason. `templates`: which mails, and how many of each, most first.

    `upto` is the newest of them, and `seen` changes with whatever is decided about those up to it.
    """

    why: Why
    count: int
    since: datetime
    templates: tuple[tuple[str, int], ...]
    upto: int
    seen: str
    sorts: frozenset[Sort]


def groups(session: Session) -> list[Group]:
    """Every group with something in it, the most pressing first."""
    return _groups(store.tally(session))


def group(session: Session, case: Why) -> Group | None:
    """One group as it is now; None where nothing waits for that reason."""
    return next((each for each in groups(session) if each.why == case), None)


def page(session: Session, found: Group, *, after: int, limit: int) -> Sequence[tuple[Message, Lead | None]]:
    """Mails of a group beyond an id, oldest first, with their leads."""
    return store.page(session, found.sorts, after=after, limit=limit)


def mark(message: Message) -> str:
    """What whoever decides about one mail has seen of it: it changes with each decision, and with each try.

    And with the mail: where a backup was put back, a number that was given since is given again.
    """
    which = hashlib.sha256(message.public_id.encode()).hexdigest()[:16]
    return f"{message.state}.{message.attempts}.{which}"


def resolve_group(services: Services, case: Why, choice: Choice, *, upto: int, seen: str, actor: str) -> int | None:
    """Do the same with the whole group as it was seen, in batches, so that nobody waits long. Returns with how many.

    None, and nothing is done, where something was decided about one of them since. What came since stays. Where two
    do this at once, each mail is decided by one of them. Raises RefusedError for what is decided one by one.
    """
    if choice not in choices_for_all(case):
        raise RefusedError(f"{case} is decided one by one", "dit beslis je mail voor mail")
    with services.database.transaction() as session:
        found = next((each for each in _groups(store.tally(session, upto=upto)) if each.why == case), None)
        if found is None or found.seen != seen:
            return None
        if choice == "resend" and case in _GUARDED:
            backlog.let_go(session, guard="restored" if case is Why.RESTORED else "backlog")
    done, after = 0, 0
    while True:
        with services.database.transaction() as session:
            ids = store.ids(session, found.sorts, after=after, upto=upto, limit=_BATCH)
            if not ids:
                return done
            # of those read before the locks, somebody else may have decided about some, or erased them
            messages = [each for each in resolving.lock(session, services, ids) if _why(each) == case]
            resolving.resolve_locked(session, services, messages, choice, actor, clock_check.now(session, services))
            done, after = done + len(messages), ids[-1]


def resolve_one(
    session: Session, services: Services, message_id: int, choice: Choice, *, seen: str, actor: str, now: datetime
) -> bool:
    """Decide about one mail as it was seen. False, and nothing is done, where it is not so any more.

    Raises NotFoundError where there is no such mail (any more), and RefusedError for what cannot be.
    """
    messages = resolving.lock(session, services, [message_id])
    if not messages:
        raise NotFoundError(f"there is no message {message_id}", f"er is geen mail met nummer {message_id}")
    case = _why(messages[0])
    if case is None or mark(messages[0]) != seen:
        return False
    if choice not in choices(case):
        raise RefusedError("a mail that was held never left", "Deze mail is nooit weggegaan.")
    resolving.resolve_locked(session, services, messages, choice, actor, now)
    return True


def _why(message: Message) -> Why | None:
    return why(state=message.state, kind=message.kind, hold=message.hold, reason=message.reason)


def _groups(tallies: list[Tally]) -> list[Group]:
    by_why: dict[Why, list[Tally]] = {}
    for each in tallies:
        sort = each.sort
        case = why(state=sort.state, kind=sort.kind, hold=sort.hold, reason=sort.reason)
        if case is not None:
            by_why.setdefault(case, []).append(each)
    return [_group(case, by_why[case]) for case in Why if case in by_why]


def _group(case: Why, found: list[Tally]) -> Group:
    count = sum(each.count for each in found)
    templates: dict[str, int] = {}
    for each in found:
        templates[each.template] = templates.get(each.template, 0) + each.count
    return Group(
        why=case,
        count=count,
        since=min(each.since for each in found),
        templates=tuple(sorted(templates.items(), key=lambda each: (-each[1], each[0]))),
        upto=max(each.newest for each in found),
        seen=f"{count}.{sum(each.attempts for each in found)}.{sum(each.ids for each in found)}",
        sorts=frozenset(each.sort for each in found),
    )
