"""What the URLs of a mail server and of a mailbox have in common: port, log-in, TLS. A plain sentence a problem."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, unquote

from service.errors import Problem
from service.mail.loopback import is_loopback
from service.mail.oauth import oauth_problems
from service.setting_values import ROOT

Tls = Literal["starttls", "implicit", "none"]
OPTIONS = frozenset({"tls", "ca", "auth", "token_file"})
"""What `token_file` and `security` read behind the question mark."""


@dataclass(frozen=True, kw_only=True)
class ServerUrl:
    """Takes such a URL apart, and gathers in `problems` what is wrong. No sentence repeats it: it holds a password.

    `sort` is what they call it. `ports` are the usual ones by scheme; the scheme that ends in `s`
    is TLS from the first byte.
    """

    sort: Literal["mail", "mailbox"]
    ports: Mapping[str, int]
    problems: list[Problem] = field(default_factory=list)

    def url_problem(self, name: str, message: str) -> None:
        """One thing wrong, under its stable id."""
        self.problems.append(
            Problem(id=f"mail-url-{name}" if self.sort == "mail" else f"mailbox-url-{name}", message=message)
        )

    def port(self, parts: SplitResult) -> int:
        """The port that is written, or the usual one."""
        try:
            port = parts.port
        except ValueError:
            port = 0
        if port == 0:
            message = f"The {self.sort} URL's port is no number from 1 to 65535"
            self.url_problem("port", f"{message} (in a password write / as %2F, : as %3A and @ as %40).")
        return port or self.ports[parts.scheme]

    def login(self, parts: SplitResult, *, by_token: bool, needed: str = "") -> tuple[str, str]:
        """User and password, decoded; empty where they cannot be. `needed` is an example where both are a must."""
        try:
            user = unquote(parts.username or "", errors="strict")
            password = unquote(parts.password or "", errors="strict")
        except UnicodeDecodeError:
            message = f"The {self.sort} URL's user or password has a % that does not decode as UTF-8; write % as %25."
            self.url_problem("login", message)
            return "", ""
        if by_token and (not user or password):
            self.url_problem("login", f"With auth=xoauth2 the {self.sort} URL names a user and no password.")
        elif needed and not by_token and not (user and password):
            self.url_problem("login", f"The {self.sort} URL needs a user and a password, as in {needed}.")
        elif not by_token and bool(user) != bool(password):
            self.url_problem("login", f"The {self.sort} URL needs both user and password, or neither.")
        elif not (user + password).isprintable():
            self.url_problem("login", f"The {self.sort} URL's user or password holds a control character.")
        return user, password

    def token_file(self, options: Mapping[str, str]) -> Path | None:
        """The file behind `auth=xoauth2&token_file=FILE`; the two go together."""
        if not options.keys() & {"auth", "token_file"}:
            return None
        if options.get("auth") != "xoauth2" or not options.get("token_file"):
            message = "A log-in by token is written auth=xoauth2&token_file=FILE, and the one does not go without"
            self.url_problem("oauth", f"{message} the other.")
            return None
        path = ROOT / options["token_file"]
        for what in oauth_problems(path):
            self.url_problem("oauth", f"The file of the {self.sort} URL's token_file= {what}.")
        return path

    def security(self, options: Mapping[str, str], scheme: str, host: str) -> tuple[Tls, Path | None]:
        """How the line is secured (`tls=none` on this machine alone), and the `ca=` to check it with."""
        tls: Tls = "implicit" if scheme.endswith("s") else "starttls"
        if "tls" in options:
            self._unsecured(options["tls"], scheme, host)
            tls = "none"
        ca = ROOT / options["ca"] if "ca" in options else None
        if ca is not None and (why := _unusable(ca)) is not None:
            self.url_problem("ca", f"The file of the {self.sort} URL's ca= {why}.")
        return tls, ca

    def _unsecured(self, value: str, scheme: str, host: str) -> None:
        if value != "none":
            self.url_problem("tls", f"The {self.sort} URL's tls= can only be none; leave it out for verified TLS.")
        elif scheme.endswith("s"):
            message = f"{scheme}:// is TLS from the first byte, so tls=none cannot go with it; write"
            self.url_problem("tls", f"{message} {scheme.removesuffix('s')}:// instead.")
        elif not is_loopback(host):
            message = "tls=none is for a server on this machine alone (localhost, 127.0.0.1, ::1); leave it out."
            self.url_problem("tls", message)


def _unusable(ca: Path) -> str | None:
    try:
        ssl.create_default_context(cafile=str(ca))
    except ssl.SSLError:
        return "holds no certificate in PEM form"
    except (OSError, ValueError) as error:
        return f"cannot be read: {getattr(error, 'strerror', None) or 'no such file'}"
    return None
