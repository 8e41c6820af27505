"""From settings to running parts: the one place where engine, clock, keys and transport are built."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlmodel import Session

from service.domain.clock import Clock, RealClock
from service.domain.mailbox import Mailbox
from service.domain.send_limits import NO_LIMITS
from service.environment import problem_id
from service.errors import InvalidInputError, Problem, ProblemsError, RefusedError
from service.flows import copy_marks, keys, publishing, put_back
from service.flows.demo_clock import DemoClock
from service.flows.doctor_mail import Way
from service.flows.drafts import read_draft
from service.flows.services import Retention, Services
from service.mail.links import Keyring, fingerprint
from service.mail.mail_url import check_mail_urls, parse_mail_url
from service.mail.mailbox_url import MailboxUrl, check_mailboxes, parse_mailbox_url
from service.mail.transport import open_transport
from service.settings import Settings
from service.store import events, high_water
from service.store.db import Database, open_database
from service.store.schema import ANEW, Schema, migrate, schema_state

if TYPE_CHECKING:
    from service.mail.dkim import DkimSigner

ANSWER_PACE = {"sqlite": timedelta(milliseconds=30), "postgresql": timedelta(milliseconds=100)}
"""More than eight opt-ins take that come at once: on SQLite they are written together, on PostgreSQL one by one."""

log = structlog.get_logger()


def build(settings: Settings) -> Services:
    """The parts of this installation; opens no connection yet. Raises ProblemsError with every problem at once."""
    if problems := unbuildable(settings):
        raise ProblemsError(problems)
    signer = _signer(settings)
    database = open_database(settings.database_url)
    clock: Clock = DemoClock(database) if settings.demo else RealClock()
    return Services(
        database=database,
        clock=clock,
        keyring=Keyring(settings.secret_keys),
        suppression_key=settings.suppression_key,
        base_url=settings.base_url.rstrip("/"),
        mail_from=_written(settings.mail_from),
        reply_to=_written(settings.reply_to) if settings.reply_to else None,
        content_dir=settings.content_dir,
        limits=settings.opt_in_limits,
        retries=settings.retries,
        # Limits count real time, and the demo has none to wait for: its clock steps over days in a moment.
        send_limits=NO_LIMITS if settings.demo else settings.send_limits,
        open_transport=partial(open_transport, settings.mail_url, signer),
        open_fallback=partial(open_transport, settings.mail_fallback_url, signer)
        if settings.mail_fallback_url
        else None,
        ways=tuple(_ways(settings, signer)),
        dkim=signer,
        retention=Retention(
            after_advice=timedelta(days=settings.erase_after_days),
            after_opt_in=timedelta(days=settings.erase_at_latest_days),
            after_last_mail=timedelta(days=settings.erase_after_last_mail_days),
            events=timedelta(days=settings.events_days),
            backups=timedelta(days=settings.backup_days),
        ),
        alert_to=tuple(settings.alert_to),
        alert_url=settings.alert_url,
        heartbeat_url=settings.heartbeat_url,
        # The demo's clock and inbox are a play: nobody has to be told there.
        self_test=(settings.production if settings.self_test is None else settings.self_test) and not settings.demo,
        weekly_mail=(settings.production if settings.weekly_mail is None else settings.weekly_mail)
        and not settings.demo,
        allowed_origins=settings.allowed_origins,
        webhook_secrets=settings.webhook_secrets,
        bounce_mailbox=_mailbox(settings.bounce_mailbox, settings),
        reply_mailbox=_mailbox(settings.reply_mailbox, settings),
        mail_dir=_mail_dir(settings.mail_url),
        backlog_limit=settings.backlog_limit,
        trusted_proxies=settings.trusted_proxies,
        proof_of_work=settings.proof_of_work,
        opt_in_secrets=settings.opt_in_secrets,
        answer_pace=ANSWER_PACE[database.url.get_backend_name()],
        demo=settings.demo,
        production=settings.production,
    )


def unbuildable(settings: Settings) -> list[Problem]:
    """What keeps the parts from being built, all of it: ways out, signing key, mailboxes, database."""
    problems = check_mail_urls(settings.mail_url, settings.mail_fallback_url, production=settings.production)
    problems += dkim_problems(settings)
    problems += check_mailboxes(
        bounces=settings.bounce_mailbox, replies=settings.reply_mailbox, production=settings.production
    )
    try:
        open_database(settings.database_url).close()
    except ProblemsError as error:
        problems += error.problems
    return problems


def dkim_problems(settings: Settings) -> list[Problem]:
    """What is wrong with the key that signs mail, as at most one sentence."""
    try:
        _signer(settings)
    except InvalidInputError as error:
        return [Problem(id=problem_id("NURTURE_DKIM_KEY"), message=f"NURTURE_DKIM_KEY: {error.english}")]
    return []


def _signer(settings: Settings) -> DkimSigner | None:
    if not settings.dkim_key:
        return None
    from service.mail.dkim import read_signer  # noqa: PLC0415 (cryptography is loaded only by who needs it)

    return read_signer(settings.dkim_key, settings.dkim_selector)


def prepare(services: Services, settings: Settings) -> None:
    """What must be so before anything is served: our schema, no copy in use instead, and every key that is in use.

    An empty database gets the schema; an older or newer one is refused, naming the command, but that the demo's is
    brought along: nobody keeps a backup of it. Where a SQLite file turns out to be an older copy, all mail is put on
    hold.
    """
    state = schema_state(services.database)
    if state is Schema.EMPTY:
        migrate(services.database)
        high_water.start_anew(services.database)
    elif state is Schema.OLDER and settings.demo:
        migrate(services.database)
    else:
        check_schema(services.database)
    with services.database.reading() as session:
        copy_marks.refuse_closed(session)
    keep_keys(services.database, settings)
    held = put_back.hold_where_behind(services, services.clock.now())
    if held:
        log.warning("an older copy of the database was put back", since=held.since.isoformat(), held=held.waiting)


_REFUSED: Mapping[Schema, tuple[str, str]] = {
    Schema.EMPTY: (
        "the database is empty: is NURTURE_DATABASE_URL the right one?",
        "de database is leeg: klopt NURTURE_DATABASE_URL?",
    ),
    Schema.OLDER: (
        "the database has an older schema; run: nurture migrate",
        "de database heeft een ouder schema; draai: nurture migrate",
    ),
    Schema.NEWER: (
        "the database was made by a newer version; install that version, or restore a backup",
        "de database is van een nieuwere versie; installeer die versie, of zet een back-up terug",
    ),
    Schema.FOREIGN: (
        "the database has tables named as ours, but no version of ours: name another database, or restore a backup",
        "de database heeft tabellen met namen van ons, maar geen versie: noem een andere, of zet een back-up terug",
    ),
    Schema.NOT_UTF8: (
        f"the database keeps text in another encoding than UTF-8, so not every name fits; make it anew with: {ANEW}",
        f"de database bewaart tekst niet in UTF-8, dus niet elke naam past; maak hem opnieuw met: {ANEW}",
    ),
}


def check_schema(database: Database, *, but: Collection[Schema] = ()) -> None:
    """Raise RefusedError, with what to do, unless the database has the schema of this version, or is in one of the
    states of `but`; writes nothing."""
    state = schema_state(database)
    if state is not Schema.CURRENT and state not in but:
        raise RefusedError(*_REFUSED[state])


def keep_keys(database: Database, settings: Settings) -> None:
    """Remember the fingerprints of the keys in use, and refuse to run when one of them is gone."""
    with database.transaction() as session:
        known = events.hold_fact(session, "keys")  # on a new database all processes of an installation come at once
        check_keys(session, settings)
        signing = sorted({fingerprint(key) for key in settings.secret_keys} - keys.retired(session))
        suppression = fingerprint(settings.suppression_key)
        if known != (kept := {"signing": signing, "suppression": suppression}):
            events.set_fact(session, "keys", kept)


def check_keys(session: Session, settings: Settings) -> None:
    """Raise RefusedError when a key in use is gone from the settings; writes nothing.

    Without a signing key old links die; with another suppression key those who said no would be mailed again.
    """
    kept = events.fact(session, "keys")
    if kept is None:
        return
    if kept["suppression"] != fingerprint(settings.suppression_key):
        raise RefusedError(
            "NURTURE_SUPPRESSION_KEY is not the one this database was made with: people who said no would get mail "
            "again; put the old key back",
            "NURTURE_SUPPRESSION_KEY is niet de sleutel waarmee deze database is gemaakt: wie nee zei, zou weer mail "
            "krijgen; zet de oude sleutel terug",
        )
    if fingerprint(settings.secret_keys[0]) in keys.retired(session):
        raise RefusedError(
            "the first of NURTURE_SECRET_KEYS was retired: put a new key in front of it, or leave it out",
            "de eerste van NURTURE_SECRET_KEYS is buiten gebruik: zet er een nieuwe voor, of haal hem weg",
        )
    if set(kept["signing"]) - {fingerprint(key) for key in settings.secret_keys}:
        raise RefusedError(
            "a key in use is gone from NURTURE_SECRET_KEYS: links in mails that were sent would die; "
            "add it again behind the newer ones, or see: nurture keys retire",
            "een sleutel die in gebruik is, staat niet meer in NURTURE_SECRET_KEYS: links in mails die al weg zijn, "
            "zouden niet meer werken; zet hem weer achter de nieuwere, of zie: nurture keys retire",
        )


def publish_first(services: Services) -> None:
    """Publish the files where nothing is published yet. Never in production: there somebody does that by name."""
    if services.production:
        return
    with services.database.reading() as session:
        if not publishing.nothing_published(session):
            return
    draft = read_draft(services.content_dir)
    now = services.clock.now()
    with services.database.transaction() as session:
        publishing.take_turn(session)
        if publishing.nothing_published(session):
            found = publishing.changes(session, draft)
            publishing.publish(session, services, draft, found, by="first start", now=now)


def _ways(settings: Settings, signer: DkimSigner | None) -> Iterator[Way]:
    named = {"NURTURE_MAIL_URL": settings.mail_url, "NURTURE_MAIL_FALLBACK_URL": settings.mail_fallback_url}
    for setting, url in named.items():
        parsed, _ = parse_mail_url(url or "")
        if url and parsed is not None:
            yield Way(setting=setting, url=parsed, open=partial(open_transport, url, signer))


def _mail_dir(mail_url: str) -> Path | None:
    parsed, _ = parse_mail_url(mail_url)
    return parsed.directory if parsed else None


def _mailbox(url: str | None, settings: Settings) -> MailboxUrl | None:
    """None in the demo too: nobody answers there."""
    return parse_mailbox_url(url)[0] if url is not None and not settings.demo else None


def _written(mailbox: Mailbox) -> str:
    return f"{mailbox.name} <{mailbox.address}>" if mailbox.name else mailbox.address
