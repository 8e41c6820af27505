"""Alerts that stand: what each is about, where in the studio that is seen to, and closing those that were news."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from starlette.responses import Response

from service.flows import alerts
from service.store import events
from service.store.tables import Alert
from service.web.studio import rendering
from service.web.studio.doors import HOME, Visit, see
from service.web.studio.languages import sentence
from service.web.studio.waiting import asked
from service.web.studio.waiting.mails import MAILS
from service.web.studio.waiting.people import PEOPLE
from service.web.studio.waiting.views import AlertCard, AlertsPage
from service.web.studio.waiting.words import Said

ALERTS = "/studio/waiting/alerts"
_BRAKE = f"{HOME}#brake"
_DONE: Mapping[str, Said] = MappingProxyType(
    {
        "seen": Said(
            dutch="Gezien. Gebeurt het nog eens, dan hoor je het opnieuw.",
            english="Seen. If it happens again, you are told again.",
        ),
        "already": Said(
            dutch="Er is niets veranderd: deze melding was al weg.",
            english="Nothing was changed: it was closed before.",
        ),
    }
)


@dataclass(frozen=True, kw_only=True)
class _Here:
    """What the studio says of an alert that is seen to in the studio. `text` None: what was told stands."""

    text: Said | None
    todo: Said
    link: str
    link_name: Said


_TO_MAILS = Said(dutch="Naar de mails die wachten", english="To the mails that wait")
_TO_HOME = Said(dutch="Naar de knop voor de mail", english="To the button for mail")
_DECIDE = Said(dutch="Beslis wat ermee gebeurt.", english="Decide what becomes of it.")
_LOOK_THEN_LET_GO = Said(
    dutch="Zoek eerst uit hoe het komt. Daarna laat een manager de mail weer gaan.",
    english="Find out why first. Then a manager lets mail go again.",
)
_HERE: Mapping[str, _Here] = MappingProxyType(
    {
        "message-unknown": _Here(
            text=Said(
                dutch="Van een of meer mails is onbekend of ze aankwamen.",
                english="Nobody knows whether some mails arrived.",
            ),
            todo=_DECIDE,
            link=MAILS,
            link_name=_TO_MAILS,
        ),
        "backlog": _Here(
            text=Said(
                dutch="Er bleven zo veel vervolgmails liggen dat ze op jullie akkoord wachten.",
                english="So many follow-ups were left lying that they wait for your approval.",
            ),
            todo=_DECIDE,
            link=MAILS,
            link_name=_TO_MAILS,
        ),
        "opt-in-held": _Here(
            text=Said(
                dutch="Een of meer adviesaanvragen lijken niet door een mens ingevuld.",
                english="Some opt-ins look as if no person filled them in.",
            ),
            todo=_DECIDE,
            link=MAILS,
            link_name=_TO_MAILS,
        ),
        "opt-ins-crowded": _Here(
            text=Said(
                dutch="Er komen meer adviesaanvragen binnen dan de grens toelaat. De rest wacht.",
                english="More opt-ins come in than the cap lets through. The rest waits.",
            ),
            todo=_DECIDE,
            link=MAILS,
            link_name=_TO_MAILS,
        ),
        "mail-broken": _Here(
            text=None,
            todo=Said(
                dutch="Vraag wie de service beheert om te kijken. Daarna kun je de mail alsnog versturen.",
                english="Ask whoever runs the service to have a look. Then you can still send it.",
            ),
            link=MAILS,
            link_name=_TO_MAILS,
        ),
        "request-unanswered": _Here(
            text=Said(
                dutch="Een aanvraag voor een pijncheck wacht al een werkdag op antwoord.",
                english="A request for a pain check has waited for a working day.",
            ),
            todo=Said(
                dutch="Bel of mail deze persoon, en leg vast wat het werd.",
                english="Call or write, and note what became of it.",
            ),
            link=PEOPLE,
            link_name=Said(dutch="Naar de aanvragen", english="To the requests"),
        ),
        "restored": _Here(
            text=Said(
                dutch="Er is een oudere database teruggezet. Alle mail staat stil.",
                english="An older database was put back. All mail is held back.",
            ),
            todo=_LOOK_THEN_LET_GO,
            link=_BRAKE,
            link_name=_TO_HOME,
        ),
        "complaints-paused": _Here(text=None, todo=_LOOK_THEN_LET_GO, link=_BRAKE, link_name=_TO_HOME),
        "hard-bounces": _Here(text=None, todo=_LOOK_THEN_LET_GO, link=_BRAKE, link_name=_TO_HOME),
    }
)
_DOCTOR = Said(  # what `nurture doctor` is called for whoever has no terminal
    dutch="‘Kijk alles na’ (bij Instellingen, onder Mail versturen)",
    english="‘Look everything over now’ (in Settings, under Sending mail)",
)
_PASS_ON = Said(
    dutch="Kom je er niet uit? Geef dit door aan wie de service beheert.",
    english="If you cannot mend it yourself, pass this on to whoever runs the service.",
)


def show(visit: Visit) -> Response:
    """`GET /studio/waiting/alerts`."""
    frame, done = visit.frame(), asked.done(visit, _DONE)
    with visit.services.database.reading() as session:
        page = AlertsPage(
            frame=frame,
            tabs=asked.tabs(session),
            may_act=asked.may_act(visit),
            is_mailed=bool(visit.services.alert_to),
            is_posted=visit.services.alert_url is not None,
            mailed_to=visit.services.alert_to if visit.me.sees_addresses else (),
            alerts=tuple(card(visit, each) for each in events.open_alerts(session)),
            done=done,
        )
    return rendering.render(page)


def see_to(visit: Visit) -> Response:
    """`POST /studio/waiting/alerts/seen`: somebody has seen to what was told."""
    with visit.services.database.transaction() as session:
        changed = alerts.seen(
            session, asked.number(visit.field("alert")), actor=visit.me.actor, now=visit.services.clock.now()
        )
    return see(f"{ALERTS}?done={'seen' if changed else 'already'}")


def card(visit: Visit, alert: Alert) -> AlertCard:
    """What the studio says of an alert: never a command to type, for who reads this has no terminal."""
    here = _HERE.get(alert.cause.partition(":")[0])
    stored = Said(
        dutch=alert.dutch.replace("nurture doctor", _DOCTOR.dutch),
        english=alert.english.replace("nurture doctor", _DOCTOR.english),
    )
    return AlertCard(
        id=alert.id,
        text=sentence(((here.text if here else None) or stored).in_(visit.language)),
        since=alert.raised_at,
        todo=(here.todo if here else _PASS_ON).in_(visit.language),
        link=here.link if here else "",
        link_name=here.link_name.in_(visit.language) if here else "",
        is_news=alerts.is_news(alert.cause),
    )
