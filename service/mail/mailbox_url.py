"""Mailbox URLs, `NURTURE_BOUNCE_MAILBOX` and `NURTURE_REPLY_MAILBOX`: read and checked, a plain sentence a problem.

No message repeats the URL: it holds a password.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from service.domain.mailbox import parse_address
from service.errors import Problem
from service.mail.server_url import ServerUrl, Tls

TOKEN_LETTERS = 40
"""What stands behind the + of an address that mail comes back to."""

_LONGEST_LOCAL = 64 - len("+") - TOKEN_LETTERS  # RFC 5321 section 4.5.3.1.1
_DEFAULT_PORT = {"imap": 143, "imaps": 993}
_EXAMPLE = "imaps://bounces%40example.nl:password@imap.example.nl"
_OPTIONS = ("address", "auth", "token_file", "ca", "tls", "plus", "keep")
_SWITCH: Mapping[str, bool] = {"yes": True, "no": False}


@dataclass(frozen=True, kw_only=True)
class MailboxUrl:
    """A mailbox URL taken apart, its log-in decoded.

    `address` is where mail for this box is sent. `plus`: the server also takes what is sent to `LOCAL+ANYTHING`
    (RFC 5233). `keep`: mails that were acted on stay in it. `oauth` holds what a token is asked with, `ca` is a PEM
    file that replaces the machine's certificate authorities.
    """

    host: str
    port: int
    user: str = field(repr=False)
    address: str = field(repr=False)
    password: str = field(default="", repr=False)
    folder: str = "INBOX"
    tls: Tls = "implicit"
    ca: Path | None = None
    oauth: Path | None = None
    plus: bool = True
    keep: bool = False


def check_mailboxes(*, bounces: str | None, replies: str | None, production: bool) -> list[Problem]:
    """All that is wrong with the two settings, each as one sentence that begins with the setting's name."""
    found: list[Problem] = []
    for name, url in (("NURTURE_BOUNCE_MAILBOX", bounces), ("NURTURE_REPLY_MAILBOX", replies)):
        if url is not None:
            told = check_mailbox_url(url, production=production)
            found += [replace(each, message=f"{name}: {each.message}") for each in told]
    return found


def check_mailbox_url(url: str, *, production: bool) -> list[Problem]:
    """All that is wrong with a mailbox URL, each as one sentence; empty when it can be used."""
    parsed, problems = parse_mailbox_url(url)
    if production and parsed is not None and parsed.tls == "none":
        problems.append(_problem("unsafe", "tls=none is for tests alone; production goes without it."))
    return problems


def parse_mailbox_url(url: str) -> tuple[MailboxUrl | None, list[Problem]]:
    """The URL taken apart, or None and every reason why not. Reads the files it names, and touches no network."""
    if not url.strip():
        return None, [_problem("empty", f"The mailbox URL is empty; write for example {_EXAMPLE}.")]
    # urlsplit drops tabs and line ends without a word, so this comes first.
    if any(char.isspace() or not char.isprintable() for char in url):
        message = "The mailbox URL holds a blank or control character; write a blank in a password as %20."
        return None, [_problem("blank", message)]
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        host = parts.hostname or ""
    except ValueError:
        return None, [_problem("host", "The mailbox URL's host cannot be read; an IPv6 address stands in [brackets].")]
    if parts.scheme not in _DEFAULT_PORT:
        return None, [_problem("scheme", f"A mailbox URL starts with imaps:// or imap://; write {_EXAMPLE}.")]
    server = ServerUrl(sort="mailbox", ports=_DEFAULT_PORT)
    problems = server.problems
    if not host:
        server.url_problem("host", f"The mailbox URL names no host; write for example {_EXAMPLE}.")
    port = server.port(parts)
    oauth = server.token_file(options)
    user, password = server.login(parts, by_token=oauth is not None, needed=_EXAMPLE)
    folder = _folder(parts, problems)
    tls, ca = server.security(options, parts.scheme, host)
    switches = {name: _switch(options, name, default, problems) for name, default in (("plus", True), ("keep", False))}
    address = _address(options, user, problems, plus=switches["plus"])
    if set(options) - set(_OPTIONS):
        server.url_problem(
            "option", f"The mailbox URL has an option that does not exist; there are {', '.join(_OPTIONS)}."
        )
    if problems:
        return None, problems
    return (
        MailboxUrl(
            host=host,
            port=port,
            user=user,
            password=password,
            address=address,
            folder=folder,
            tls=tls,
            ca=ca,
            oauth=oauth,
            plus=switches["plus"],
            keep=switches["keep"],
        ),
        [],
    )


def _folder(parts: SplitResult, problems: list[Problem]) -> str:
    folder = unquote(parts.path.removeprefix("/").removesuffix("/"))
    if parts.fragment:
        message = "The mailbox URL has a # in it; in a password or a folder write # as %23, ? as %3F and / as %2F."
        problems.append(_problem("folder", message))
    elif folder and not (folder.isascii() and folder.isprintable()):
        message = "The mailbox URL's folder holds more than plain letters; read a folder with a plain name, or INBOX."
        problems.append(_problem("folder", message))
    return folder or "INBOX"


def _switch(options: Mapping[str, str], name: str, default: bool, problems: list[Problem]) -> bool:
    if name not in options:
        return default
    if options[name] not in _SWITCH:
        problems.append(_problem("option", f"The mailbox URL's {name}= is yes or no."))
    return _SWITCH.get(options[name], default)


def _address(options: Mapping[str, str], user: str, problems: list[Problem], *, plus: bool) -> str:
    """Where mail for the box is sent: as told, else the user's name where that is an address."""
    told = options.get("address")
    if told is None and "@" not in user:
        if user:
            message = "The user is no mail address; add ?address=bounces@example.nl, the address of this mailbox."
            problems.append(_problem("address", message))
        return ""
    try:
        address = parse_address(user if told is None else told)
    except ValueError:
        which = "user" if told is None else "address="
        problems.append(_problem("address", f"The mailbox URL's {which} is no mail address; write address=NAME@HOST."))
        return ""
    if plus and len(address.rpartition("@")[0]) > _LONGEST_LOCAL:
        message = (
            f"Before its @ the address has more than {_LONGEST_LOCAL} characters, so that no token fits behind it; "
            "take a shorter one, or add plus=no."
        )
        problems.append(_problem("address", message))
    return address


def _problem(name: str, message: str) -> Problem:
    return Problem(id=f"mailbox-url-{name}", message=message)
