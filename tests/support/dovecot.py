"""A real IMAP server on loopback: the machine's dovecot, with a configuration, mailboxes and certificate of its own."""

from __future__ import annotations

import base64
import contextlib
import grp
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from urllib.parse import quote

from tests.support.certificates import Certificates, make_certificates
from tests.support.requirements import not_run
from tests.support.running import free_port

DOMAIN = "praktijk.example"
PASSWORD = "the box's own: p/a@s#s"
_PASSWORD_FIELD = "{plain.b64}" + base64.b64encode(PASSWORD.encode()).decode()
_START_SECONDS = 30

_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
default_client_limit = 200
default_process_limit = 40
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{chain}
ssl_key = <{key}
disable_plaintext_auth = yes
auth_mechanisms = plain login {mechanisms}
auth_failure_delay = 0
auth_worker_max_count = 2
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
mail_fsync = never
mail_max_userip_connections = 50
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
passdb {{
  driver = passwd-file
  args = scheme=plain username_format=%u {folder}/passwords
}}
{tokens}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
"""

_TOKENS = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/tokens.conf
}}
"""


# The server's keeper waits on a pipe whose other end this process holds: when it closes, also because this process was
# killed, the server stops and its folder goes.
_KEEPER = """
"$1" -F -c "$2/dovecot.conf" 2>"$2/errors" &
server=$!
read -r _
kill $server
wait $server
cd / && rm -rf "$2"
"""


@dataclass(kw_only=True)
class Dovecot:
    """A running server. `port` speaks STARTTLS, and plain text on loopback; `tls_port` TLS from the first byte."""

    folder: Path
    port: int
    tls_port: int
    certificates: Certificates
    owner: tuple[int, int] | None
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def box(self) -> Box:
        """A new, empty mailbox with an address of its own."""
        return Box(server=self, address=f"box{next(self._numbers)}@{DOMAIN}")

    def log(self) -> str:
        """What the server said."""
        file = self.folder / "log"
        return file.read_text(errors="replace") if file.exists() else ""


@dataclass(frozen=True, kw_only=True)
class Box:
    """One mailbox on it; mail is delivered by writing it into its maildir."""

    server: Dovecot
    address: str
    _delivered: Iterator[int] = field(default_factory=lambda: count(1), repr=False)

    @property
    def maildir(self) -> Path:
        """Where its mails lie."""
        return self.server.folder / "mail" / self.address

    def url(self, *, port: int | None = None, **options: str) -> str:
        """The plain-text URL, as `NURTURE_BOUNCE_MAILBOX` takes it in tests; other options behind it."""
        told = {"tls": "none"} | options
        rest = "&".join(f"{name}={quote(value, safe='')}" for name, value in told.items())
        return f"imap://{self.login}@127.0.0.1:{port or self.server.port}/?{rest}"

    def tls_url(self, **options: str) -> str:
        """The URL with TLS from the first byte, under the test's own authority."""
        rest = "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items())
        ca = quote(str(self.server.certificates.ca), safe="")
        return f"imaps://{self.login}@localhost:{self.server.tls_port}/?ca={ca}&{rest}".rstrip("&")

    @property
    def login(self) -> str:
        """User and password as they stand in a URL."""
        return f"{quote(self.address, safe='')}:{quote(PASSWORD, safe='')}"

    def deliver(self, *mails: bytes, arrived: datetime | None = None) -> None:
        """As a mail server does: whole, and new. Line ends become those of a file."""
        if not self.maildir.exists():
            for name in ("tmp", "new", "cur"):
                (self.maildir / name).mkdir(parents=True, exist_ok=True)
            self._own(self.maildir, *self.maildir.iterdir())
        for mail in mails:
            number = next(self._delivered)
            half = self.maildir / "tmp" / f"{int(time.time())}.M{number:06d}P{os.getpid()}.test"
            half.write_bytes(mail.replace(b"\r\n", b"\n"))
            self._own(half)
            if arrived is not None:
                os.utime(half, (arrived.timestamp(), arrived.timestamp()))
            half.rename(self.maildir / "new" / half.name)

    def mails(self) -> list[bytes]:
        """What lies in it, oldest first; looked at as a person's program does, without marking any as seen."""
        with self.session() as imap:
            _, found = imap.uid("FETCH", "1:*", "(UID BODY.PEEK[])")
        return [line[1] for line in found if isinstance(line, tuple)]

    def flags(self) -> list[set[str]]:
        """The flags of each mail in it, oldest first."""
        with self.session() as imap:
            _, found = imap.uid("FETCH", "1:*", "(UID FLAGS)")
        texts = [line.decode() for line in found if isinstance(line, bytes)]
        return [set(text.partition("FLAGS (")[2].partition(")")[0].split()) - {"\\Recent"} for text in texts]

    def forget_uids(self) -> None:
        """As after a move to another server: each mail gets another UID, under another UIDVALIDITY."""
        with self.session() as imap:
            imap.response("UIDVALIDITY")
        for file in self.maildir.glob("dovecot*"):
            file.unlink()

    @contextmanager
    def session(self) -> Iterator[imaplib.IMAP4]:
        """A person's own mail program, logged in, in the inbox."""
        self.deliver()
        imap = imaplib.IMAP4("127.0.0.1", self.server.port, timeout=20)
        try:
            imap.authenticate("PLAIN", lambda _: f"\0{self.address}\0{PASSWORD}".encode())
            imap.select("INBOX")
            yield imap
        finally:
            with contextlib.suppress(imaplib.IMAP4.abort, OSError):
                imap.logout()

    def _own(self, *paths: Path) -> None:
        if self.server.owner is not None:
            for path in paths:
                os.chown(path, *self.server.owner)


