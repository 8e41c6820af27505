"""Delivery reports in parts (RFC 3464 in a multipart/report of RFC 6522; RFC 6533 for other scripts)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from service.mail.inbound import codes
from service.mail.inbound.diagnosis import Verdict, judge, judge_with
from service.mail.inbound.phrases import STILL_TRYING, plain
from service.mail.inbound.reading import written
from service.mail.inbound.structure import Part, on_one_line
from service.mail.inbound.ties import addresses
from service.mail.inbound.values import InboundKind

KINDS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_MOST_GROUPS = 50
_MILDEST_FIRST = (InboundKind.POLICY, InboundKind.SOFT, InboundKind.HARD)
_HEX = re.compile(r"\+(2B|3D)")


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a report or a bounce says of the one recipient that it is about. `elsewhere`: the mail had gone on from
    there to another mailbox, and that one is judged.
    """

    verdict: Verdict
    recipient: str | None = None
    deferred: bool = False
    elsewhere: bool = False


def delivery_status(mail: Part) -> Part | None:
    """The part for machines, in the mail itself and not in one that somebody forwards."""
    return next((part for part in mail.walk() if part.kind in KINDS), None)


def read(mail: Part, part: Part) -> Report:
    """The report's verdict. Several recipients: of those that failed the mildest counts, for our mails go to one.

    So somebody whose mail goes on to two mailboxes is not given up when one of them is gone and the other is full.
    """
    found = islice(_groups(part), _MOST_GROUPS)
    groups = [group for group in found if group.keys() & {"action", "final-recipient", "original-recipient"}]
    failed = [group for group in groups if _action(group) in {"failed", ""}]
    if failed:
        reports = [_failed(group, mail) for group in failed]
        return min(reports, key=lambda each: _MILDEST_FIRST.index(each.verdict.kind))
    late = [group for group in groups if _action(group).startswith("delay")]
    if late:
        status = next(codes.enhanced(late[0].get("status", "")), None)
        verdict = Verdict(kind=InboundKind.NONE, reason="delayed; they keep trying", status=status)
        return Report(verdict=verdict, recipient=_recipient(late[0]), deferred=True)
    if groups:
        status = next(iter(re.findall(r"^\s*(2\.\d{1,3}\.\d{1,3})\b", groups[0].get("status", ""))), None)
        verdict = Verdict(kind=InboundKind.NONE, reason="a report of a mail that went on", status=status)
        return Report(verdict=verdict, recipient=_recipient(groups[0]))
    text = written(mail)
    if STILL_TRYING.search(plain(text)):
        return Report(verdict=Verdict(kind=InboundKind.NONE, reason="delayed; they keep trying"), deferred=True)
    return Report(verdict=judge(list(codes.enhanced(text)), text), recipient=next(iter(addresses(text)), None))


def _failed(group: Mapping[str, str], mail: Part) -> Report:
    said = group.get("diagnostic-code", "")
    named = [*codes.enhanced(group.get("status", "")), *codes.enhanced(said)]
    verdict = judge(named, said)
    if not verdict.sure:
        text = written(mail)
        lines = said + "\n".join(line for line in text.split("\n") if codes.reply_code(line))
        verdict = judge_with([*named, *codes.enhanced(lines)], lines, text)
    return Report(verdict=verdict, recipient=_recipient(group), elsewhere=_went_on(group))


def _groups(part: Part) -> Iterator[dict[str, str]]:
    """The groups of fields, each between empty lines, names small, the first of a name. Content may be encoded."""
    source = part.text or "\n".join(f"{name}: {value}" for name, value in part.headers)
    for block in re.split(r"\n[ \t]*\n", source, maxsplit=_MOST_GROUPS):
        group: dict[str, str] = {}
        for line in re.sub(r"\n[ \t]+", " ", block).split("\n"):
            name, colon, value = line.partition(":")
            name = name.strip().lower()
            if name == "final-recipient" and name in group:  # the empty line between two recipients is missing
                yield group
                group = {}
            if colon and name and len(name) < 60:
                group.setdefault(name, on_one_line(value)[:4_000])
        yield group


def _action(group: Mapping[str, str]) -> str:
    return group.get("action", "").split(" ")[0].split("(")[0].strip(" ;.").lower()


def _recipient(group: Mapping[str, str]) -> str | None:
    """As we addressed the mail, else as the last server did: `type; address` (RFC 3464 sections 2.3.1 and 2.3.2)."""
    return _address(group, "original-recipient") or _address(group, "final-recipient")


def _went_on(group: Mapping[str, str]) -> bool:
    """Servers that forward keep the address of before (RFC 3461 section 5.2.1): then the two are not the same."""
    before, judged = _address(group, "original-recipient"), _address(group, "final-recipient")
    return before is not None and judged is not None and before.lower() != judged.lower()


def _address(group: Mapping[str, str], name: str) -> str | None:
    _, _, value = group.get(name, "").rpartition(";")
    found = addresses(_HEX.sub(lambda hit: chr(int(hit[1], 16)), value))  # xtext of RFC 3461 section 4
    return found[0] if found else None
