"""Mail URLs, such as `NURTURE_MAIL_URL`: read and checked in one place, with one plain sentence for each problem.

No message repeats the URL: it holds a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from service.errors import Problem
from service.mail.provider_url import problem, read_account
from service.mail.providers import PROVIDERS
from service.mail.providers.values import Account, Provider
from service.mail.server_url import OPTIONS, ServerUrl, Tls

CONNECTIONS = 8
"""At once to one server, where its URL says no other number: many allow ten, and a mail in flight needs one."""
_MOST_CONNECTIONS = 32
_DEFAULT_PORT = {"smtp": 587, "smtps": 465}
_EXAMPLE = "smtp://user:password@mail.example.nl:587"
_SCHEMES = ("file", "smtp", "smtps", *PROVIDERS)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


@dataclass(frozen=True, kw_only=True)
class MailUrl:
    """A mail URL taken apart: `directory` (`file:`), `provider` and `account`, or a server with its log-in decoded.

    `ca` is a PEM file that replaces the machine's certificate authorities; `oauth` holds what a token is asked with.
    `connections` is how many may be open at once to the server.
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
    connections: int = CONNECTIONS
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
    server = ServerUrl(sort="mail", ports=_DEFAULT_PORT)
    port = server.port(parts)
    host = parts.hostname or ""
    if not host:
        server.url_problem("host", f"The mail URL names no host; write for example {_EXAMPLE}.")
    if parts.path not in ("", "/") or parts.fragment:
        message = "The mail URL has something after its host; in a password write / as %2F, ? as %3F and # as %23."
        server.problems.append(problem("rest", message))
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    oauth = server.token_file(options)
    user, password = server.login(parts, by_token=oauth is not None)
    tls, ca = server.security(options, parts.scheme, host)
    most = options.pop("connections", str(CONNECTIONS))
    if not (most.isascii() and most.isdecimal() and 1 <= int(most) <= _MOST_CONNECTIONS):
        meant = f"a number from 1 to {_MOST_CONNECTIONS}; without it there are {CONNECTIONS}"
        server.problems.append(problem("connections", f"The mail URL's connections= is not {meant}."))
    if set(options) - OPTIONS:
        known = "tls=none, ca=FILE, auth=xoauth2 and connections=NUMBER"
        message = f"The mail URL has an option that does not exist; there are {known}."
        server.url_problem("option", message)
    if server.problems:
        return None, server.problems
    found = MailUrl(
        scheme=parts.scheme,
        host=host,
        port=port,
        user=user,
        password=password,
        tls=tls,
        ca=ca,
        oauth=oauth,
        connections=int(most),
    )
    return found, []
