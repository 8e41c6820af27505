"""Do the links in mails lead here: certificate, a living service behind it, its clock, and the way out for leads?"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from service.flows import self_test
from service.flows.finding import Finding, Level, in_days
from service.flows.server_certificates import days_left
from service.flows.services import Services
from service.mail.loopback import is_loopback

_SECONDS = 10.0
_SOON = 14  # days
_TOLERANCE = timedelta(minutes=5)
_EXPIRED, _NAMES = 10, {62, 64}
"""What OpenSSL says of a certificate: over its time; of another host name or address."""


def examine(services: Services, *, published: bool) -> Iterator[Finding]:
    """The base URL from outside in. Only what can be reached is pressed, and only once something is `published`."""
    level: Level = "error" if services.production else "warning"  # before it is installed nobody listens there
    seen = _certificate(services.base_url)
    if seen is not None:
        yield seen
        if seen.level == "error":
            return
    try:
        answer = httpx.get(f"{services.base_url}/healthz", timeout=_SECONDS, follow_redirects=False)
    except httpx.HTTPError as error:
        yield _unreachable(services.base_url, type(error).__name__, level)
        return
    if not _is_alive(answer):
        yield _somebody_else(services.base_url, answer.status_code, level)
        return
    yield Finding(
        id="base-url",
        level="ok",
        text=f"The service answers at {services.base_url}.",
        dutch=f"De dienst antwoordt op {services.base_url}.",
    )
    yield from _clock(answer)
    if published:
        yield _pressed(services)


def _certificate(base_url: str) -> Finding | None:
    """None for plain http, and where nobody answers: that is said by asking."""
    parts = urlsplit(base_url)
    if parts.scheme != "https" or parts.hostname is None:
        return None
    host = parts.hostname
    try:
        with (
            socket.create_connection((host, parts.port or 443), _SECONDS) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secured,
        ):
            days = days_left(secured)
    except ssl.SSLCertVerificationError as error:
        return _refused(host, error)
    except OSError:
        return None
    if days >= _SOON:
        return Finding(
            id="certificate",
            level="ok",
            text=f"The certificate of {host} is good for {days} days.",
            dutch=f"Het certificaat van {host} is nog {days} dagen geldig.",
        )
    in_english, in_dutch = in_days(days)
    return Finding(
        id="certificate-ends",
        level="warning",
        text=f"The certificate of {host} ends {in_english}; after that no link in any mail works.",
        dutch=f"Het certificaat van {host} verloopt {in_dutch}. Daarna werkt geen link in geen enkele mail.",
        fix="See why it was not renewed: the log of the proxy in front (Caddy renews by itself, a month before).",
        dutch_fix="Zoek uit waarom het niet is vernieuwd: kijk in het log van de proxy, of vraag je hostingpartij.",
    )


def _refused(host: str, error: ssl.SSLCertVerificationError) -> Finding:
    if error.verify_code == _EXPIRED:
        return Finding(
            id="certificate-expired",
            level="error",
            text=f"The certificate of {host} is over its time, so no link in any mail works.",
            dutch=f"Het certificaat van {host} is verlopen. Geen link in geen enkele mail werkt.",
            fix="Renew it now, and see why that did not happen by itself: the log of the proxy in front.",
            dutch_fix="Vernieuw het nu. Zoek daarna uit waarom dat niet vanzelf ging: kijk in het log van de proxy.",
        )
    if error.verify_code in _NAMES:
        return Finding(
            id="certificate-name",
            level="error",
            text=f"The certificate that answers at {host} is for another name, so no link in any mail works.",
            dutch=f"Het certificaat bij {host} is voor een andere naam. Geen link in geen enkele mail werkt.",
            fix=f"Get a certificate for {host}, or put the right name in NURTURE_BASE_URL.",
            dutch_fix=f"Vraag een certificaat aan voor {host}, of zet de goede naam in NURTURE_BASE_URL.",
        )
    return Finding(
        id="certificate-untrusted",
        level="error",
        text=f"The certificate of {host} is not from an authority that this machine knows ({error.verify_message}).",
        dutch=f"Het certificaat van {host} komt niet van een instantie die deze computer kent.",
        fix="Get one that browsers trust (Caddy does so by itself), and send the certificates in between along.",
        dutch_fix="Neem een certificaat dat browsers vertrouwen, en stuur de tussenliggende certificaten mee.",
    )


def _is_alive(answer: httpx.Response) -> bool:
    try:
        return answer.status_code == httpx.codes.OK and answer.json() == {"status": "ok"}
    except ValueError:
        return False


def _unreachable(base_url: str, kind: str, level: Level) -> Finding:
    if is_loopback(urlsplit(base_url).hostname or ""):
        fix = "Start the service. For leads, put the address by which they reach it in NURTURE_BASE_URL."
        dutch_fix = "Start de dienst. Zet voor leads het adres waarop zij hem bereiken in NURTURE_BASE_URL."
    else:
        fix = (
            "Is the service running, does the name lead to this server, is port 443 open? Some networks do not let a "
            "machine reach its own public address: then open it with a phone that is not on the Wi-Fi."
        )
        dutch_fix = (
            f"Draait de dienst, wijst de naam naar deze server, en staat poort 443 open? Open {base_url}/healthz "
            "ook eens op een telefoon zonder wifi."
        )
    return Finding(
        id="base-url-unreachable",
        level=level,
        text=f"{base_url} cannot be reached from here ({kind}), so links in mails may lead nowhere.",
        dutch=f"{base_url} is van hieruit niet te bereiken ({kind}). Links in mails leiden misschien nergens heen.",
        fix=fix,
        dutch_fix=dutch_fix,
    )


def _somebody_else(base_url: str, status: int, level: Level) -> Finding:
    return Finding(
        id="base-url-elsewhere",
        level=level,
        text=f"At {base_url}/healthz something answers ({status}) that is not this service.",
        dutch=f"Op {base_url}/healthz antwoordt iets anders dan deze dienst ({status}).",
        fix="Check NURTURE_BASE_URL, and to where the proxy in front passes requests on.",
        dutch_fix="Klopt NURTURE_BASE_URL, en stuurt de proxy ervoor de verzoeken door naar deze dienst?",
    )


def _clock(answer: httpx.Response) -> Iterator[Finding]:
    """Of whoever answers for us; a proxy on another machine has a clock of its own (RFC 9110 section 6.6.1)."""
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return
    off = abs(datetime.now(UTC) - theirs)
    if off > _TOLERANCE:
        minutes = round(off.total_seconds() / 60)
        yield Finding(
            id="clock-web",
            level="warning",
            text=f"The clock of this machine and that of the web server are {minutes} minutes apart.",
            dutch=f"De klok van deze computer en die van de webserver schelen {minutes} minuten.",
            fix="Let both keep time by NTP (timedatectl set-ntp true).",
            dutch_fix="Laat beide hun tijd van internet halen: timedatectl set-ntp true.",
        )


def _pressed(services: Services) -> Finding:
    fault = self_test.press_now(services)
    if fault is None:
        return Finding(
            id="one-click",
            level="ok",
            text="Unsubscribing with one click works, as a mail program does it.",
            dutch="Afmelden met één klik werkt, zoals een mailprogramma het doet.",
        )
    return Finding(
        id="one-click-broken",
        level="error",
        text=f"Unsubscribing with one click does not work: {fault.english}.",
        dutch=f"Afmelden met één klik werkt niet: {fault.dutch}.",
        fix="Check NURTURE_BASE_URL, and whether the proxy in front lets a POST to /u/ through as it is.",
        dutch_fix="Klopt NURTURE_BASE_URL, en laat de proxy ervoor een POST naar /u/ ongewijzigd door?",
    )