@contextmanager
def dovecot(*, introspection_url: str = "") -> Iterator[Dovecot]:
    """Start a server, and stop it at the end. With a URL that tells whose a token is, it takes XOAUTH2 too."""
    program = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        not_run("IMAP", "no dovecot on this machine", required_as="imap")
    folder = Path(tempfile.mkdtemp(prefix="nurture-dovecot-"))
    # As root it would insist on users of its own; root hands it to the user who may do nothing.
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    owner = (user.pw_uid, user.pw_gid) if os.geteuid() == 0 else None
    server = Dovecot(
        folder=folder,
        port=free_port(),
        tls_port=free_port(),
        certificates=make_certificates(folder / "certificates"),
        owner=owner,
    )
    process = None
    try:
        _configure(server, user.pw_name, grp.getgrgid(user.pw_gid).gr_name, introspection_url)
        process = subprocess.Popen(
            ["/bin/sh", "-c", _KEEPER, "keeper", program, str(folder)],
            cwd=folder,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=user.pw_uid if owner else None,
            group=user.pw_gid if owner else None,
            extra_groups=[] if owner else None,
            start_new_session=True,
        )
        _wait_until_ready(server)
        yield server
    finally:
        if process is not None and process.stdin is not None:
            process.stdin.close()
            process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def _configure(server: Dovecot, user: str, group: str, introspection_url: str) -> None:
    folder = server.folder
    for name in ("run", "state", "mail"):
        (folder / name).mkdir()
    (folder / "passwords").write_text("".join(f"box{n}@{DOMAIN}:{_PASSWORD_FIELD}\n" for n in range(1, 400)))
    if introspection_url:
        (folder / "tokens.conf").write_text(
            f"introspection_mode = get\nintrospection_url = {introspection_url}\n"
            "username_attribute = username\nactive_attribute = active\nactive_value = true\n"
        )
    text = _CONFIGURATION.format(
        folder=folder,
        user=user,
        group=group,
        port=server.port,
        tls_port=server.tls_port,
        chain=server.certificates.chain,
        key=server.certificates.key,
        mechanisms="xoauth2" if introspection_url else "",
        tokens=_TOKENS.format(folder=folder) if introspection_url else "",
    )
    (folder / "dovecot.conf").write_text(text)
    if server.owner is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, *server.owner)


def _wait_until_ready(server: Dovecot) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            with socket.create_connection(("127.0.0.1", server.port), timeout=5) as line:
                if line.recv(4).startswith(b"* OK"):
                    return
        except OSError:
            pass
        if time.monotonic() > deadline:
            errors = (server.folder / "errors").read_text(errors="replace")
            raise AssertionError(f"dovecot did not start: {errors}{server.log()[-2000:]}")
        time.sleep(0.05)
