"""Mail URLs, such as `NURTURE_MAIL_URL`: read and checked in one place, with one plain sentence for each problem.

No message repeats the URL: it holds a password.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from service.errors import Problem
from service.mail.loopback import is_loopback
from service.mail.oauth import oauth_problems
from service.mail.provider_url import problem, read_account
from service.mail.providers import PROVIDERS
from service.mail.providers.values import Account, Provider

Tls = Literal["starttls", "implicit", "none"]

_DEFAULT_PORT = {"smtp": 587, "smtps": 465}
_EXAMPLE = "smtp://user:password@mail.example.nl:587"
_SCHEMES = ("file", "smtp", "smtps", *PROVIDERS)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


@dataclass(frozen=True, kw_only=True)
class MailUrl:
    """A mail URL taken apart: `directory` (`file:`), `provider` and `account`, or a server with its log-in decoded.

    `ca` is a PEM file that replaces the machine's certificate authorities; `oauth` holds what a token is asked with.
    """

    scheme: str
    directory: Path | None = None
    host: str = ""
    port: int = 0
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    tls: Tls = "starttls"
    ca: Path | None = None
    oauth: Path | None = None
    provider: Provider | None = None
    account: Account | None = None


def check_mail_url(url: str, *, production: bool) -> list[Problem]:
    """All that is wrong with a mail URL, each as one sentence; empty when it can be used."""
    parsed, problems = parse_mail_url(url)
    if production and parsed is not None and parsed.directory is not None:
        problems.append(
            problem("unsafe", "A file: mail URL reaches no lead, so production needs smtps://… or a provider instead.")
        )
    if production and parsed is not None and parsed.account is not None and parsed.account.base:
        problems.append(problem("unsafe", "The mail URL's base= is a stand-in for tests; production goes without."))
    return problems


def check_mail_urls(url: str, fallback: str | None, *, production: bool) -> list[Problem]:
    """All that is wrong with the two ways out together, each sentence behind the name of its setting."""
    written = {"NURTURE_MAIL_URL": url} | ({"NURTURE_MAIL_FALLBACK_URL": fallback} if fallback is not None else {})
    found = [
        Problem(id=each.id, message=f"{name}: {each.message}", severity=each.severity)
        for name, value in written.items()
        for each in check_mail_url(value, production=production)
    ]
    if fallback is not None and not found and _leads_to(url) == _leads_to(fallback):
        message = "it is the same way out as NURTURE_MAIL_URL, so both fail together; name another, or leave it out."
        found.append(problem("same", f"NURTURE_MAIL_FALLBACK_URL: {message}"))
    return found


def _leads_to(url: str) -> object:
    """What two ways out have in common where they are one: the server and who logs in, or the provider's account."""
    parsed, _ = parse_mail_url(url)
    if parsed is None:
        return None
    if parsed.account is not None:
        return parsed.scheme, parsed.account.key, parsed.account.where, parsed.account.base
    return parsed.directory, parsed.host.lower(), parsed.port, parsed.user


def parse_mail_url(url: str) -> tuple[MailUrl | None, list[Problem]]:
    """The URL taken apart, or None and every reason why not. Reads the files it names, and touches no network."""
    scheme = _SCHEME.match(url)
    name = scheme[1].lower() if scheme is not None else ""
    if not url.strip():
        return None, [problem("empty", f"The mail URL is empty; write for example {_EXAMPLE}, or file:data/mail.")]
    if name not in _SCHEMES:
        begin = f"with {scheme[1]}:" if scheme is not None else "like this"
        known = ", ".join(f"{each}:" for each in _SCHEMES)
        return None, [problem("scheme", f"A mail URL cannot start {begin}; it starts with one of {known}.")]
    if scheme is not None and name == "file":
        return _file(url[scheme.end() :])
    # urlsplit drops tabs and line ends without a word, so this comes first.
    if any(char.isspace() or not char.isprintable() for char in url):
        message = "The mail URL holds a blank or control character; write a blank in a password as %20."
        return None, [problem("blank", message)]
    if (provider := PROVIDERS.get(name)) is None:
        return _server(url)
    account, problems = read_account(provider, url)
    return (MailUrl(scheme=name, provider=provider, account=account) if account is not None else None), problems


