"""What a mail in one of our mailboxes means: to which mail of ours it belongs, and what that is news of.

Only proof of our own ties it: a signed address it came for, a Message-ID of the ledger, or a signed token of a link
(ACCEPTANCE F1). Whatever has none changes nothing, whoever it says it is from.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

from sqlmodel import Session

from service.domain.feedback import Feedback, FeedbackKind, Tie
from service.domain.lead import normalise_address
from service.domain.mailbox import parse_mailbox
from service.errors import InvalidInputError
from service.flows.services import Services
from service.mail import return_paths
from service.mail.imap_answers import Letter
from service.mail.inbound.values import Inbound, InboundKind
from service.mail.inbound.wishes import only_a_wish
from service.mail.links import Purpose
from service.store import leads, message_rows
from service.store.tables import Lead

_REPORTS: Mapping[InboundKind, FeedbackKind] = MappingProxyType(
    {
        InboundKind.HARD: FeedbackKind.HARD_BOUNCE,
        InboundKind.SOFT: FeedbackKind.SOFT_BOUNCE,
        InboundKind.POLICY: FeedbackKind.REJECTED,
        InboundKind.COMPLAINT: FeedbackKind.COMPLAINED,
    }
)
_OF_MESSAGES: tuple[Purpose, ...] = ("b", "a", "d")
_OF_LEADS: tuple[Purpose, ...] = ("u", "p")
_MOST = 50  # addresses, Message-IDs or tokens of one mail that are looked at
_HEAD_BYTES = 65_536
_OWN_ID = re.compile(rb"^message-id:\s*(<[^<>\r\n]{3,250}>)", re.IGNORECASE | re.MULTILINE)
_OWN_DATE = re.compile(rb"^date:\s*([^\r\n]{6,100})", re.IGNORECASE | re.MULTILINE)
_GENERATED = re.compile(rb"^auto-submitted:\s*auto-generated", re.IGNORECASE | re.MULTILINE)
_PLAIN = re.compile(r"[!-~]{3,500}")
_CLOCKS = timedelta(hours=1)  # by which the clock of a mail server may be behind ours


@dataclass(frozen=True, kw_only=True)
class Tied:
    """The mail of ours that a mail belongs to. `recipient`: whom we mailed; None where that lead was erased since, and
    then `erased` is what stands for the address. `to_staff`: it was no lead's.
    """

    tie: Tie
    recipient: str | None = field(default=None, repr=False)
    erased: str | None = None
    to_staff: bool = False

    def is_about(self, services: Services, recipient: str | None) -> bool:
        """Can a verdict on this address be one on whom we mailed? It cannot where a forwarder's target is named."""
        if recipient is None:
            return self.recipient is not None
        address = _normalised(recipient)
        if self.recipient is not None:
            return address == self.recipient
        return address is not None and services.hmac(address) == self.erased


def is_report(inbound: Inbound) -> bool:
    """Does a mail system speak, about a mail it was given?"""
    return inbound.kind in _REPORTS or inbound.deferred


def is_ours(session: Session, services: Services, inbound: Inbound, data: bytes) -> bool:
    """Is it one of our own mails, in a mailbox that it was sent or copied to? Such a one is no answer to anything."""
    own_id = _OWN_ID.search(head := _head(data))
    if own_id is not None and message_rows.public_ids(session, _usable([own_id[1].decode("latin-1")])):
        return True
    sender = parse_mailbox(services.mail_from).address
    return (inbound.sender or "").lower() == sender.lower() and _GENERATED.search(head) is not None


def find(session: Session, services: Services, inbound: Inbound) -> Tied | None:
    """The mail of ours it belongs to, by the first proof that holds; None: nothing proves any."""
    uses: tuple[return_paths.Use, ...] = ("return-path",) if is_report(inbound) else return_paths.EVERY_USE
    for address in inbound.came_for[:_MOST]:
        public_id = return_paths.read(services.keyring, address, uses)
        if public_id is not None and (found := _of_message(session, public_id)) is not None:
            return found
    for public_id in message_rows.public_ids(session, _usable(inbound.message_ids)):
        if (found := _of_message(session, public_id)) is not None:
            return found
    for token in inbound.tokens[:_MOST]:
        if (found := _of_token(session, services, token)) is not None:
            return found
    return None


def of(services: Services, inbound: Inbound, tied: Tied, letter: Letter) -> list[Feedback]:
    """The news in a mail that is tied to one of ours; empty where there is none."""
    writer = _writer(inbound, tied)
    return [
        _feedback(inbound, letter, tied.tie, kind, suffix, writer) for kind, suffix in _kinds(services, inbound, tied)
    ]


def letter_of(inbound: Inbound, letter: Letter, tied: Tied | None = None) -> Feedback:
    """A person's mail as staff are told of it, whatever it may prove."""
    return _feedback(inbound, letter, tied.tie if tied else Tie(), FeedbackKind.REPLIED, "")


