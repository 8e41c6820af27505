"""A lead's address and name as they may be kept, and which kind of mail may go to a lead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from email_validator import EmailNotValidError, validate_email

from service.errors import FieldProblem, InvalidInputError

LONGEST_NAME = 40
HARD_BOUNCE_LASTS = timedelta(days=30)

_WRONG = "Dit e-mailadres klopt niet. Kijk het nog eens na."
_MISSING = "Vul je e-mailadres in."
_NOT_ASCII = "Vóór de @ mogen alleen gewone letters, cijfers en tekens staan, dus geen ë, ü of emoji."

# what only an advert has: a way to write HTML, to another mailbox, or to a website. One letter before the dot is an
# initial, as in "J.de Vries", unless a path follows
_ADVERT = re.compile(r"[@<>]|://|\bwww\.|[^\W_]{2}\.[^\W\d_]{2,}|[^\W_]\.[^\W\d_]{2,}/", re.IGNORECASE)
_DOTS = str.maketrans("。．｡", "...")  # browsers take these for the dot of a domain (UTS 46)

# letters in words, joined by one space, hyphen or apostrophe; a dot may follow an initial alone
_NAME = re.compile(r"(?:[^\W\d_]\.|[^\W\d_]+)(?:[ '’-](?:[^\W\d_]\.|[^\W\d_]+))*['’]?")


def normalise_address(raw: str) -> str:
    """The address that identifies a lead: in lower case, without spaces around it, its domain as A-labels (RFC 5890).

    Checked without DNS. Raises InvalidInputError with the pointer /email: for anything that is no address, for
    control characters, and for a local part beyond ASCII (few transports take those, RFC 6531).
    """
    text = raw.strip(" \t")
    if not text:
        raise _refused("the address is empty", _MISSING)
    if any(unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp", "Cs"} for character in text):
        raise _refused("the address holds a control character", _WRONG)
    local, at, _ = text.rpartition("@")
    if at and not local.isascii():
        raise _refused("the local part is not ASCII", _NOT_ASCII)
    try:
        # test_environment lets .test pass (RFC 2606): nobody can own it, so it can do no harm
        checked = validate_email(
            text, check_deliverability=False, allow_smtputf8=False, test_environment=True, strict=True
        )
    except EmailNotValidError:
        # not chained: its message may quote the address, and a traceback ends up in a log
        raise _refused("that is no e-mail address", _WRONG) from None
    if checked.ascii_email is None:
        raise _refused("the address cannot be written in ASCII", _WRONG)
    return checked.ascii_email.lower()


def clean_name(raw: str | None) -> str | None:
    """The first name as it may stand in a mail (NFC, single spaces), or None when it had better not.

    None for anything but letters of any script, spaces, hyphens and apostrophes, and initials with a dot: so no URL,
    domain, `@`, digit, HTML, encoded word or control character ever enters a mail; nor does a name over 40 characters.
    """
    if raw is None:
        return None
    text = re.sub(r" +", " ", unicodedata.normalize("NFC", raw)).strip(" ")
    if not text or len(text) > LONGEST_NAME:
        return None
    # combining marks belong to their letter; `\w` does not know them, so they are left out of the comparison
    letters = "".join(c for c in text if unicodedata.category(c) not in {"Mn", "Mc"})
    if not letters or unicodedata.category(text[0]) in {"Mn", "Mc"} or not _NAME.fullmatch(letters):
        return None
    return text if all(unicodedata.category(c)[0] in "LM" or c in " '’-." for c in text) else None


def carries_advert(raw: str | None) -> bool:
    """Whether what stands in the field of a first name sells something: a web address, a domain, an `@` or HTML."""
    return raw is not None and _ADVERT.search(unicodedata.normalize("NFKC", raw).translate(_DOTS)) is not None


class Kind(StrEnum):
    """What a message is: the requested advice, a follow-up, or a service mail (a receipt, a link, an alert)."""

    ADVICE = "advice"
    FOLLOW_UP = "follow_up"
    SERVICE = "service"


class SuppressionReason(StrEnum):
    """Why an address gets no mail."""

    UNSUBSCRIBE = "unsubscribe"
    COMPLAINT = "complaint"
    HARD_BOUNCE = "hard_bounce"


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """An address that gets no mail: `follow_up` of that kind alone, `all` of none; `until` None is for good."""

    reason: SuppressionReason
    scope: Literal["follow_up", "all"]
    until: datetime | None = None

    @classmethod
    def following(cls, reason: SuppressionReason, *, now: datetime) -> Suppression:
        """What an unsubscribe, a complaint or a hard bounce leads to at this moment."""
        if reason is SuppressionReason.UNSUBSCRIBE:
            return cls(reason=reason, scope="follow_up")
        until = now + HARD_BOUNCE_LASTS if reason is SuppressionReason.HARD_BOUNCE else None
        return cls(reason=reason, scope="all", until=until)

    def blocks(self, kind: Kind, *, now: datetime) -> bool:
        """Whether this keeps a mail of this kind back now."""
        return (self.until is None or now < self.until) and (self.scope == "all" or kind is Kind.FOLLOW_UP)


def may_receive(
    kind: Kind, *, suppressions: Iterable[Suppression], has_follow_up_consent: bool, now: datetime
) -> str | None:
    """None when the mail may go; else the reason why not: a suppression's reason (the gravest) or "no_consent".

    `has_follow_up_consent` is True only for a stored consent that was not withdrawn since. A fresh confirmation after
    an unsubscribe ends that suppression: the caller then leaves it out.
    """
    blocking = {suppression.reason for suppression in suppressions if suppression.blocks(kind, now=now)}
    for reason in (SuppressionReason.COMPLAINT, SuppressionReason.HARD_BOUNCE, SuppressionReason.UNSUBSCRIBE):
        if reason in blocking:
            return reason.value
    return "no_consent" if kind is Kind.FOLLOW_UP and not has_follow_up_consent else None


def _refused(english: str, dutch: str) -> InvalidInputError:
    return InvalidInputError(english, dutch, fields=[FieldProblem(pointer="/email", detail=dutch)])
