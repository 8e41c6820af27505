"""Mails that wait for a person: held before they left, or of unknown fate; by why, and one by one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import cast

from starlette.responses import Response

from service.domain import mail_reasons
from service.domain.waiting import Choice
from service.errors import InvalidInputError
from service.flows import clock_check, waiting_mails
from service.flows.results import mail_titles
from service.store import waiting as rows
from service.store.tables import Lead, Message
from service.web.studio import rendering
from service.web.studio.doors import Visit, see
from service.web.studio.seen import lead_name
from service.web.studio.waiting import asked, words
from service.web.studio.waiting.views import FailedLine, GroupCard, GroupPage, MailCard, MailsPage
from service.web.studio.waiting.words import Said

MAILS = "/studio/waiting/mails"
_A_PAGE, _FAILED = 50, 20
_LATELY = timedelta(days=14)
_CHANGED = Said(
    dutch="Er is niets gedaan: intussen besliste een collega, of er kwam bericht over een mail. Kijk opnieuw.",
    english="Nothing was done: a colleague decided meanwhile, or news of a mail came in. Look again.",
)
_DONE: Mapping[str, Said] = MappingProxyType(
    {
        "sent": Said(dutch="{of} mails staan op aangekomen.", english="{of} mails are noted as arrived."),
        "resend": Said(dutch="{of} mails gaan weg zodra het mag.", english="{of} mails leave as soon as they may."),
        "drop": Said(dutch="{of} mails zijn vervallen.", english="{of} mails were let go."),
        "changed": _CHANGED,
    }
)
_DONE_ONE: Mapping[str, Said] = MappingProxyType(
    {
        "sent": Said(dutch="De mail staat op aangekomen.", english="The mail is noted as arrived."),
        "resend": Said(dutch="De mail gaat weg zodra het mag.", english="The mail leaves as soon as it may."),
        "drop": Said(dutch="De mail is vervallen.", english="The mail was let go."),
        "changed": _CHANGED,
    }
)


def show(visit: Visit) -> Response:
    """`GET /studio/waiting/mails`."""
    frame, done = visit.frame(), _told(visit)
    with visit.services.database.reading() as session:
        titles = mail_titles(session, visit.services)
        page = MailsPage(
            frame=frame,
            tabs=asked.tabs(session),
            may_act=asked.may_act(visit),
            groups=tuple(_group(visit, each, titles) for each in waiting_mails.groups(session)),
            failed=tuple(
                _failed(visit, *each, titles)
                for each in rows.lately_failed(session, visit.services.clock.now() - _LATELY, _FAILED)
            ),
            done=done,
        )
    return rendering.render(page)


def show_group(visit: Visit) -> Response:
    """`GET /studio/waiting/mails/{why}`; `?after=` an id: the page of what comes after that mail."""
    case = asked.case(visit.request.path_params["why"])
    after = asked.number(visit.query("after")) if visit.query("after") else 0
    frame, done = visit.frame(), _told(visit)
    with visit.services.database.reading() as session:
        group = waiting_mails.group(session, case)
        titles = mail_titles(session, visit.services)
        found = waiting_mails.page(session, group, after=after, limit=_A_PAGE + 1) if group else ()
        page = GroupPage(
            frame=frame,
            tabs=asked.tabs(session),
            may_act=asked.may_act(visit),
            slug=case.value,
            title=words.title(case, group.count if group else 0, visit.language),
            count=group.count if group else 0,
            why=words.CASES[case].why.in_(visit.language),
            mails=tuple(_mail(visit, *each, titles) for each in found[:_A_PAGE]),
            actions=words.actions(case, visit.language),
            after=found[_A_PAGE - 1][0].id if len(found) > _A_PAGE else None,
            is_first=after == 0,
            done=done,
        )
    return rendering.render(page)


def decide_group(visit: Visit) -> Response:
    """`POST /studio/waiting/decide/group`: the same with all that stood on the page for one reason."""
    case, choice = asked.case(visit.field("why")), _choice(visit)
    count = waiting_mails.resolve_group(
        visit.services,
        case,
        choice,
        upto=asked.number(visit.field("upto")),
        seen=visit.field("seen"),
        actor=visit.me.actor,
    )
    _wake(visit, choice)
    return see(f"{MAILS}?done=changed" if count is None else f"{MAILS}?done={choice}&of={count}")


def decide_one(visit: Visit) -> Response:
    """`POST /studio/waiting/decide/one`: about one mail, as it stood on the page."""
    case, choice, message_id = asked.case(visit.field("why")), _choice(visit), asked.number(visit.field("message"))
    with visit.services.database.transaction() as session:
        changed = waiting_mails.resolve_one(
            session,
            visit.services,
            message_id,
            choice,
            seen=visit.field("seen"),
            actor=visit.me.actor,
            now=clock_check.now(session, visit.services),
        )
        left = waiting_mails.group(session, case)
    _wake(visit, choice)
    back = f"{MAILS}/{case.value}" if left else MAILS
    return see(f"{back}?done={choice}&of=1" if changed else f"{back}?done=changed")


def _choice(visit: Visit) -> Choice:
    choice = visit.field("choice")
    if choice not in {"sent", "resend", "drop"}:
        raise InvalidInputError("choose what is to happen", "Kies wat er moet gebeuren.")
    return cast("Choice", choice)


def _wake(visit: Visit, choice: Choice) -> None:
    if choice == "resend":
        visit.services.bell.ring()


def _told(visit: Visit) -> str:
    """What was just done, with how many mails it was done."""
    return asked.done(visit, _DONE_ONE if visit.query("of") == "1" else _DONE)


def _group(visit: Visit, group: waiting_mails.Group, titles: Mapping[str, str]) -> GroupCard:
    return GroupCard(
        slug=group.why.value,
        count=group.count,
        title=words.title(group.why, group.count, visit.language),
        why=words.CASES[group.why].why.in_(visit.language),
        since=group.since,
        templates=tuple((titles.get(name, name), count) for name, count in group.templates),
        upto=group.upto,
        seen=group.seen,
        actions=words.actions(group.why, visit.language, count=group.count),
    )


def _mail(visit: Visit, message: Message, lead: Lead | None, titles: Mapping[str, str]) -> MailCard:
    return MailCard(
        id=message.id,
        mail=titles.get(message.template, message.template),
        lead_id=lead.id if lead else None,
        who=_who(visit, message, lead),
        due_at=message.due_at,
        handed_at=message.first_handed_at,
        seen=waiting_mails.mark(message),
    )


def _failed(visit: Visit, message: Message, lead: Lead | None, titles: Mapping[str, str]) -> FailedLine:
    return FailedLine(
        at=message.settled_at or message.due_at,
        mail=titles.get(message.template, message.template),
        lead_id=lead.id if lead else None,
        who=_who(visit, message, lead),
        reason=_reason(visit, message) if visit.me.sees_addresses else "",
    )


def _reason(visit: Visit, message: Message) -> str:
    dutch, english = mail_reasons.in_both(message.reason or "")
    return dutch if visit.language == "nl" else english


def _who(visit: Visit, message: Message, lead: Lead | None) -> str:
    """Whom a mail goes to: the lead, or "" for the practice itself."""
    return lead_name(lead, visit.me) if lead is not None and message.recipient == lead.address else ""
