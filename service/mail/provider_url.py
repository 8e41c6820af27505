"""The mail URL of a provider: `NAME://KEY@WHERE?option=…`, read and checked. No message repeats any of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from service.errors import Problem
from service.mail.loopback import is_loopback
from service.mail.providers.values import Account, Provider

# Every provider's, for what its manual leaves open: calls at a time, the largest message, how long it knows a key.
_COMMON: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "parallel": re.compile(r"[1-9]|[12]\d|3[0-2]"),
        "most_mb": re.compile(r"[1-9]\d?"),
        "remembers": re.compile(r"\d{1,3}|1[0-3]\d\d|14[0-3]\d|1440"),
    }
)
_MEANING: Mapping[str, str] = MappingProxyType(
    {
        "parallel": "how many calls at a time, from 1 to 32",
        "most_mb": "how large a message may be, from 1 to 99 MB",
        "remembers": "for how many minutes an idempotency key is known, 0 (not at all) to 1440",
    }
)
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


def read_account(provider: Provider, url: str) -> tuple[Account | None, list[Problem]]:
    """The account that a mail URL of this provider names, or None and every reason why not."""
    example = provider.url.example
    try:
        parts = urlsplit(url)
        where = parts.hostname or ""
        has_port = parts.port is not None
    except ValueError:
        return None, [problem("where", f"The mail URL cannot be read behind its @; write {example}.")]
    problems: list[Problem] = []
    key, secret = _keys(provider, parts, problems)
    if parts.path not in ("", "/") or parts.fragment or has_port:
        message = f"The mail URL has something more behind its @; write {example} (in a key / as %2F and + as %2B)."
        problems.append(problem("rest", message))
    if not provider.url.where.fullmatch(where):
        message = f"Behind the @ of a {provider.name} mail URL stands {provider.url.where_is}; write {example}."
        problems.append(problem("where", message))
    options, base = _options(provider, parts, problems)
    if problems:
        return None, problems
    return Account(key=key, secret=secret, where=where, options=options, base=base), []


def _keys(provider: Provider, parts: SplitResult, problems: list[Problem]) -> tuple[str, str]:
    form = provider.url
    try:
        key = unquote(parts.username or "", errors="strict")
        secret = unquote(parts.password or "", errors="strict")
    except UnicodeDecodeError:
        problems.append(problem("key", "The mail URL's key has a % that does not decode as UTF-8; write % as %25."))
        return "", ""
    if not key or bool(secret) != form.has_secret:
        problems.append(problem("key", f"A {provider.name} mail URL is written {form.example}, and nothing else."))
    elif not _PRINTABLE.fullmatch(key + secret):
        problems.append(problem("key", "The mail URL's key holds a blank, a control or a letter outside ASCII."))
    return key, secret


def _options(provider: Provider, parts: SplitResult, problems: list[Problem]) -> tuple[dict[str, str], str]:
    allowed = {**_COMMON, **provider.url.options}
    found: dict[str, str] = {}
    base = ""
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name == "base":
            base = _base(value, problems)
        elif name not in allowed:
            message = f"The mail URL has an option that does not exist; {provider.name} has {', '.join(allowed)}."
            problems.append(problem("option", message))
        elif not allowed[name].fullmatch(value):
            meaning = _MEANING.get(name) or f"one that fits {allowed[name].pattern}"
            problems.append(problem("option", f"The mail URL's {name}= is not to be used so; write {meaning}."))
        else:
            found[name] = value
    return found, base


def _base(value: str, problems: list[Problem]) -> str:
    try:
        parts = urlsplit(value)
        fits = parts.scheme == "http" and is_loopback(parts.hostname or "") and parts.port and not parts.path
    except ValueError:
        fits = False
    if not fits:
        message = "The mail URL's base= is for a stand-in on this machine alone, http://127.0.0.1:PORT; leave it out."
        problems.append(problem("base", message))
    return value


def problem(name: str, message: str) -> Problem:
    """One thing wrong with a mail URL, under its stable id."""
    return Problem(id=f"mail-url-{name}", message=message)
