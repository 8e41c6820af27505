"""What the DNS says of the sender: SPF, DKIM, DMARC, whether they agree, and where mail to us goes (ACCEPTANCE M9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from service.errors import UnavailableError
from service.flows import dkim_records, mail_hosts, spf_record
from service.flows.finding import ASK, VRAAG, Finding, tags
from service.mail.name_service import Resolver

if TYPE_CHECKING:
    from service.mail.dkim import DkimSigner

_POLICIES = {"none", "quarantine", "reject"}
_ENOUGH = 2  # questions without an answer, each after five seconds
_Look = Callable[[], Iterable[Finding]]


@dataclass(frozen=True, kw_only=True)
class Sending:
    """Who sends, and by which ways.

    `domain` is that of From. `signer` signs mail by SMTP; `providers` are those whose API mail goes by, `servers` the
    SMTP hosts it is handed to. `return_path` is the domain that bounces of mail by SMTP come back to, "" where that is
    the sender's; `answers` are those that answers are asked to go to. Under `selectors` somebody knows a DKIM key.
    """

    domain: str
    selectors: Sequence[str] = ()
    signer: DkimSigner | None = None
    providers: Sequence[str] = ()
    servers: Sequence[str] = ()
    return_path: str = ""
    answers: Sequence[str] = ()
    production: bool = False

    @property
    def by_api_alone(self) -> bool:
        """Nothing leaves as the bytes that we made."""
        return bool(self.providers) and not self.servers


def examine(resolver: Resolver, sending: Sending) -> list[Finding]:
    """Each look by itself: one without an answer hides no other. Where nobody answers at all, a few are enough."""
    domain = sending.domain
    back = sending.return_path or domain
    ours = [host for host in sending.servers if _within(host, domain)]
    looks: list[tuple[str, _Look]] = [
        *((f"SPF: {each}", partial(_spf, resolver, each)) for each in dict.fromkeys((domain, back))),
        (f"DKIM: {domain}", partial(_dkim, resolver, sending)),
        (f"DMARC: {domain}", partial(_dmarc, resolver, sending)),
        *(
            (f"MX: {each}", partial(_mx, resolver, each, domain))
            for each in dict.fromkeys((domain, back, *sending.answers))
        ),
        *((f"PTR: {host}", partial(mail_hosts.says_its_name, resolver, host)) for host in ours),
    ]
    found: list[Finding] = []
    silent: list[tuple[str, UnavailableError]] = []
    for what, look in looks:
        try:
            found += look()
        except UnavailableError as error:
            silent.append((what, error))
        if len(silent) == _ENOUGH and not found:
            return [_silent(f"SPF, DKIM, DMARC, MX, PTR: {domain}", silent[0][1])]
    return [*found, *(_silent(what, error) for what, error in silent)]


def _silent(what: str, error: UnavailableError) -> Finding:
    return Finding(
        id="dns-unreachable",
        level="warning",
        text=f"Not looked up ({what}): {error.english}.",
        dutch=f"Niet opgezocht ({what}): {error.dutch}.",
        fix="Try again where the internet can be reached, or name a name server with --dns HOST:PORT.",
        dutch_fix="Probeer het opnieuw op een computer met internet, of noem een naamserver met --dns.",
    )


def _spf(resolver: Resolver, domain: str) -> Iterator[Finding]:
    yield spf_record.examine(resolver, domain)


def _mx(resolver: Resolver, domain: str, sender: str) -> Iterator[Finding]:
    yield mail_hosts.takes_mail(resolver, domain, only_sends=domain == sender)


def _dkim(resolver: Resolver, sending: Sending) -> Iterator[Finding]:
    if sending.providers:
        yield dkim_records.by_the_provider(sending.domain, sending.providers)
    signed_by_us = sending.signer is not None and not sending.by_api_alone
    if sending.signer is not None and signed_by_us:
        yield dkim_records.of_our_key(resolver, sending.domain, sending.signer)
    if sending.selectors or not (signed_by_us or sending.by_api_alone):
        yield from dkim_records.of_others(resolver, sending.domain, sending.selectors, production=sending.production)


def _dmarc(resolver: Resolver, sending: Sending) -> Iterator[Finding]:
    """The domain's own record, else the nearest of a domain above it (RFC 7489 section 6.6.3)."""
    domain = sending.domain
    labels = domain.split(".")
    for start in range(max(len(labels) - 1, 1)):
        above = ".".join(labels[start:])
        records = [found for text in resolver.txt(f"_dmarc.{above}") if (found := tags(text)).get("v") == "DMARC1"]
        if len(records) == 1 and records[0].get("p", "").lower() in _POLICIES:
            policy = records[0]["p"].lower()
            yield Finding(
                id="dmarc",
                level="ok",
                text=f"DMARC of {above}: p={policy}.",
                dutch=f"DMARC van {above}: p={policy}.",
            )
            yield from _alignment(sending, above, strict=records[0].get("aspf", "r").lower() == "s")
            return
        if records:
            yield Finding(
                id="dmarc-broken",
                level="error",
                text=f"The DMARC record of {above} does not work: one record with p=none, quarantine or reject is due.",
                dutch=f"Het DMARC-record van {above} werkt niet: er hoort één record te staan met p=none, quarantine "
                "of reject.",
                fix=ASK.format(domain=domain) + f" let _dmarc.{above} hold one TXT record: v=DMARC1; p=quarantine",
                dutch_fix=VRAAG.format(domain=domain)
                + f" om bij _dmarc.{above} één TXT-record te zetten: v=DMARC1; p=quarantine",
            )
            return
    yield Finding(
        id="dmarc-missing",
        level="warning",
        text=f"{domain} has no DMARC record; large receivers ask for one.",
        dutch=f"{domain} heeft geen DMARC-record. Grote ontvangers vragen daarom.",
        fix=ASK.format(domain=domain) + f" add a TXT record at _dmarc.{domain}: v=DMARC1; p=none",
        dutch_fix=VRAAG.format(domain=domain)
        + f" om een TXT-record bij _dmarc.{domain}: v=DMARC1; p=none (later p=quarantine).",
    )


def _alignment(sending: Sending, above: str, *, strict: bool) -> Iterator[Finding]:
    """DMARC takes SPF's word for the sender only where the return path lies in its domain (RFC 7489 section 3.1.2).

    `above` is where the record was found; what lies under it belongs together.
    """
    back, domain = sending.return_path or sending.domain, sending.domain
    aligned = back == domain if strict else _within(back, above) or _within(domain, back)
    if aligned or sending.by_api_alone or sending.signer is not None:
        return
    yield Finding(
        id="return-path-elsewhere",
        level="warning",
        text=f"Bounces come back to {back}, so SPF says nothing about {domain}; for DMARC DKIM alone counts.",
        dutch=f"Onbestelbare mail komt terug bij {back}. SPF zegt dan niets over {domain}; voor DMARC telt DKIM.",
        fix=f"Have bounces come to an address in {domain}, or see that the mail server signs (DKIM) for {domain}.",
        dutch_fix=f"Laat onbestelbare mail terugkomen op een adres in {domain}, of zorg dat de mailserver ondertekent "
        f"(DKIM) voor {domain}.",
    )


def _within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")
