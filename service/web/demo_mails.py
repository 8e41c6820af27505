"""The demo's mailboxes: what the file transport wrote, read back as a mail program would."""

from __future__ import annotations

import email
import email.policy
import email.utils
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

_LINK = re.compile(r"https?://[^\s<>\"]+")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True, kw_only=True)
class DemoMail:
    """One mail as it arrived. `links` are those of the text part, `named_links` (words, URL) those of the HTML."""

    id: str
    to: str
    subject: str
    date: datetime
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    links: tuple[str, ...]
    named_links: tuple[tuple[str, str], ...]
    source: str


def read_all(folder: Path | None) -> list[DemoMail]:
    """Every mail, oldest first: the names of the files sort so."""
    paths = sorted(folder.glob("*.eml")) if folder is not None and folder.is_dir() else []
    return [_read(path) for path in paths]


def read(folder: Path | None, mail_id: str) -> DemoMail | None:
    """The mail with this id."""
    path = folder / f"{mail_id}.eml" if folder is not None and _NAME.fullmatch(mail_id) else None
    return _read(path) if path is not None and path.is_file() else None


@lru_cache(maxsize=1024)
def _read(path: Path) -> DemoMail:
    """Kept, since a mail that arrived never changes."""
    data = path.read_bytes()
    mail = email.message_from_bytes(data, policy=email.policy.default)
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    text = str(plain.get_content()) if plain else ""
    page = str(html.get_content()) if html else ""
    anchors = _Anchors()
    anchors.feed(page)
    return DemoMail(
        id=path.stem,
        to=email.utils.parseaddr(str(mail["To"]))[1],
        subject=str(mail["Subject"]),
        date=_date(str(mail["Date"])),
        text=text,
        html=page,
        headers=tuple((name, str(value)) for name, value in mail.items()),
        links=tuple(dict.fromkeys(_LINK.findall(text))),
        named_links=tuple(anchors.found.items()),
        source=data.decode("utf-8", "replace"),
    )


def _date(written: str) -> datetime:
    found = email.utils.parsedate_to_datetime(written)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class _Anchors(HTMLParser):
    """The words and the target of each link; of one that stands there twice under the same words, once."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._href = ""
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A link begins."""
        if tag == "a":
            self._href = dict(attrs).get("href") or ""
            self._words = []

    def handle_data(self, data: str) -> None:
        """Words, of the link if there is one."""
        self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        """A link ends."""
        words = " ".join("".join(self._words).split())
        if tag == "a" and words and self._href.startswith(("http://", "https://")):
            self.found.setdefault(words, self._href)
