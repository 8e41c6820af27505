"""DKIM keys of the sender's domain in the DNS: our own where we sign, else what can be seen of the mail server's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from service.flows.finding import ASK, VRAAG, Finding, tags
from service.mail.name_service import Resolver

if TYPE_CHECKING:
    from service.mail.dkim import DkimSigner

USUAL_SELECTORS = ("default", "mail", "dkim", "selector1", "selector2", "s1", "s2", "k1", "google", "lettermint")


def of_our_key(resolver: Resolver, domain: str, signer: DkimSigner) -> Finding:
    """Does the record hold the public half of the key that signs (RFC 6376 section 3.6.1)?"""
    name = f"{signer.selector}._domainkey.{domain}"
    records = [found for text in resolver.txt(name) if "p" in (found := tags(text))]
    fix = ASK.format(domain=domain) + f" let {name} hold one TXT record: {signer.record}"
    dutch_fix = VRAAG.format(domain=domain) + f" om bij {name} één TXT-record te zetten: {signer.record}"
    if not records:
        return Finding(
            id="dkim-record-missing",
            level="error",
            text=f"Mails are signed under the selector {signer.selector}, and {domain} has no DKIM key there.",
            dutch=f"Mails worden ondertekend onder {signer.selector}, en bij {domain} staat daar geen DKIM-sleutel.",
            fix=fix,
            dutch_fix=dutch_fix,
        )
    found = records[0]
    if len(records) > 1 or not _can_be_used(found):
        return Finding(
            id="dkim-record-broken",
            level="error",
            text=f"The DKIM record at {name} does not work: one record for an RSA key and for e-mail is due.",
            dutch=f"Het DKIM-record bij {name} werkt niet: er hoort één record te staan, voor RSA en voor e-mail.",
            fix=fix,
            dutch_fix=dutch_fix,
        )
    if found["p"] != signer.public_key:
        return Finding(
            id="dkim-record-differs",
            level="error",
            text=f"The DKIM key at {name} is not that of NURTURE_DKIM_KEY, so receivers find every signature false.",
            dutch=f"De DKIM-sleutel bij {name} hoort niet bij NURTURE_DKIM_KEY. Ontvangers keuren elke mail af.",
            fix=fix,
            dutch_fix=dutch_fix,
        )
    if "y" in found.get("t", "").lower().split(":"):
        return Finding(
            id="dkim-record-testing",
            level="warning",
            text=f"The DKIM record at {name} says that it is a test (t=y), so receivers may overlook signatures.",
            dutch=f"Het DKIM-record bij {name} zegt dat het een proef is (t=y). Ontvangers letten er dan niet op.",
            fix=fix,
            dutch_fix=dutch_fix,
        )
    return Finding(
        id="dkim",
        level="ok",
        text=f"DKIM of {domain}: the key under {signer.selector} is the one that signs.",
        dutch=f"DKIM van {domain}: de sleutel onder {signer.selector} is die waarmee we ondertekenen.",
    )


def of_a_mail(data: bytes, domain: str) -> Iterator[Finding]:
    """Does the signature of a finished mail to a lead do all it is for: for the sender's domain, over both headers of
    the way out (RFC 8058 section 4)? Nothing is said where it does."""
    from service.mail.dkim import covered_by, signature_of  # noqa: PLC0415 (cryptography waits for who signs)

    missing = {"list-unsubscribe", "list-unsubscribe-post"} - covered_by(data)
    if missing or signature_of(data).get("d") != domain:
        yield Finding(
            id="dkim-uncovered",
            level="error",
            text=f"A mail of ours is not signed for {domain} with both List-Unsubscribe headers covered.",
            dutch=f"Een mail van ons is niet ondertekend voor {domain}, of niet met beide afmeldregels erbij.",
            fix="This is a fault of the service: report it, and leave NURTURE_DKIM_KEY out until it is mended.",
            dutch_fix="Dit is een fout in de dienst zelf. Meld het, en laat NURTURE_DKIM_KEY tot die tijd weg.",
        )


def by_the_provider(domain: str, providers: Sequence[str]) -> Finding:
    """A reminder: we cannot see under which name a provider's key is to be looked for."""
    names = " and ".join(providers)
    return Finding(
        id="dkim-by-provider",
        level="ok",
        text=f"Mail by {names} is signed there (DKIM). See on its pages that {domain} is verified; "
        "--dkim-selector NAME looks a key up.",
        dutch=f"Mail via {' en '.join(providers)} wordt daar ondertekend (DKIM). Kijk daar of {domain} is "
        "geverifieerd; --dkim-selector NAAM zoekt een sleutel op.",
    )


def of_others(resolver: Resolver, domain: str, selectors: Sequence[str], *, production: bool) -> Iterator[Finding]:
    """Is there a key under these selectors; without any, under one of the usual? Mail that nobody signs is no more than
    warned of before anybody gets any."""
    fix = ASK.format(domain=domain) + " add the DKIM record that your mail provider shows"
    dutch = VRAAG.format(domain=domain) + " om het DKIM-record toe te voegen dat je mailprovider toont"
    found = []
    for selector in selectors or USUAL_SELECTORS:
        if any(tags(text).get("p") for text in resolver.txt(f"{selector}._domainkey.{domain}")):
            found.append(selector)
            yield Finding(
                id="dkim",
                level="ok",
                text=f"DKIM of {domain}: there is a key under {selector}.",
                dutch=f"DKIM van {domain}: er staat een sleutel onder {selector}.",
            )
        elif selectors:
            yield Finding(
                id="dkim-missing",
                level="error",
                text=f"{domain} has no DKIM key under the selector {selector}.",
                dutch=f"{domain} heeft geen DKIM-sleutel onder {selector}.",
                fix=f"{fix}.",
                dutch_fix=f"{dutch}.",
            )
    if not found and not selectors:
        yield Finding(
            id="dkim-missing",
            level="error" if production else "warning",
            text=f"{domain} has no DKIM key under any of the usual selectors.",
            dutch=f"{domain} heeft onder geen van de gebruikelijke namen een DKIM-sleutel.",
            fix=f"{fix}; if there is one, name its selector with --dkim-selector NAME. Where your mail server signs "
            "nothing, set NURTURE_DKIM_KEY_FILE.",
            dutch_fix=f"{dutch}. Is het er al? Noem de selector dan met --dkim-selector. Ondertekent je mailserver "
            "niets? Zet dan NURTURE_DKIM_KEY_FILE.",
        )


def _can_be_used(found: dict[str, str]) -> bool:
    """By a verifier, for mail and our kind of signature; a tag that is left out allows all."""
    version, kind = found.get("v", "DKIM1"), found.get("k", "rsa").lower()
    hashes = found.get("h", "sha256").lower().split(":")
    services = found.get("s", "*").lower().split(":")
    return version == "DKIM1" and kind == "rsa" and "sha256" in hashes and bool({"*", "email"} & set(services))