def _file(rest: str) -> tuple[MailUrl | None, list[Problem]]:
    if rest.startswith("//") and not rest.startswith("///"):
        message = "A file: mail URL names no host; write file:DIR, or file:///DIR for an absolute directory."
        return None, [problem("file-host", message)]
    directory = rest.removeprefix("//")
    if not directory.strip() or "\0" in directory:
        return None, [problem("file-directory", "A file: mail URL needs a directory, for example file:data/mail.")]
    return MailUrl(scheme="file", directory=Path(directory), tls="none"), []


def _server(url: str) -> tuple[MailUrl | None, list[Problem]]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None, [problem("host", "The mail URL's host cannot be read; an IPv6 address stands in [brackets].")]
    problems: list[Problem] = []
    port = _port(parts, problems)
    host = parts.hostname or ""
    if not host:
        problems.append(problem("host", f"The mail URL names no host; write for example {_EXAMPLE}."))
    if parts.path not in ("", "/") or parts.fragment:
        message = "The mail URL has something after its host; in a password write / as %2F, ? as %3F and # as %23."
        problems.append(problem("rest", message))
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    oauth = _oauth(options, problems)
    user, password = _login(parts, problems, by_token=oauth is not None)
    tls, ca = _options(options, parts.scheme, host, problems)
    if problems:
        return None, problems
    found = MailUrl(
        scheme=parts.scheme, host=host, port=port, user=user, password=password, tls=tls, ca=ca, oauth=oauth
    )
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
        problems.append(problem("port", message))
    return port or _DEFAULT_PORT[parts.scheme]


def _login(parts: SplitResult, problems: list[Problem], *, by_token: bool) -> tuple[str, str]:
    try:
        user = unquote(parts.username or "", errors="strict")
        password = unquote(parts.password or "", errors="strict")
    except UnicodeDecodeError:
        problems.append(problem("login", "The mail URL's user or password has a % that does not decode as UTF-8."))
        return "", ""
    if by_token and (not user or password):
        problems.append(problem("login", "With auth=xoauth2 the mail URL names a user and no password."))
    elif bool(user) != bool(password) and not by_token:
        problems.append(problem("login", "The mail URL needs both user and password, or neither."))
    elif not (user + password).isprintable():
        problems.append(problem("login", "The mail URL's user or password holds a control character."))
    return user, password


def _oauth(options: Mapping[str, str], problems: list[Problem]) -> Path | None:
    """The file behind `auth=xoauth2&token_file=FILE`; the two go together."""
    if not options.keys() & {"auth", "token_file"}:
        return None
    if options.get("auth") != "xoauth2" or not options.get("token_file"):
        message = (
            "A log-in by token is written auth=xoauth2&token_file=FILE, and the one does not go without the other."
        )
        problems.append(problem("oauth", message))
        return None
    path = Path(options["token_file"])
    problems.extend(
        problem("oauth", f"The file of the mail URL's token_file= {what}.") for what in oauth_problems(path)
    )
    return path


def _options(options: Mapping[str, str], scheme: str, host: str, problems: list[Problem]) -> tuple[Tls, Path | None]:
    tls: Tls = "implicit" if scheme == "smtps" else "starttls"
    ca: Path | None = None
    for key, value in options.items():
        if key == "tls" and value == "none":
            if tls == "implicit":
                message = "smtps:// is TLS from the first byte, so tls=none cannot go with it; write smtp:// instead."
                problems.append(problem("tls", message))
            elif not is_loopback(host):
                message = "tls=none is for a server on this machine alone (localhost, 127.0.0.1, ::1); leave it out."
                problems.append(problem("tls", message))
            tls = "none"
        elif key == "tls":
            problems.append(problem("tls", "The mail URL's tls= can only be none; leave it out for verified TLS."))
        elif key == "ca":
            ca = Path(value)
            if (wrong := _unusable(ca)) is not None:
                problems.append(problem("ca", wrong))
        elif key not in {"auth", "token_file"}:
            message = "The mail URL has an option that does not exist; there are tls=none, ca=FILE and auth=xoauth2."
            problems.append(problem("option", message))
    return tls, ca


def _unusable(ca: Path) -> str | None:
    try:
        ssl.create_default_context(cafile=str(ca))
    except ssl.SSLError:
        return "The file of the mail URL's ca= holds no certificate in PEM form."
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such file"
        return f"The file of the mail URL's ca= cannot be read: {reason}."
    return None
