"""From the text of a setting to its value. Each function raises ValueError, and says what to write instead."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from service.domain.mailbox import parse_address

ROOT = Path(__file__).resolve().parents[1]
"""The folder that holds the package: relative paths in settings count from here, never from the working directory."""

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*", re.ASCII)
_NUMBERS = re.compile(r"[0-9.]+|.*:.*", re.ASCII)
_SELECTOR = re.compile(r"[a-z0-9]+(?:-+[a-z0-9]+)*(?:\.[a-z0-9]+(?:-+[a-z0-9]+)*)*", re.ASCII | re.IGNORECASE)
_ON, _OFF = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def comma_list(text: str) -> tuple[str, ...]:
    """The entries of a comma list, without blanks around them; empty ones left out."""
    return tuple(filter(None, (entry.strip() for entry in text.split(","))))


def switch(text: str) -> bool:
    """On or off."""
    if text.lower() in _ON | _OFF:
        return text.lower() in _ON
    raise ValueError(f"{text!r} is neither on nor off; write 1 or 0")


def count(text: str) -> int:
    """A whole number, from 0 to a million."""
    if not text.isascii() or not text.isdecimal() or len(text) > 7 or int(text) > 1_000_000:
        raise ValueError(f"{text!r} is no number; write a whole number from 0 to 1000000")
    return int(text)


def days(text: str, *, least: int = 1, most: int = 3_650) -> int:
    """A whole number of days, from 1 to ten years unless told otherwise."""
    if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
        raise ValueError(f"{text!r} is no number of days; write a whole number from {least} to {most}")
    return int(text)


def folder(text: str) -> Path:
    """An absolute path; a relative one counts from the folder that holds the package."""
    try:
        return (ROOT / Path(text).expanduser()).resolve()
    except RuntimeError as error:  # whoever runs the service may have no home
        raise ValueError(f"{text!r} begins in a home folder that is not known here; write the whole path") from error


def database_url(text: str) -> str:
    """The URL as SQLAlchemy takes it, the path of a SQLite file absolute. It may hold a password: never quoted."""
    wanted = "write sqlite:///data/nurture.db or postgresql+psycopg://USER:PASSWORD@HOST/NAME"
    scheme, colon, rest = text.partition("://")
    if not colon or scheme not in {"sqlite", "postgresql+psycopg"}:
        found = f"starts with {scheme}://" if colon and scheme.replace("+", "").isalnum() else "is no database URL"
        raise ValueError(f"it {found}; {wanted}")
    if scheme == "postgresql+psycopg":
        return text
    path, question, options = rest.removeprefix("/").partition("?")
    if not rest.startswith("/") or path in {"", ":memory:"}:
        raise ValueError(f"it names no file that can be kept; {wanted}")
    return f"sqlite:///{folder(path)}{question}{options}"


def mail_url(text: str) -> str:
    """The URL with the folder of `file:` absolute; everything else is the transport's to check."""
    if not text.lower().startswith("file:") or text[5:].startswith("//") or not text[5:].strip():
        return text
    return f"file:{folder(text[5:])}"


def base_url(text: str) -> str:
    """`https://host` or `https://host:port`, lower case, without a slash at the end."""
    return _origin(text, example="https://mail.example.nl")


def origins(text: str) -> tuple[str, ...]:
    """Origins (RFC 6454) as browsers send them: scheme, host, and a port that is not the usual one."""
    return tuple(_origin(entry, example="https://www.example.nl") for entry in comma_list(text))


def web_address(text: str) -> str:
    """An http or https URL, with whatever path and query. It may hold a token: never quoted."""
    parts = _split(text)
    if parts is None or parts.fragment:
        raise ValueError("it is no web address; write one such as https://hooks.example.nl/alerts")
    return text


def mailbox_url(text: str) -> str:
    """An `imaps://` or `imap://` URL; `mail/mailbox_url.py` checks the rest. It holds a password: never quoted."""
    if not text.lower().startswith(("imaps://", "imap://")):
        raise ValueError("it is no mailbox; write imaps://USER:PASSWORD@HOST, with @ in a name as %40")
    return text


def addresses(text: str) -> tuple[str, ...]:
    """A comma list of mail addresses."""
    return tuple(parse_address(entry) for entry in comma_list(text))


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """A comma list of addresses and networks."""
    found = []
    for entry in comma_list(text):
        try:
            network = ip_network(entry)
        except ValueError as error:
            raise ValueError(f"{entry!r} is no network; write for example 10.0.0.0/8, 127.0.0.1 or ::1") from error
        if network.prefixlen == 0:
            raise ValueError(f"{entry!r} would let anybody pose as any client; name your proxy's own network")
        found.append(network)
    return tuple(found)


def secret(text: str) -> str:
    """One key of at least 32 characters. Never quoted."""
    if len(text) < 32 or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"a key needs 32 or more ASCII characters without blanks; make one with: {MAKE_A_KEY}")
    return text


def dkim_selector(text: str) -> str:
    """A selector (RFC 6376 section 3.1): the first labels of the name under which the public key stands in the DNS."""
    if len(text) > 63 or not _SELECTOR.fullmatch(text):
        raise ValueError(f"{text!r} is no selector; write letters and digits, such as nurture or s2026")
    return text.lower()


MAKE_A_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"


def secrets_list(text: str) -> tuple[str, ...]:
    """A comma list of keys, each once, newest first."""
    keys = tuple(secret(entry) for entry in comma_list(text))
    if not keys or len(set(keys)) != len(keys):
        raise ValueError("it needs at least one key, and each of them once; write the newest first")
    return keys


def _split(text: str) -> SplitResult | None:
    """The parts of an http or https URL, or None where it is none. `urlsplit` by itself drops line ends in silence."""
    if any(character.isspace() or not character.isprintable() for character in text):
        return None
    try:
        parts = urlsplit(text)
        fits = parts.scheme in {"http", "https"} and parts.port != 0 and _is_host(parts.hostname or "")
    except ValueError:
        return None
    return parts if fits else None


def _is_host(text: str) -> bool:
    """A name that can stand in the DNS (RFC 1123, section 2.1), or an address. ValueError for numbers that are none.

    Anything else is no fault of the network to those who look it up, but an error that nobody expects.
    """
    if _NUMBERS.fullmatch(text):
        ip_address(text)
        return "%" not in text
    return len(text) <= 253 and _HOST.fullmatch(text) is not None


def _origin(text: str, *, example: str) -> str:
    parts = _split(text.removesuffix("/"))
    if parts is None or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        named = "it" if "@" in text else repr(text)  # before an @ may stand a password
        wanted = _in_ascii(text) or f"scheme and host alone, such as {example}"
        raise ValueError(f"{named} is no address of a website; write {wanted}")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in {None, usual} else "")


def _in_ascii(text: str) -> str:
    """The origin, its host as browsers send it: by its A-labels (RFC 3490). Empty where it has no other letters."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        sent = parts.netloc.rpartition("@")[2].lower().replace(host, host.encode("idna").decode("ascii"))
    except ValueError:  # no address at all, or a name that has no A-labels
        return ""
    found = f"{parts.scheme}://{sent}"
    return "" if host.isascii() or _split(found) is None else found
