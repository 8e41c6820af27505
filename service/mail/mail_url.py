"""Mail URLs, such as `NURTURE_MAIL_URL`: read and checked in one place, with one plain sentence for each problem.

No message repeats the URL: it holds a password.
"""

from __future__ import annotations

import ipaddress
import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from service.errors import Problem

Tls = Literal["starttls", "implicit", "none"]

_DEFAULT_PORT = {"smtp": 587, "smtps": 465}
_EXAMPLE = "smtp://user:password@mail.example.nl:587"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


@dataclass(frozen=True, kw_only=True)
class MailUrl:
    """A mail URL taken apart: either `directory` (`file:`), or a server with user and password decoded.

    `ca` is a PEM file that replaces the machine's certificate authorities.
    """

    scheme: str
    directory: Path | None = None
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = "starttls"
    ca: Path | None = None


def check_mail_url(url: str, *, production: bool) -> list[Problem]:
    """All that is wrong with a mail URL, each as one sentence; empty when it can be used."""
    parsed, problems = parse_mail_url(url)
    if production and parsed is not None and parsed.directory is not None:
        problems.append(
            _problem("unsafe", "A file: mail URL reaches no lead, so production needs smtp://… or smtps://… instead.")
        )
    return problems


def parse_mail_url(url: str) -> tuple[MailUrl | None, list[Problem]]:
    """The URL taken apart, or None and every reason why not. Reads the `ca` file, and touches no network."""
    scheme = _SCHEME.match(url)
    if not url.strip():
        return None, [_problem("empty", f"The mail URL is empty; write for example {_EXAMPLE}, or file:data/mail.")]
    if scheme is None or scheme[1].lower() not in ("file", "smtp", "smtps"):
        begin = f"with {scheme[1]}:" if scheme is not None else "like this"
        return None, [_problem("scheme", f"A mail URL cannot start {begin}; it starts with file:, smtp: or smtps:.")]
    if scheme[1].lower() == "file":
        return _file(url[scheme.end() :])
    return _server(url)


def _file(rest: str) -> tuple[MailUrl | None, list[Problem]]:
    if rest.startswith("//") and not rest.startswith("///"):
        message = "A file: mail URL names no host; write file:DIR, or file:///DIR for an absolute directory."
        return None, [_problem("file-host", message)]
    directory = rest.removeprefix("//")
    if not directory.strip() or "\0" in directory:
        return None, [_problem("file-directory", "A file: mail URL needs a directory, for example file:data/mail.")]
    return MailUrl(scheme="file", directory=Path(directory), tls="none"), []


def _server(url: str) -> tuple[MailUrl | None, list[Problem]]:
    # urlsplit drops tabs and line ends without a word, so this comes first.
    if any(char.isspace() or not char.isprintable() for char in url):
        message = "The mail URL holds a blank or control character; write a blank in a password as %20."
        return None, [_problem("blank", message)]
    try:
        parts = urlsplit(url)
    except ValueError:
        return None, [_problem("host", "The mail URL's host cannot be read; an IPv6 address stands in [brackets].")]
    problems: list[Problem] = []
    port = _port(parts, problems)
    host = parts.hostname or ""
    if not host:
        problems.append(_problem("host", f"The mail URL names no host; write for example {_EXAMPLE}."))
    if parts.path not in ("", "/") or parts.fragment:
        message = "The mail URL has something after its host; in a password write / as %2F, ? as %3F and # as %23."
        problems.append(_problem("rest", message))
    user, password = _login(parts, problems)
    tls, ca = _options(parts, host, problems)
    if problems:
        return None, problems
    found = MailUrl(scheme=parts.scheme, host=host, port=port, user=user, password=password, tls=tls, ca=ca)
    return found, []


def _port(parts: SplitResult, problems: list[Problem]) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        message = (
            "The mail URL's port is no number from 1 to 65535 (in a password write / as %2F, : as %3A and @ as %40)."
        )
        problems.append(_problem("port", message))
    return port or _DEFAULT_PORT[parts.scheme]


def _login(parts: SplitResult, problems: list[Problem]) -> tuple[str, str]:
    try:
        user = unquote(parts.username or "", errors="strict")
        password = unquote(parts.password or "", errors="strict")
    except UnicodeDecodeError:
        problems.append(_problem("login", "The mail URL's user or password has a % that does not decode as UTF-8."))
        return "", ""
    if bool(user) != bool(password):
        problems.append(_problem("login", "The mail URL needs both user and password, or neither."))
    elif not (user + password).isprintable():
        problems.append(_problem("login", "The mail URL's user or password holds a control character."))
    return user, password


def _options(parts: SplitResult, host: str, problems: list[Problem]) -> tuple[Tls, Path | None]:
    tls: Tls = "implicit" if parts.scheme == "smtps" else "starttls"
    ca: Path | None = None
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        if key == "tls" and value == "none":
            if tls == "implicit":
                message = "smtps:// is TLS from the first byte, so tls=none cannot go with it; write smtp:// instead."
                problems.append(_problem("tls", message))
            elif not is_loopback(host):
                message = "tls=none is for a server on this machine alone (localhost, 127.0.0.1, ::1); leave it out."
                problems.append(_problem("tls", message))
            tls = "none"
        elif key == "tls":
            problems.append(_problem("tls", "The mail URL's tls= can only be none; leave it out for verified TLS."))
        elif key == "ca":
            ca = Path(value)
            if (wrong := _unusable(ca)) is not None:
                problems.append(_problem("ca", wrong))
        else:
            message = "The mail URL has an option that does not exist; there are tls=none and ca=FILE."
            problems.append(_problem("option", message))
    return tls, ca


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine (RFC 6761 section 6.3 for `localhost`)."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _unusable(ca: Path) -> str | None:
    try:
        ssl.create_default_context(cafile=str(ca))
    except ssl.SSLError:
        return "The file of the mail URL's ca= holds no certificate in PEM form."
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such file"
        return f"The file of the mail URL's ca= cannot be read: {reason}."
    return None


def _problem(name: str, message: str) -> Problem:
    return Problem(id=f"mail-url-{name}", message=message)
