"""SPF, DKIM and DMARC of the sender's domain: what receivers look up before they believe that a mail is ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.errors import NurtureError, UnavailableError
from service.flows.finding import Finding
from service.mail.name_service import Resolver

MOST_LOOKUPS = 10
"""RFC 7208 section 4.6.4: a receiver that needs more gives up, and SPF then counts as broken."""
USUAL_SELECTORS = ("default", "mail", "dkim", "selector1", "selector2", "s1", "s2", "k1", "google", "lettermint")

_TERM = re.compile(r"[+?~-]?(?P<name>[a-z][a-z0-9_.-]*)(?:(?P<sign>[:=])(?P<value>\S*))?(?:/.*)?", re.IGNORECASE)
_COSTS = {"include", "a", "mx", "ptr", "exists", "redirect"}
_POLICIES = {"none", "quarantine", "reject"}
_ASK = "Ask whoever keeps the DNS of {domain}, or your mail provider's help page, to"
_VRAAG = "Vraag de beheerder van {domain} (je webbouwer of hostingpartij)"


def examine(resolver: Resolver, domain: str, selectors: Sequence[str] = ()) -> list[Finding]:
    """SPF, DKIM and DMARC of a domain. Without `selectors`, DKIM is looked for under the usual ones."""
    try:
        return [_spf(resolver, domain), *_dkim(resolver, domain, selectors), _dmarc(resolver, domain)]
    except UnavailableError as error:
        return [
            Finding(
                id="dns-unreachable",
                level="warning",
                text=f"SPF, DKIM and DMARC of {domain} could not be looked up: {error.english}.",
                fix="Try again where the internet can be reached, or name a name server with --dns HOST:PORT.",
                dutch_fix="Probeer het opnieuw op een computer met internet, of noem een naamserver met --dns.",
            )
        ]


class _BrokenSpfError(NurtureError):
    """An SPF record that receivers treat as an error (RFC 7208 section 2.6.7); the text says what is wrong."""


@dataclass(kw_only=True)
class _Spf:
    """One evaluation, and how many look-ups it took so far."""

    lookups: int = 0


def _spf(resolver: Resolver, domain: str) -> Finding:
    records = _spf_records(resolver, domain)
    if not records:
        return Finding(
            id="spf-missing",
            level="warning",
            text=f"{domain} has no SPF record, so many receivers will not believe mail from it.",
            fix=_ASK.format(domain=domain) + " add a TXT record such as: v=spf1 include:YOUR-MAIL-PROVIDER -all",
            dutch_fix=_VRAAG.format(domain=domain) + " om een SPF-record: een TXT-record dat begint met v=spf1 en de"
            " mailserver noemt waarmee je verstuurt. De tekst staat op de hulppagina van je mailprovider.",
        )
    seen = _Spf()
    try:
        ending = _evaluate(resolver, _one(records, domain), seen)
    except _BrokenSpfError as error:
        return Finding(
            id="spf-broken",
            level="error",
            text=f"The SPF record of {domain} does not work: {error}.",
            fix=_ASK.format(domain=domain) + " put it right: one record, at most 10 look-ups, and every include there.",
            dutch_fix=_VRAAG.format(domain=domain) + " om het SPF-record te herstellen: één record, hoogstens tien"
            " opzoekingen (haal weg wat je niet meer gebruikt), en elke include moet bestaan.",
        )
    if ending not in {"-", "~"}:
        return Finding(
            id="spf-open",
            level="warning",
            text=f"The SPF record of {domain} does not end in -all or ~all, so anybody may pose as you.",
            fix=_ASK.format(domain=domain) + " let it end in -all (or ~all while you try it out).",
            dutch_fix=_VRAAG.format(domain=domain) + " om het SPF-record te laten eindigen op -all (of eerst ~all).",
        )
    return Finding(
        id="spf", level="ok", text=f"SPF of {domain}: {seen.lookups} of {MOST_LOOKUPS} look-ups, {ending}all."
    )


def _spf_records(resolver: Resolver, domain: str) -> list[str]:
    """Those of its TXT records that are SPF (RFC 7208 section 4.5): the version alone, or followed by a space."""
    return [text for text in resolver.txt(domain) if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]


def _evaluate(resolver: Resolver, record: str, seen: _Spf) -> str:
    """Count what checking the record may cost, its includes too. Returns the sign of its `all`, "" without one."""
    redirect = ""
    for term in record.split()[1:]:
        match = _TERM.fullmatch(term)
        if match is None:
            raise _BrokenSpfError(f"it holds {term!r}, which means nothing")
        name, value = match["name"].lower(), match["value"] or ""
        if name == "all":
            return term[0] if term[0] in "+-~?" else "+"  # what stands behind it is never looked at (section 5.1)
        if name == "redirect" and match["sign"] == "=":
            redirect = value
        elif name in _COSTS:
            _count(seen)
            if name == "include":
                _evaluate(resolver, _only_record(resolver, value), seen)
    if not redirect:
        return ""
    _count(seen)
    return _evaluate(resolver, _only_record(resolver, redirect), seen)


def _count(seen: _Spf) -> None:
    seen.lookups += 1
    if seen.lookups > MOST_LOOKUPS:
        raise _BrokenSpfError(f"checking it takes more than {MOST_LOOKUPS} look-ups")


def _only_record(resolver: Resolver, domain: str) -> str:
    if "%" in domain:
        return "v=spf1 ?all"  # a macro (section 7) is filled in for each mail; nothing to look up now
    return _one(_spf_records(resolver, domain) if domain else [], domain)


def _one(records: Sequence[str], domain: str) -> str:
    if not records:
        raise _BrokenSpfError(f"it refers to {domain or 'nothing'}, which has no SPF record")
    if len(records) > 1:
        raise _BrokenSpfError(f"{domain} has {len(records)} records that start with v=spf1, and may have only one")
    return records[0]


def _dkim(resolver: Resolver, domain: str, selectors: Sequence[str]) -> Iterator[Finding]:
    fix = _ASK.format(domain=domain) + " add the DKIM record that your mail provider shows"
    dutch = _VRAAG.format(domain=domain) + " om het DKIM-record toe te voegen dat je mailprovider toont"
    found = []
    for selector in selectors or USUAL_SELECTORS:
        keys = [key for text in resolver.txt(f"{selector}._domainkey.{domain}") if (key := _tags(text).get("p"))]
        if keys:
            found.append(selector)
            yield Finding(id="dkim", level="ok", text=f"DKIM of {domain}: there is a key under {selector}.")
        elif selectors:
            text = f"{domain} has no DKIM key under the selector {selector}."
            yield Finding(id="dkim-missing", level="warning", text=text, fix=f"{fix}.", dutch_fix=f"{dutch}.")
    if not found and not selectors:
        yield Finding(
            id="dkim-missing",
            level="warning",
            text=f"{domain} has no DKIM key under any of the usual selectors.",
            fix=f"{fix}; if there is one, name its selector with --dkim-selector NAME.",
            dutch_fix=f"{dutch}. Is het er al? Noem de selector dan met --dkim-selector.",
        )


def _dmarc(resolver: Resolver, domain: str) -> Finding:
    """The domain's own record, else the nearest of a domain above it (RFC 7489 section 6.6.3)."""
    labels = domain.split(".")
    for start in range(max(len(labels) - 1, 1)):
        above = ".".join(labels[start:])
        records = [tags for text in resolver.txt(f"_dmarc.{above}") if (tags := _tags(text)).get("v") == "DMARC1"]
        if len(records) == 1 and records[0].get("p", "").lower() in _POLICIES:
            return Finding(id="dmarc", level="ok", text=f"DMARC of {above}: p={records[0]['p'].lower()}.")
        if records:
            return Finding(
                id="dmarc-broken",
                level="error",
                text=f"The DMARC record of {above} does not work: one record with p=none, quarantine or reject is due.",
                fix=_ASK.format(domain=domain) + f" let _dmarc.{above} hold one TXT record: v=DMARC1; p=quarantine",
                dutch_fix=_VRAAG.format(domain=domain)
                + f" om bij _dmarc.{above} één TXT-record te zetten: v=DMARC1; p=quarantine",
            )
    return Finding(
        id="dmarc-missing",
        level="warning",
        text=f"{domain} has no DMARC record; large receivers ask for one.",
        fix=_ASK.format(domain=domain) + f" add a TXT record at _dmarc.{domain}: v=DMARC1; p=none",
        dutch_fix=_VRAAG.format(domain=domain)
        + f" om een TXT-record bij _dmarc.{domain}: v=DMARC1; p=none (later p=quarantine).",
    )


def _tags(text: str) -> dict[str, str]:
    """`name=value; …` (RFC 6376 section 3.2) as a mapping; blanks inside a value are folding, and go."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, _, value in pairs if name.strip()}
