"""The mailboxes that bounces and answers arrive in: read in order, each mail once, and emptied of what was acted on.

A mail is taken in, then removed, then the place in the box is kept: whoever is stopped in between takes it in again,
and `feedback.apply` knows it. What belongs to no mail of ours stays as it was, unseen, for a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlmodel import Session

from service.domain.feedback import FeedbackKind
from service.errors import UnavailableError, trace
from service.flows import alerts, clock_check, desk_mails, feedback, letters, mail_news
from service.flows.services import Services
from service.mail.imap import Connection, MailboxError, Tokens, UnreadableError
from service.mail.imap_answers import Letter, Listed
from service.mail.inbound.classify import judged
from service.mail.inbound.values import InboundKind
from service.mail.mailbox_url import MailboxUrl
from service.store import events

SECONDS = 60.0
"""Between two looks."""

_MOST, _GROUP = 500, 20  # mails at one look; and between two places kept
_PATIENCE = 5  # looks in a row at which the server is away before somebody is told
_STUMBLES = 3  # looks that end at the same mail before it is passed over
_UNREACHABLE, _BROKEN, _UNREAD = "mailbox-unreachable", "mailbox-mail-failed", "mailbox-mail-unread"
_STANDS = timedelta(days=1)  # then the next mail that waits for a person is told again
log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Box:
    """One mailbox; `name` is what its alerts call it."""

    name: str
    mailbox: MailboxUrl


def boxes(services: Services) -> list[Box]:
    """The mailboxes to read, each once, also where both settings name the same."""
    named = (("bounces", services.bounce_mailbox), ("replies", services.reply_mailbox))
    found = {_identity(each): Box(name=name, mailbox=each) for name, each in named if each is not None}
    return list(found.values())


class Reader:
    """Reads one mailbox, a look at a time, in a thread of its own. `stop` may be called from any other."""

    def __init__(self, services: Services, box: Box) -> None:
        self._services = services
        self._box = box
        self._tokens = Tokens(box.mailbox)
        self._fact = f"mailbox:{services.hmac(_identity(box.mailbox))[:32]}"
        self._connection: Connection | None = None
        self._stopping = False
        self._failures = 0
        self._stumbles: dict[int, int] = {}  # at which UID the connection was lost, how often
        self._may_remove = True

    def read(self) -> bool:
        """Take in what is new. Returns whether there is more. Raises UnavailableError where our database is away."""
        connection = self._connection = Connection(self._box.mailbox, self._tokens)
        try:
            if self._stopping:
                return False
            with connection:
                more = self._take_in(connection)
        except MailboxError as error:
            self._failed(error)
            return False
        finally:
            self._connection = None
        self._worked()
        return more

    def stop(self) -> None:
        """Begin no other mail, and wait for no server any longer."""
        self._stopping = True
        if (connection := self._connection) is not None:
            connection.abort()

    def close(self) -> None:
        """Let go of what is kept between two looks."""
        self._tokens.close()

    def _take_in(self, connection: Connection) -> bool:
        now = clock_check.right_now(self._services)
        new = connection.newer(self._place(connection.validity))
        # News is known again for as long as this; what is older could count twice, and comes of a box moved here.
        # After a leap of the clock nothing is too old: what came today would be passed over, and a "stop" in it.
        leapt = clock_check.seems_to_have_leapt(self._services)
        oldest = datetime.min.replace(tzinfo=UTC) if leapt else now - self._services.retention.events
        batch = new[:_MOST]
        done: list[int] = []
        refused: MailboxError | None = None
        for number, listed in enumerate(batch, start=1):
            if self._stopping:
                break
            if (listed.arrived is None or listed.arrived > oldest) and self._deal_with(connection, listed, now):
                done.append(listed.uid)
            if number % _GROUP == 0 or number == len(batch):
                refused = self._remove(connection, done) or refused
                self._keep_place(connection.validity, listed.uid)
                done = []
        if refused is not None:
            raise refused
        return len(new) > len(batch)

    def _remove(self, connection: Connection, done: list[int]) -> MailboxError | None:
        """Take these out of the box. What the server says where it never does so: whoever wants no more mail in what
        lies behind them is heard all the same.
        """
        if self._box.mailbox.keep or not done:
            return None
        try:
            connection.remove(done)
        except MailboxError as error:
            if not error.lasting:
                raise
            self._may_remove = False
            return error
        self._may_remove = True
        return None

    def _deal_with(self, connection: Connection, listed: Listed, now: datetime) -> bool:
        """Fetch one mail and act on it. True: nobody needs it any more. A mail that cannot be read stops no others."""
        if self._stumbles.get(listed.uid, 0) >= _STUMBLES:
            self._tell_broken(UnreadableError("the mail server breaks off at one of its mails"), now)
            return False
        try:
            letter = connection.fetch(listed.uid)
            return letter is not None and take_in(self._services, letter, now)
        except UnavailableError:
            raise
        except MailboxError:
            self._stumbles[listed.uid] = self._stumbles.get(listed.uid, 0) + 1
            raise
        except Exception as error:
            self._tell_broken(error, now)
            return False

    def _place(self, validity: int) -> int:
        """The last UID that was dealt with; 0 in a box that is new, or whose UIDs now mean other mails."""
        with self._services.database.reading() as session:
            kept = events.fact(session, self._fact)
        return int(kept["uid"]) if kept is not None and kept["validity"] == validity else 0

    def _keep_place(self, validity: int, uid: int) -> None:
        with self._services.database.transaction() as session:
            kept = events.hold_fact(session, self._fact)
            if kept is None or kept["validity"] != validity or int(kept["uid"]) < uid:
                events.set_fact(session, self._fact, {"validity": validity, "uid": uid})

    def _tell_broken(self, error: Exception, now: datetime) -> None:
        log.error("mail not taken in", mailbox=self._box.name, error=trace(error))
        with self._services.database.transaction() as session:
            alerts.tell(
                session,
                _BROKEN,
                dutch="Een e-mail in de mailbox voor bounces of antwoorden kon niet worden verwerkt. Hij ligt er nog.",
                english="a mail in a mailbox could not be taken in, and lies there still; the log tells the error",
                now=now,
            )

    def _failed(self, error: MailboxError) -> None:
        if self._stopping:
            return
        self._failures += 1
        log.warning("mailbox not read", mailbox=self._box.name, reason=error.english)
        if not error.lasting and self._failures < _PATIENCE:
            return
        which = {"bounces": "bounces", "replies": "antwoorden"}[self._box.name]
        with self._services.database.transaction() as session:
            alerts.tell(
                session,
                f"{_UNREACHABLE}:{self._box.name}",
                dutch=(
                    f"De mailbox voor {which} kan niet worden gelezen. Er gaat niets verloren. "
                    "Kijk wat er is met: nurture doctor"
                ),
                english=f"the mailbox for {self._box.name} cannot be read, nothing is lost: {error.english}",
                now=self._services.clock.now(),
            )

    def _worked(self) -> None:
        """It can be read: what was told of it is over, and what was told of single mails after a while."""
        self._failures = 0
        now = self._services.clock.now()
        mine = f"{_UNREACHABLE}:{self._box.name}"
        with self._services.database.reading() as session:
            over = [
                each.cause
                for each in events.open_alerts(session)
                if (each.cause == mine and self._may_remove)
                or (each.cause in {_BROKEN, _UNREAD} and each.raised_at < now - _STANDS)
            ]
        if over:
            with self._services.database.transaction() as session:
                for cause in over:
                    alerts.mended(session, cause, now)


def review(session: Session, services: Services, now: datetime) -> None:
    """What was told of a mailbox that the settings name no more is over: nobody will read it again."""
    read = {f"{_UNREACHABLE}:{box.name}" for box in boxes(services)}
    for each in events.open_alerts(session):
        if each.cause.partition(":")[0] == _UNREACHABLE and each.cause not in read:
            alerts.mended(session, each.cause, now)


def take_in(services: Services, letter: Letter, now: datetime) -> bool:
    """Act on one mail. True where it was acted on, now or before, and nobody needs it any more: a person's words are
    all in the hands of staff.
    """
    inbound = judged(letter.data)  # and not `classify`: of a mail at which we fail somebody has to hear
    with services.database.reading() as session:
        if mail_news.is_ours(session, services, inbound, letter.data):
            return False
        tied = mail_news.find(session, services, inbound)
        lead = mail_news.writer(session, inbound, letter.arrived) if tied is None else None
    if tied is None:
        if lead is not None:
            letters.from_somebody(services, lead, mail_news.letter_of(inbound, letter), now)
        return False
    if tied.to_staff and not mail_news.is_report(inbound):
        told = mail_news.letter_of(inbound, letter, tied)
        return inbound.kind is InboundKind.REPLY and letters.from_inside(services, told, now)
    news = mail_news.of(services, inbound, tied, letter)
    if not news:
        return False
    with services.database.transaction() as session:
        changed = [feedback.apply(session, services, each, now) for each in news]
        words = [each for each in news if each.kind is FeedbackKind.REPLIED]
        reached = all(desk_mails.was_told(session, each) for each in words)
        if not reached and any(changed):
            _tell_unread(session, now)
    if any(changed):
        services.bell.ring()
    return reached and all(desk_mails.shows_all(each) for each in words)


def _tell_unread(session: Session, now: datetime) -> None:
    """Somebody's words reached nobody: of her all was erased, or she wrote very often."""
    alerts.tell(
        session,
        _UNREAD,
        dutch="Iemand antwoordde op een mail van ons, en dat antwoord kon niet worden doorgestuurd: alles over de lead "
        "is gewist, of die schreef heel vaak. Lees het in de mailbox waarin antwoorden binnenkomen.",
        english="an answer to a mail of ours could not be passed on: its lead was erased, or wrote very often; it lies "
        "unread in the mailbox that answers come to",
        now=now,
    )


def _identity(mailbox: MailboxUrl) -> str:
    return f"mailbox {mailbox.user}@{mailbox.host.lower()}:{mailbox.port}/{mailbox.folder}"
