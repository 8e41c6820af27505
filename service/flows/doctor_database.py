"""The database and what stands in it: schema, keys, what is published, alerts, and signs of a wrong setting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from service.errors import NurtureError, UnavailableError
from service.flows import allowed_origins, clients, clock_check, publishing, refused_origins
from service.flows.finding import Finding, sentence
from service.flows.services import Services
from service.store import events
from service.store.db import real_now
from service.store.schema import ANEW, Schema, schema_state

_ORIGINS_SHOWN = timedelta(days=30)


def examine(services: Services, *, check_keys: Callable[[Session], None]) -> Iterator[Finding]:
    """Reachable, with our schema; and where it is: the keys, what is published, and what needs a person."""
    try:
        state = schema_state(services.database)
    except UnavailableError as error:
        yield Finding(
            id="database-unreachable",
            level="error",
            text=sentence(error.english),
            dutch=sentence(error.staff),
            fix="Check NURTURE_DATABASE_URL, that the server runs, and that a SQLite file's folder can be written.",
            dutch_fix="Controleer NURTURE_DATABASE_URL, of de database draait, en of in de map geschreven mag worden.",
        )
        return
    yield _SCHEMAS[state]
    if state is not Schema.CURRENT:
        return
    with services.database.reading() as session:
        yield _keys(session, check_keys)
        yield _published(session, services)
        yield _clock(session)
        yield from _alerts(session)
        yield from _clients(session, services)
        yield from _refused_origins(session, services)


_SCHEMAS: Mapping[Schema, Finding] = {
    Schema.CURRENT: Finding(
        id="database",
        level="ok",
        text="The database answers, and its schema is current.",
        dutch="De database antwoordt en is bij de tijd.",
    ),
    Schema.EMPTY: Finding(
        id="database-empty",
        level="warning",
        text="The database is empty.",
        dutch="De database is leeg.",
        fix="Run: nurture setup (or nurture serve, which makes the schema).",
        dutch_fix="Draai: nurture setup.",
    ),
    Schema.OLDER: Finding(
        id="database-older",
        level="error",
        text="The database has an older schema.",
        dutch="De database heeft een ouder schema.",
        fix="Make a backup, then run: nurture migrate",
        dutch_fix="Maak een back-up en draai dan: nurture migrate",
    ),
    Schema.FOREIGN: Finding(
        id="database-foreign",
        level="error",
        text="The database has tables named as ours, but no version of ours.",
        dutch="De database heeft tabellen met namen van ons, maar geen versie van ons.",
        fix="Set NURTURE_DATABASE_URL to a database of its own; if this one was ours, restore a backup.",
        dutch_fix="Noem in NURTURE_DATABASE_URL een eigen database; was deze van ons, zet dan een back-up terug.",
    ),
    Schema.NOT_UTF8: Finding(
        id="database-not-utf8",
        level="error",
        text="The database keeps text in another encoding than UTF-8, so not every name of a lead fits.",
        dutch="De database bewaart tekst niet in UTF-8, dus niet elke naam van een lead past.",
        fix=f"Make it anew with: {ANEW}",
        dutch_fix=f"Maak hem opnieuw met: {ANEW}",
    ),
    Schema.NEWER: Finding(
        id="database-newer",
        level="error",
        text="The database was made by a newer version.",
        dutch="De database is gemaakt door een nieuwere versie.",
        fix="Install that version again, or restore a backup from before.",
        dutch_fix="Installeer die versie opnieuw, of zet een back-up van ervoor terug.",
    ),
}


def _keys(session: Session, check_keys: Callable[[Session], None]) -> Finding:
    try:
        check_keys(session)
    except NurtureError as error:
        return Finding(
            id="keys-gone",
            level="error",
            text=sentence(error.english),
            dutch=sentence(error.staff),
            fix="Put the old key back from where you keep your secrets, behind the newer ones.",
            dutch_fix="Zet de oude sleutel terug uit je kluis of back-up, achter de nieuwere.",
        )
    return Finding(
        id="keys", level="ok", text="Every key in use is there.", dutch="Elke sleutel die in gebruik is, is er."
    )


def _published(session: Session, services: Services) -> Finding:
    if publishing.nothing_published(session):
        return Finding(
            id="nothing-published",
            level="error" if services.production else "warning",
            text="Nothing is published yet, so no opt-in can be taken.",
            dutch="Er is nog niets gepubliceerd. Niemand kan zich aanmelden.",
            fix="Run: nurture check, then: nurture publish",
            dutch_fix="Draai: nurture check, en daarna: nurture publish",
        )
    _, practice = services.published.live_practice(session)
    if practice.placeholder:
        return Finding(
            id="practice-placeholder",
            level="warning",
            text="The published facts of the practice are made up.",
            dutch="De gepubliceerde gegevens van de praktijk zijn verzonnen.",
            fix="Run: nurture setup, or fill in practice.yaml and run: nurture publish practice",
            dutch_fix="Draai: nurture setup, of vul practice.yaml in en draai: nurture publish practice",
        )
    return Finding(
        id="published",
        level="ok",
        text="Sequences, practice, forms and service mails are published.",
        dutch="Reeksen, praktijk, formulieren en dienstmails zijn gepubliceerd.",
    )


def _alerts(session: Session) -> Iterator[Finding]:
    for alert in events.open_alerts(session):
        yield Finding(
            id=f"alert-{alert.cause}",
            level="warning",
            text=f"An alert stands since {alert.raised_at:%Y-%m-%d %H:%M} UTC: {alert.english}.",
            dutch=f"Er staat een melding open sinds {alert.raised_at:%Y-%m-%d %H:%M} UTC: {sentence(alert.dutch)}",
            fix="Mend the cause; the alert then ends by itself.",
            dutch_fix="Los de oorzaak op; de melding verdwijnt dan vanzelf.",
        )


def _clients(session: Session, services: Services) -> Iterator[Finding]:
    if services.demo or not clients.one_for_all(session):
        return
    known = ", ".join(map(str, services.trusted_proxies))
    yield Finding(
        id="opt-ins-from-one-client",
        level="error",
        text=(
            "The latest opt-ins all came from one and the same private address: a proxy stands before the service, and "
            f"{f'{known} (NURTURE_TRUSTED_PROXIES) does not hold its address' if known else 'none is trusted'}. So all "
            "visitors count as one, and the cap of a network turns them away."
        ),
        dutch=(
            "De laatste aanvragen kwamen allemaal van één intern adres: er staat een proxy voor de dienst, en "
            f"{f'{known} (NURTURE_TRUSTED_PROXIES) omvat zijn adres niet' if known else 'geen enkele wordt vertrouwd'}."
            " Alle bezoekers tellen zo als één, en de rem per netwerk wijst ze af."
        ),
        fix=(
            "Put the network of your proxy in NURTURE_TRUSTED_PROXIES, such as 127.0.0.1 or 172.18.0.0/16, have it "
            "send X-Forwarded-For, and start the service again. The next opt-in from outside clears this."
        ),
        dutch_fix=(
            "Zet het netwerk van je proxy in NURTURE_TRUSTED_PROXIES, bijvoorbeeld 127.0.0.1 of 172.18.0.0/16, laat de "
            "proxy X-Forwarded-For meesturen en start de dienst opnieuw. Na de eerste aanvraag van buiten is dit weg."
        ),
    )


def _refused_origins(session: Session, services: Services) -> Iterator[Finding]:
    since = datetime.now(UTC).date() - _ORIGINS_SHOWN
    added = [each.origin for each in allowed_origins.allowed(session)]
    for each in refused_origins.known(session, since):
        if each.origin in (*services.allowed_origins, *added):
            continue  # it was allowed since
        times = "once" if each.count == 1 else f"{each.count} times"
        yield Finding(
            id="origin-refused",
            level="warning",
            text=f"Posts of the opt-in form from {each.origin} were refused ({times}, last on {each.day}).",
            dutch=f"Aanvragen vanaf {each.origin} zijn geweigerd ({each.count} keer, het laatst op {each.day}).",
            fix="Is it yours? Allow it in the studio (Settings), or add it to NURTURE_ALLOWED_ORIGINS. "
            "Else all is well: it was kept out.",
            dutch_fix="Is dit je eigen website? Sta hem dan toe in de studio (Instellingen), of zet het adres in "
            "NURTURE_ALLOWED_ORIGINS. Anders is het goed zo.",
        )


def _clock(session: Session) -> Finding:
    """This machine's beside the database's; on SQLite they are one."""
    off = abs(real_now(session) - datetime.now(UTC))
    if off <= clock_check.TOLERANCE:
        return Finding(
            id="clock",
            level="ok",
            text="The clocks of this machine and of the database agree.",
            dutch="De klokken van deze computer en van de database lopen gelijk.",
        )
    minutes = round(off.total_seconds() / 60)
    return Finding(
        id="clock-differs",
        level="error",
        text=f"This machine's clock is {minutes} minutes from the database's; a worker here sends no follow-ups.",
        dutch=f"De klok van deze computer scheelt {minutes} minuten met die van de database. Hier gaan geen "
        "vervolgmails weg.",
        fix="Let both machines keep time by NTP (timedatectl set-ntp true).",
        dutch_fix="Laat beide computers hun tijd van internet halen: timedatectl set-ntp true.",
    )