def writer(session: Session, inbound: Inbound, arrived: datetime | None) -> Lead | None:
    """The lead whose address a person's mail says it is from; says, for nothing proves it."""
    address = _normalised(inbound.sender) if inbound.kind is InboundKind.REPLY and inbound.sender else None
    lead = leads.by_address(session, address) if address else None
    return lead if lead is not None and arrived is not None and arrived > lead.created_at - _CLOCKS else None


def _writer(inbound: Inbound, tied: Tied) -> str:
    """From which other address somebody answered; empty where it is that of the lead, or an address of nobody."""
    address = _normalised(inbound.sender) if inbound.sender else None
    return address if address is not None and tied.recipient is not None and address != tied.recipient else ""


def _feedback(
    inbound: Inbound, letter: Letter, tie: Tie, kind: FeedbackKind, suffix: str, writer: str = ""
) -> Feedback:
    words = kind is FeedbackKind.REPLIED
    return Feedback(
        source="bounces" if is_report(inbound) else "replies",
        key=_key(letter.data, tie) + suffix,
        kind=kind,
        raw_kind=inbound.kind.value,
        tie=tie,
        at=letter.arrived or inbound.at,  # our own server's word before that of whoever wrote
        status=inbound.status,
        diagnostic=inbound.reason,
        subject=_writable(inbound.subject) if words else "",
        text=_writable(inbound.text) if words else "",
        more=words and inbound.more,
        writer=writer if words else "",
    )


def _kinds(services: Services, inbound: Inbound, tied: Tied) -> Iterator[tuple[FeedbackKind, Literal["", "-stop"]]]:
    if inbound.kind is InboundKind.HARD and (inbound.elsewhere or not tied.is_about(services, inbound.recipient)):
        yield FeedbackKind.SOFT_BOUNCE, ""
    elif inbound.kind in _REPORTS:
        yield _REPORTS[inbound.kind], ""
    elif inbound.deferred:
        yield FeedbackKind.DEFERRED, ""
    elif inbound.kind is InboundKind.AUTO_REPLY:
        if inbound.away:
            yield FeedbackKind.AWAY, ""
    else:
        if inbound.wants_stop:
            yield FeedbackKind.UNSUBSCRIBED, "-stop"
        wish_alone = inbound.wants_stop and not inbound.more and only_a_wish(inbound.text, inbound.subject)
        if inbound.kind is InboundKind.REPLY and not wish_alone:
            yield FeedbackKind.REPLIED, ""


def _key(data: bytes, tie: Tie) -> str:
    """A hash that is the same for each copy of one mail: of its own Message-ID and Date, else of all its bytes.

    With whom it is about, so that a sender who gives two mails one Message-ID hides none of them.
    """
    head = _head(data)
    own_id, own_date = _OWN_ID.search(head), _OWN_DATE.search(head)
    named = own_id[1] + b"\0" + own_date[1].strip() if own_id and own_date else data
    about = tie.public_id or tie.lead_public_id or ""
    return hashlib.sha256(about.encode() + b"\0" + named).hexdigest()


def _head(data: bytes) -> bytes:
    return data[:_HEAD_BYTES].replace(b"\r\n", b"\n").partition(b"\n\n")[0]


def _usable(message_ids: Sequence[str]) -> list[str]:
    """Those that a database can be asked about: ours are plain."""
    return [each for each in message_ids[:_MOST] if _PLAIN.fullmatch(each)]


def _writable(text: str) -> str:
    """What a database can keep: no NUL, and no half of a character."""
    return "".join(character if character.isprintable() or character == "\n" else " " for character in text)


def _of_message(session: Session, public_id: str) -> Tied | None:
    message = message_rows.by_public_id(session, public_id)
    if message is None:
        gone = leads.erased(session, public_id)
        return Tied(tie=Tie(public_id=public_id), erased=gone.address_hmac) if gone is not None else None
    lead = session.get(Lead, message.lead_id) if message.lead_id is not None else None
    # A request or an answer to the practice is about a lead, and was never sent to her.
    to_staff = message.kind == "service" and (lead is None or message_rows.is_to_practice(message, lead))
    return Tied(tie=Tie(public_id=public_id), recipient=message.recipient, to_staff=to_staff)


def _of_token(session: Session, services: Services, token: str) -> Tied | None:
    for purpose in _OF_MESSAGES:
        if (public_id := services.keyring.read(purpose, token)) is not None:
            return _of_message(session, public_id)
    for purpose in _OF_LEADS:
        if (public_id := services.keyring.read(purpose, token)) is not None:
            tie = Tie(lead_public_id=public_id)
            lead, gone = leads.by_public_id(session, public_id), leads.erased(session, public_id)
            if lead is not None:
                return Tied(tie=tie, recipient=lead.address)
            return Tied(tie=tie, erased=gone.address_hmac) if gone is not None else None
    return None


def _normalised(address: str) -> str | None:
    try:
        return normalise_address(address)
    except InvalidInputError:
        return None
