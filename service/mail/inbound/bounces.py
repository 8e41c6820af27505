"""Bounces in a server's own words: qmail, Exim, Exchange, Gmail and all that write no report for machines."""

from __future__ import annotations

import re

from service.mail.inbound import codes, phrases
from service.mail.inbound.diagnosis import Verdict, judge_with
from service.mail.inbound.phrases import COPY_BELOW, GIVEN_UP, RETURNED, STILL_TRYING, plain
from service.mail.inbound.reading import written
from service.mail.inbound.reports import Report
from service.mail.inbound.structure import Part
from service.mail.inbound.ties import addresses
from service.mail.inbound.values import InboundKind

_MOST_LINES = 400
_HEADER_LINE = re.compile(r"(?:received|return-path|message-id|mime-version|dkim-signature|x-[\w-]+): ?\S")


def from_a_mail_system(mail: Part) -> bool:
    """Whether a mail system sent it, by its address, by its name, or by the list of failures of Exim and Gmail."""
    sender = plain(mail.first("from"))
    local = next(iter(addresses(sender)), sender).partition("@")[0]
    named = phrases.SYSTEMS.fullmatch(local) or phrases.SYSTEM_NAMES.search(sender)
    return bool(named or mail.every("x-failed-recipients"))


def without_a_way_back(mail: Part) -> bool:
    """Whether it has the empty return path: bounces (RFC 5321 section 4.5.5) and automatic answers (RFC 3834)."""
    return any(path.strip("< >") == "" for path in mail.every("return-path"))


def read(mail: Part) -> Report | None:
    """The bounce in a mail that a machine sent; None where nothing in it speaks of a mail that did not arrive."""
    text = _before_the_copy(written(mail))
    subject, flat = plain(mail.first("subject")), plain(text)
    failed = mail.every("x-failed-recipients")
    late = STILL_TRYING.search(flat) or STILL_TRYING.search(subject)
    if not failed and not late and not RETURNED.search(flat[:3_000]) and not RETURNED.search(subject):
        return None
    recipient = next(iter(addresses(*failed)), None) or _named(text, mail)
    if late and not GIVEN_UP.search(flat):
        verdict = Verdict(kind=InboundKind.NONE, reason="delayed; they keep trying")
        return Report(verdict=verdict, recipient=recipient, deferred=True)
    said = _diagnostics(text)
    verdict = judge_with(list(codes.enhanced(said)), said, text)
    if not verdict.sure:
        verdict = judge_with(list(codes.enhanced(said)), said, subject)
    return Report(verdict=verdict, recipient=recipient)


def _before_the_copy(text: str) -> str:
    """What the server itself says, without the mail that it returns."""
    lines: list[str] = []
    heads = 0
    for line in text.split("\n", _MOST_LINES)[:_MOST_LINES]:
        flat = plain(line[:500])
        heads = heads + 1 if _HEADER_LINE.match(flat) else 0
        if COPY_BELOW.search(flat) or heads > 1:
            break
        lines.append(line)
    return "\n".join(lines).strip() or text


def _diagnostics(text: str) -> str:
    """The lines with a reply code or an enhanced one, each with the rest of its paragraph, at most three lines more."""
    lines = text.split("\n")
    found: list[str] = []
    last = -1
    for index, line in enumerate(lines):
        if index <= last or not (codes.reply_code(line) or next(codes.enhanced(line), None)):
            continue
        last = index
        for following in lines[index + 1 : index + 4]:
            if not following.strip():
                break
            last += 1
        found += lines[index : last + 1]
    return "\n".join(found)


def _named(text: str, mail: Part) -> str | None:
    """The first address in the text that is not the server's own or ours."""
    own = {each.lower() for each in addresses(*mail.every("from", "to", "delivered-to", "reply-to"))}
    for each in addresses(text):
        if each.lower() not in own and not phrases.SYSTEMS.fullmatch(each.partition("@")[0].lower()):
            return each
    return None
