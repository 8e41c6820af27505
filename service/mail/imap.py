"""Reading one mailbox over IMAP (RFC 3501): log in, list what is new, fetch it unseen, remove what was dealt with.

Blocking, for a thread of its own. The standard library's client speaks; here are its time-outs, bounds and errors.
"""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from types import TracebackType

from service.errors import NurtureError
from service.mail.imap_answers import MOST_BYTES, Letter, Listed, items, listed
from service.mail.mailbox_url import MailboxUrl
from service.mail.oauth import AccessTokens, TokenError

SECONDS = 30.0

_CODE = re.compile(r"\[([A-Z-]+)[^\]]*\]")
_PASSES = {"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"}  # RFC 5530: the log-in itself is not at fault


class MailboxError(NurtureError):
    """The mailbox cannot be read now. `lasting`: somebody has to mend it (log-in, certificate, folder)."""

    code, status = "mailbox-unreachable", 503

    def __init__(self, english: str, *, lasting: bool) -> None:
        super().__init__(english)
        self.lasting = lasting


class UnreadableError(NurtureError):
    """The server does not give this one mail."""

    code, status = "mail-unreadable", 502


class Tokens:
    """Access tokens for a thread without an event loop: keeps one for them."""

    def __init__(self, mailbox: MailboxUrl) -> None:
        self._tokens = AccessTokens(mailbox.oauth) if mailbox.oauth is not None else None
        self._runner = asyncio.Runner()

    def token(self) -> str | None:
        """A token that holds for a while yet; None where the log-in is by password. Raises TokenError."""
        return self._runner.run(self._tokens.token()) if self._tokens is not None else None

    def forget(self, token: str) -> None:
        """The server refused this one: the next log-in asks anew."""
        if self._tokens is not None:
            self._tokens.forget(token)

    def close(self) -> None:
        """Let go of the loop."""
        self._runner.close()


