"""From what a server said to whose fault it is: the code's verdict and the words' verdict, and the milder of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from service.mail.inbound import codes
from service.mail.inbound.phrases import plain
from service.mail.inbound.rules import NO_DOMAIN, REFUSALS, Rule
from service.mail.inbound.values import InboundKind

HARD, SOFT = InboundKind.HARD, InboundKind.SOFT

_LONGEST = 4_000
_ADDRESS = re.compile(r"<?[^\s<>\"'()]{1,64}@[a-z0-9.-]{1,253}>?")
# Names of machines hold words too: mx.spamfilter.example says "user unknown" like any other.
_MACHINE = re.compile(
    r"\b(?:host|server|by|from|at|with|dns;|mta) [\w-]{1,63}(?:\.[\w-]{1,63}){1,8}(?: ?[\[(][^\])]{0,60}[\])])?"
)
_SAID_BY = re.compile(
    r"\b[\w-]{1,63}(?:\.[\w-]{1,63}){1,8} ?(?:[\[(][^\])]{0,60}[\])] ?)?"
    r"(?=(?:said|rejected|gave|refused|returned|responded)\b)"
)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`status` is the code that was named or, where none was, the one that is meant. `sure`: something was known."""

    kind: InboundKind
    reason: str
    status: str | None = None
    sure: bool = True


def judge(named: Sequence[str], said: str) -> Verdict:
    """What codes and words mean together.

    Words that excuse the reader count over any code; words that condemn only where no code says otherwise. With nothing
    to go by it is soft, for a mailbox is never given up on a guess.
    """
    telling = [each for each in named if not codes.says_nothing(each)]
    verdicts = [found for each in telling if (found := codes.by_code(each))]
    mildest = min(verdicts, key=lambda each: each[0] is HARD, default=None)
    rule = _rule(said)
    final = _class(telling or named, said)
    if rule is not None and rule.kind is HARD and rule.status == NO_DOMAIN and not telling:
        final = "5"  # Gmail reports NXDOMAIN as 4.0.0 when it gives up
    status = telling[0] if telling else f"{final}.{rule.status}" if rule else next(iter(named), None)
    if rule is not None and rule.kind is not HARD:
        return Verdict(kind=rule.kind, reason=rule.reason, status=status)
    if mildest is not None and mildest[0] is not HARD:
        return Verdict(kind=mildest[0], reason=mildest[1], status=status)
    if final == "4":
        return Verdict(kind=SOFT, reason="not taken for now, and given up", status=status)
    if mildest is not None:
        return Verdict(kind=HARD, reason=mildest[1], status=status)
    if rule is not None:
        return Verdict(kind=HARD, reason=rule.reason, status=status)
    return Verdict(kind=SOFT, reason="not delivered, and nothing says for sure why", status=status, sure=False)


def judge_with(named: Sequence[str], said: str, around: str) -> Verdict:
    """The same, and where codes and words leave it open, by the text around them: that may excuse, and not condemn.

    What stands round a server's own sentence is written for every case ("could not be found, or takes no mail"); only
    where there is no such sentence is it all there is.
    """
    verdict = judge(named, said)
    if verdict.sure:
        return verdict
    told = judge(named, around)
    return told if told.sure and (told.kind is not HARD or not said.strip()) else verdict


def _class(named: Sequence[str], said: str) -> str:
    """`4` where the first code, enhanced or not, is of that class, else `5`."""
    return "4" if str(next(iter(named), codes.reply_code(said) or "5")).startswith("4") else "5"


def _rule(said: str) -> Rule | None:
    text = plain(said[:_LONGEST])
    for names in (_ADDRESS, _MACHINE, _SAID_BY):
        text = names.sub(" ", text)
    text = " ".join(text.split())
    return next((rule for rule in REFUSALS if rule.words.search(text)), None)
