"""Whose fault an SMTP reply is, and what becomes of the mail: from stage, code and text to a `SendResult`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from service.mail.outbound import Outcome, Scope, SendResult, redact, strike

# What goes wrong before a recipient is named concerns every mail.
_CHANNEL_STAGES = frozenset({"connect", "greeting", "ehlo", "starttls", "auth", "reset", "mail"})
# RFC 4954 section 6: log in first, mechanism too weak, credentials wrong, encryption needed.
_LOGIN_CODES = frozenset({530, 534, 535, 538})
# RFC 3463 section 3.2 and RFC 7505: no such mailbox, no such system, mailbox moved away, null MX.
_NO_MAILBOX = frozenset({"5.1.1", "5.1.2", "5.1.6", "5.1.10"})
# Our sender address, our quota: once a recipient was named, one domain alone may be of that opinion.
_ABOUT_US = frozenset({"5.1.7", "5.1.8", "5.4.5"})
_TOO_BIG = frozenset({"5.2.3", "5.3.4"})
_SAYS_NOTHING = frozenset({None, "5.0.0", "5.1.0"})

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_NO_SUCH_USER = re.compile(
    r"(?:user|recipient|mailbox|address|account) (?:is )?(?:unknown|not found)"
    r"|unknown (?:user|recipient|mailbox|address|local part)"
    r"|no such (?:user|recipient|mailbox|address|account|person)"
    r"|(?:user|recipient|mailbox|address|account)\b.{0,60}(?:does not|doesn't|not) exist"
    r"|no mailbox (?:here )?by that name",
    re.IGNORECASE,
)
# Servers also say 5.1.1 when they mean any of these, and none of them is proof that a mailbox is gone.
_OTHER_REASON = re.compile(
    r"\b(?:spam|junk|virus|block|blacklist|denylist|policy|policies|reputation|quota|full\b|storage|denied|relay|spf|"
    r"dkim|dmarc|authenticat|authoriz|sender|rate\b|limit|suspend|disabled|inactive|temporar|content|unsolicited)",
    re.IGNORECASE,
)
_QUEUE_ID = re.compile(
    r"queued as <?([A-Za-z0-9._-]{4,100})|\bid=<?([A-Za-z0-9._-]{4,100})"
    r"|^(?:2\.\d\.\d )?ok:? ([0-9a-f][0-9a-f-]{19,90})$",
    re.IGNORECASE,
)


def judge(*, stage: str, code: int, text: str, private: Iterable[str] = ()) -> SendResult:
    """What a server's reply means for the mail (RFC 5321 section 4.2.1, RFC 3463).

    `stage` is the command it answers, `private` holds words to strike from the text (address parts, login).
    A reply that fits no place in the dialogue is `broken`: nobody can say what the server took.
    """
    enhanced = _enhanced(code, text)
    shown = strike(text, private)
    if 200 <= code < 300 and stage == "dot":
        queue_id = _queue_id(text)
        return SendResult(
            outcome=Outcome.ACCEPTED, stage=stage, code=code, enhanced=enhanced, text=shown, provider_id=queue_id
        )
    if 400 <= code < 500:
        # 421 too: at a later stage it is often about one recipient (Gmail's 421 4.7.28), whatever RFC 5321 says of it.
        scope: Scope = "channel" if stage in _CHANNEL_STAGES else "recipient"
        return SendResult(outcome=Outcome.RETRY, stage=stage, code=code, enhanced=enhanced, text=shown, scope=scope)
    if 500 <= code < 600:
        outcome, scope, hard = _refused(stage, code, enhanced, redact(text))
        return SendResult(
            outcome=outcome, stage=stage, code=code, enhanced=enhanced, text=shown, hard=hard, scope=scope
        )
    return broken(stage=stage, text=f"The mail server's answer does not fit: {code} {shown}", code=code)


def broken(*, stage: str, text: str, code: int | None = None) -> SendResult:
    """No usable answer: UNKNOWN once the final dot may have left, else RETRY, for nothing can have been taken."""
    outcome = Outcome.UNKNOWN if stage == "dot" else Outcome.RETRY
    scope: Scope = "channel" if stage in _CHANNEL_STAGES else "recipient"
    return SendResult(outcome=outcome, stage=stage, code=code, text=text, scope=scope)


def down(*, stage: str, text: str) -> SendResult:
    """The channel itself does not work: no mail is to blame and no attempt was made."""
    return SendResult(outcome=Outcome.DOWN, stage=stage, text=text, scope="channel")


def _refused(stage: str, code: int, enhanced: str | None, meaning: str) -> tuple[Outcome, Scope, bool]:
    if stage == "mail" and (enhanced in _TOO_BIG or (code == 552 and enhanced is None)):
        return Outcome.INVALID, "recipient", False  # one mail too big is no reason to stop all others
    if stage in _CHANNEL_STAGES or code in _LOGIN_CODES:
        return Outcome.DOWN, "channel", False
    if enhanced is not None and (enhanced.startswith("5.7.") or enhanced in _ABOUT_US):
        return Outcome.RETRY, "domain", False  # never the lead's fault, and often passes
    if code == 503:
        return Outcome.RETRY, "recipient", False  # bad sequence of commands: the dialogue went wrong, not the mail
    gone = enhanced in _NO_MAILBOX or (
        code == 550 and enhanced in _SAYS_NOTHING and _NO_SUCH_USER.search(meaning) is not None
    )
    hard = gone and stage in ("rcpt", "dot") and _OTHER_REASON.search(meaning) is None
    return Outcome.INVALID, "recipient", hard


def _enhanced(code: int, text: str) -> str | None:
    found = _ENHANCED.match(text)
    # RFC 2034 section 4: the classes of both codes are the same, or the text only looks like one.
    return found[1] if found and found[1][0] == str(code)[:1] else None


def _queue_id(text: str) -> str | None:
    found = _QUEUE_ID.search(text.strip())
    return next((part for part in found.groups() if part), None) if found else None