class Connection:
    """A mailbox that is open; use it as a context manager. Every method raises MailboxError and nothing else.

    `validity` is the UIDVALIDITY: under another one, every UID means another mail (RFC 3501 section 2.3.1.1).
    """

    def __init__(self, mailbox: MailboxUrl, tokens: Tokens, *, seconds: float = SECONDS) -> None:
        self._mailbox = mailbox
        self._tokens = tokens
        self._seconds = seconds
        self._imap: imaplib.IMAP4 | None = None
        self._capabilities: frozenset[str] = frozenset()
        self._aborted = False
        self.validity = 0

    def __enter__(self) -> Connection:
        try:
            with self._faults():
                self._imap = self._connect()
                self._log_in(self._open)
                self._select(self._open)
        except BaseException:
            self._let_go()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is None and self._imap is not None:
            with contextlib.suppress(Exception):  # the work is done; a goodbye that fails changes nothing
                self._imap.logout()
        self._let_go()

    def abort(self) -> None:
        """End whatever goes on, from another thread: what waits there fails at once."""
        self._aborted = True
        if self._imap is not None:
            with contextlib.suppress(OSError):
                self._imap.sock.shutdown(socket.SHUT_RDWR)

    def newer(self, after: int) -> list[Listed]:
        """The mails with a UID above `after`, oldest first."""
        with self._faults():
            # Not SEARCH, which answers on one line of any length. `*` names the last one, even where it is older.
            kind, lines = self._open.uid("FETCH", f"{after + 1}:*", "(UID INTERNALDATE)")
            if kind != "OK":
                raise self._nonsense()
            found: dict[int, Listed] = {}
            for line in lines:
                each = listed(line)
                if each is not None and (each.arrived is not None or each.uid not in found):
                    found[each.uid] = each
        return [found[uid] for uid in sorted(found) if uid > after]

    def fetch(self, uid: int) -> Letter | None:
        """One mail, not marked as seen; None where it is gone. Raises UnreadableError where it cannot be had."""
        with self._faults():
            kind, lines = self._open.uid("FETCH", str(uid), f"(UID INTERNALDATE BODY.PEEK[]<0.{MOST_BYTES}>)")
        if kind != "OK":
            raise UnreadableError("the mail server does not give out one of its mails")
        for head, data in items(lines):
            about = listed(head)
            if about is not None and about.uid == uid and data is not None:
                return Letter(uid=uid, arrived=about.arrived, data=data)
        return None

    def remove(self, uids: Sequence[int]) -> None:
        """Take these away for good, and no others that somebody marked as deleted (RFC 4315 section 2.1)."""
        if not uids:
            return
        which = ",".join(map(str, uids))
        with self._faults():
            imap = self._open
            kind, _ = imap.uid("STORE", which, "+FLAGS.SILENT", r"(\Deleted)")
            if kind != "OK":
                raise self._refused("does not let mails be deleted; give the right to, or add keep=yes")
            if "UIDPLUS" in self._capabilities:
                imap.uid("EXPUNGE", which)
                return
            _, found = imap.uid("SEARCH", "DELETED")
            if found and found[0] is not None and {int(each) for each in found[0].split()} <= set(uids):
                imap.expunge()

    @property
    def _open(self) -> imaplib.IMAP4:
        if self._imap is None or self._aborted:
            raise self._lost()
        return self._imap

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        """What the client raises, as one plain sentence without anything of what was sent or read."""
        try:
            yield
        except NurtureError:
            raise
        except ssl.SSLCertVerificationError as error:
            raise self._refused("shows a certificate that cannot be verified") from error
        except ssl.SSLError as error:
            raise self._refused("could not agree on TLS with us") from error
        except imaplib.IMAP4.readonly as error:
            raise self._refused("lets the folder be read only; give the right to delete, or add keep=yes") from error
        except socket.gaierror as error:
            raise self._away("could not be found by its name") from error
        except ConnectionRefusedError as error:
            raise self._away(f"refused the connection to port {self._mailbox.port}") from error
        except (imaplib.IMAP4.abort, OSError, EOFError) as error:
            raise self._lost() from error
        except Exception as error:  # the client trusts its server, and fails in many ways where that talks nonsense
            raise self._nonsense() from error

    def _connect(self) -> imaplib.IMAP4:
        box = self._mailbox
        if box.tls == "none":
            return imaplib.IMAP4(box.host, box.port, timeout=self._seconds)
        context = ssl.create_default_context(cafile=str(box.ca) if box.ca is not None else None)
        if box.tls == "implicit":
            return imaplib.IMAP4_SSL(box.host, box.port, ssl_context=context, timeout=self._seconds)
        imap = imaplib.IMAP4(box.host, box.port, timeout=self._seconds)
        try:
            self._secure(imap, context)
        except BaseException:
            with contextlib.suppress(OSError):
                imap.shutdown()
            raise
        return imap

    def _secure(self, imap: imaplib.IMAP4, context: ssl.SSLContext) -> None:
        """STARTTLS, and never plain text instead."""
        if "STARTTLS" not in imap.capabilities:
            raise self._refused("offers no STARTTLS; write imaps:// where it has TLS from the first byte")
        imap.starttls(ssl_context=context)

    def _log_in(self, imap: imaplib.IMAP4) -> None:
        box = self._mailbox
        try:
            token = self._tokens.token()
        except TokenError as error:
            raise MailboxError(error.english, lasting=error.lasting) from error
        try:
            if token is not None:
                said = f"user={box.user}\x01auth=Bearer {token}\x01\x01".encode()
                # A refusal is told in JSON first, and wants an empty answer.
                steps = iter((said, b""))
                imap.authenticate("XOAUTH2", lambda _: next(steps, b""))
            elif "AUTH=PLAIN" in imap.capabilities:
                imap.authenticate("PLAIN", lambda _: f"\0{box.user}\0{box.password}".encode())  # RFC 4616
            elif "LOGINDISABLED" in imap.capabilities or not (box.user + box.password).isascii():
                raise self._refused("offers no log-in that we know (PLAIN)")
            else:
                imap.login(_quoted(box.user), box.password)
        except (imaplib.IMAP4.abort, OSError):
            raise
        except imaplib.IMAP4.error as error:
            if token is not None:
                self._tokens.forget(token)
            code = _CODE.search(str(error))
            if code is not None and code[1] in _PASSES:
                raise MailboxError(f"The mail server {box.host} takes no log-in just now.", lasting=False) from error
            raise self._refused("refused the log-in") from error
        kind, lines = imap.capability()  # more are offered to who is known
        words = b" ".join(line for line in lines if isinstance(line, bytes)) if kind == "OK" else b""
        self._capabilities = frozenset(words.decode("ascii", "replace").upper().split())

    def _select(self, imap: imaplib.IMAP4) -> None:
        kind, _ = imap.select(_quoted(self._mailbox.folder), readonly=self._mailbox.keep)
        if kind != "OK":
            raise self._refused("has no folder of that name for us")
        _, (validity, *_rest) = imap.response("UIDVALIDITY")
        if validity is None:
            raise self._nonsense()
        self.validity = int(validity)

    def _let_go(self) -> None:
        if self._imap is not None:
            with contextlib.suppress(Exception):
                self._imap.shutdown()
            self._imap = None

    def _refused(self, what: str) -> MailboxError:
        return MailboxError(f"The mail server {self._mailbox.host} {what}.", lasting=True)

    def _away(self, what: str) -> MailboxError:
        return MailboxError(f"The mail server {self._mailbox.host} {what}.", lasting=False)

    def _lost(self) -> MailboxError:
        return self._away("did not answer, or was lost")

    def _nonsense(self) -> MailboxError:
        return self._away("did not answer as an IMAP server")


def check(mailbox: MailboxUrl) -> str | None:
    """None when the mailbox can be read now, else what is in the way, a sentence without secrets; changes nothing."""
    tokens = Tokens(mailbox)
    try:
        with Connection(mailbox, tokens):
            return None
    except MailboxError as error:
        return error.english
    finally:
        tokens.close()


def _quoted(text: str) -> str:
    """A quoted string (RFC 3501 section 4.3)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
