"""What a status over HTTP means for a mail, where a provider has no more exact word for it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from service.mail.outbound import Outcome, SendResult, redact
from service.mail.providers.values import HttpAnswer

STAGE, SENDER = "answer", "sender"
# How the six say it: 'From', `from` field, from parameter, the from field, sender. A lead's domain is none of that.
_OUR_SENDER = re.compile(
    r"['\"`]from['\"`]|\bfrom (?:address|field|parameter|email)"
    r"|(?<![\w.-])sender(?:\.(?:email|name))?(?!\.?\w|-[\w-]*\.\w)",
    re.IGNORECASE,
)
_LONGEST_REST = timedelta(hours=1)
_TOO_LARGE = 413
_THIS_MAIL = frozenset({400, 422})  # any other 4xx is about how or where we ask: the next mail would get it too
_NOT_TAKEN_IN = frozenset({408, 425})  # RFC 9110 section 15.5.9, RFC 8470: the request was not worked on


def taken(answer: HttpAnswer, provider_id: str | None) -> SendResult:
    """The provider has the mail."""
    return SendResult(outcome=Outcome.ACCEPTED, stage=STAGE, code=answer.status, provider_id=provider_id)


def invalid(answer: HttpAnswer, text: str) -> SendResult:
    """This mail will never pass; nothing is said about the mailbox. Where it is our sender that will not do, no mail
    gets past that, and none may be lost for it: then the channel is down."""
    if _OUR_SENDER.search(redact(text)):  # whoever asks for mail at sender@… stops none of the others'
        return misnamed(answer, text)
    return SendResult(outcome=Outcome.INVALID, stage=STAGE, code=answer.status, text=text)


def misnamed(answer: HttpAnswer, text: str) -> SendResult:
    """What every mail names alike will not do: our sender, or a stream or route of our mail URL."""
    return SendResult(outcome=Outcome.DOWN, stage=SENDER, code=answer.status, text=text, scope="channel")


def suppressed(answer: HttpAnswer, text: str) -> SendResult:
    """The provider itself sends nothing to this address."""
    return SendResult(outcome=Outcome.SUPPRESSED, stage=STAGE, code=answer.status, text=text)


def down(answer: HttpAnswer, text: str) -> SendResult:
    """Key, domain, plan: a fault of ours that no mail gets past."""
    return SendResult(outcome=Outcome.DOWN, stage=STAGE, code=answer.status, text=text, scope="channel")


def slower(answer: HttpAnswer, text: str, *, at_least: timedelta | None = None) -> SendResult:
    """Too many mails, or too many today: nothing was taken, and all of them wait."""
    wait = max((time for time in (_retry_after(answer), at_least) if time is not None), default=None)
    return SendResult(
        outcome=Outcome.RETRY, stage=STAGE, code=answer.status, text=text, scope="channel", retry_after=wait
    )


def unclear(answer: HttpAnswer, text: str) -> SendResult:
    """Nobody can say whether this mail was taken."""
    return SendResult(outcome=Outcome.UNKNOWN, stage=STAGE, code=answer.status, text=text)


def by_status(answer: HttpAnswer, text: str) -> SendResult:
    """Anything but a yes, by its status alone (RFC 9110 section 15). `text` is what the provider said in its own form:
    where there is none somebody on the way answered, and that is no refusal of this mail.

    A 5xx may come after the mail went out, so it is UNKNOWN; and of the channel's, for the next one would get it too.
    """
    status = answer.status
    if status == 429:
        return slower(answer, text)
    if status in _NOT_TAKEN_IN:
        return SendResult(outcome=Outcome.RETRY, stage=STAGE, code=status, text=text)
    if status == _TOO_LARGE or (status in _THIS_MAIL and text):
        return invalid(answer, text)
    if 300 <= status < 500 and status != 409:
        return down(answer, text)
    if status >= 500:
        return SendResult(outcome=Outcome.UNKNOWN, stage=STAGE, code=status, text=text, scope="channel")
    return unclear(answer, text or "The provider's answer makes no sense.")


def _retry_after(answer: HttpAnswer) -> timedelta | None:
    """RFC 9110 section 10.2.3: seconds or a date. Never more than an hour, whatever it says."""
    said = answer.headers.get("retry-after", "").strip()
    try:
        wait = timedelta(seconds=int(said)) if said.isdecimal() else parsedate_to_datetime(said) - datetime.now(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta()), _LONGEST_REST)
