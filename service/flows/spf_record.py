"""SPF of a domain (RFC 7208): which servers may send for it, and does checking that come to an end?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from types import MappingProxyType

from service.errors import NurtureError
from service.flows.finding import ASK, VRAAG, Finding
from service.mail.name_service import Resolver

MOST_LOOKUPS = 10
"""RFC 7208 section 4.6.4: a receiver that needs more gives up, and SPF then counts as broken."""

_TERM = re.compile(r"[+?~-]?(?P<name>[a-z][a-z0-9_.-]*)(?:(?P<sign>[:=])(?P<value>\S*))?(?:/.*)?", re.IGNORECASE)
_COSTS = {"include", "a", "mx", "ptr", "exists"}
_NETWORKS: Mapping[str, type[IPv4Network | IPv6Network]] = MappingProxyType({"ip4": IPv4Network, "ip6": IPv6Network})


class _BrokenSpfError(NurtureError):
    """An SPF record that receivers treat as an error (RFC 7208 section 2.6.7); the text says what is wrong."""


@dataclass(kw_only=True)
class _Spf:
    """One evaluation, and how many look-ups it took so far."""

    lookups: int = 0


def examine(resolver: Resolver, domain: str) -> Finding:
    """Is there one record, can it be evaluated, and does it keep others out?"""
    records = _spf_records(resolver, domain)
    if not records:
        return Finding(
            id="spf-missing",
            level="warning",
            text=f"{domain} has no SPF record, so many receivers will not believe mail from it.",
            dutch=f"{domain} heeft geen SPF-record. Veel ontvangers geloven mail ervan dan niet.",
            fix=ASK.format(domain=domain) + " add a TXT record such as: v=spf1 include:YOUR-MAIL-PROVIDER -all",
            dutch_fix=VRAAG.format(domain=domain) + " om een SPF-record: een TXT-record dat begint met v=spf1 en de"
            " mailserver noemt waarmee je verstuurt. De tekst staat op de hulppagina van je mailprovider.",
        )
    seen = _Spf()
    try:
        ending = _evaluate(resolver, _one(records, domain), seen)
    except _BrokenSpfError as error:
        return Finding(
            id="spf-broken",
            level="error",
            text=f"The SPF record of {domain} does not work: {error.english}.",
            dutch=f"Het SPF-record van {domain} werkt niet: {error.dutch}.",
            fix=ASK.format(domain=domain) + " put it right: one record, at most 10 look-ups, and every include there.",
            dutch_fix=VRAAG.format(domain=domain) + " om het SPF-record te herstellen: één record, hoogstens tien"
            " opzoekingen (haal weg wat je niet meer gebruikt), en elke include moet bestaan.",
        )
    if ending not in {"-", "~"}:
        return Finding(
            id="spf-open",
            level="warning",
            text=f"The SPF record of {domain} does not end in -all or ~all, so anybody may pose as you.",
            dutch=f"Het SPF-record van {domain} eindigt niet op -all of ~all. Iedereen kan zich voordoen als jij.",
            fix=ASK.format(domain=domain) + " let it end in -all (or ~all while you try it out).",
            dutch_fix=VRAAG.format(domain=domain) + " om het SPF-record te laten eindigen op -all (of eerst ~all).",
        )
    return Finding(
        id="spf",
        level="ok",
        text=f"SPF of {domain}: {seen.lookups} of {MOST_LOOKUPS} look-ups, {ending}all.",
        dutch=f"SPF van {domain}: {seen.lookups} van {MOST_LOOKUPS} opzoekingen, {ending}all.",
    )


def _spf_records(resolver: Resolver, domain: str) -> list[str]:
    """Those of its TXT records that are SPF (RFC 7208 section 4.5): the version alone, or followed by a space."""
    return [text for text in resolver.txt(domain) if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]


def _evaluate(resolver: Resolver, record: str, seen: _Spf) -> str:
    """Count what checking the record may cost, its includes too. Returns the sign of its `all`, "" without one."""
    redirect = ""
    for term in record.split()[1:]:
        match = _TERM.fullmatch(term)
        if match is None or not _means_something(match):
            raise _BrokenSpfError(f"it holds {term!r}, which means nothing", f"er staat {term!r} in, en dat is niets")
        name, value = match["name"].lower(), match["value"] or ""
        if name == "all":
            return term[0] if term[0] in "+-~?" else "+"  # what stands behind it is never looked at (section 5.1)
        if match["sign"] == "=":
            redirect = value if name == "redirect" else redirect  # any other modifier says nothing of who may send
        elif name in _COSTS:
            _count(seen)
            if name == "include":
                _evaluate(resolver, _only_record(resolver, value), seen)
    if not redirect:
        return ""
    _count(seen)
    return _evaluate(resolver, _only_record(resolver, redirect), seen)


def _means_something(term: re.Match[str]) -> bool:
    """Is it a modifier, of which there may be any, or a mechanism (section 4.6.1), with a network where one is due?"""
    name, value = term["name"].lower(), term["value"] or ""
    if name not in _NETWORKS:
        return term["sign"] == "=" or name == "all" or name in _COSTS
    try:
        _NETWORKS[name](value, strict=False)
    except ValueError:
        return False
    return term["sign"] == ":"


def _count(seen: _Spf) -> None:
    seen.lookups += 1
    if seen.lookups > MOST_LOOKUPS:
        raise _BrokenSpfError(
            f"checking it takes more than {MOST_LOOKUPS} look-ups", f"het vraagt meer dan {MOST_LOOKUPS} opzoekingen"
        )


def _only_record(resolver: Resolver, domain: str) -> str:
    if "%" in domain:
        return "v=spf1 ?all"  # a macro (section 7) is filled in for each mail; nothing to look up now
    return _one(_spf_records(resolver, domain) if domain else [], domain)


def _one(records: Sequence[str], domain: str) -> str:
    if not records:
        raise _BrokenSpfError(
            f"it refers to {domain or 'nothing'}, which has no SPF record",
            f"het verwijst naar {domain or 'niets'}, en daar staat geen SPF-record",
        )
    if len(records) > 1:
        raise _BrokenSpfError(
            f"{domain} has {len(records)} records that start with v=spf1, and may have only one",
            f"bij {domain} staan {len(records)} records die met v=spf1 beginnen, en het mag er maar één zijn",
        )
    return records[0]
